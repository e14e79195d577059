"""What the command palette lists, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pathview.view.matching import Quality, match


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One thing that can be done.

    Attributes
    ----------
    key
        Its name, for what was used lately.
    text
        What it is called.
    path
        The menu it is in, or the folder of a slide.
    run
        Does it.
    keys
        Its shortcut as it is shown, or "".
    reason
        Why it cannot be done now ("needs a slide"); "" where it can.
    ticked
        Whether it is on, or the one in use.
    """

    key: str
    text: str
    path: str
    run: Callable[[], object]
    keys: str = ""
    reason: str = ""
    ticked: bool = False


class Hit(NamedTuple):
    """An entry that fits, and where the typed letters are in its text and in its path."""

    entry: PaletteEntry
    text_marks: tuple[int, ...]
    path_marks: tuple[int, ...]


def ranked(typed: str, entries: Iterable[PaletteEntry], recent: Sequence[str]) -> list[Hit]:
    """Return the entries that fit `typed`, the likeliest first.

    A beginning of the text comes before words in it, those before scattered letters, and what only text and
    path together hold, word by word, comes last. Within each of these, what can be done now comes before what
    cannot, what was used lately before the rest, and then the closer fit.

    Parameters
    ----------
    typed
        What the user has typed; nothing fits everything.
    entries
        In the order of the menus, which is kept where nothing else decides.
    recent
        Keys of entries used lately, newest first.
    """
    ages = {key: age for age, key in reversed(list(enumerate(recent)))}
    found = []
    for place, entry in enumerate(entries):
        hit, rank = _fit(typed, entry)
        if hit is not None:
            age = ages.get(entry.key, len(ages))
            found.append((rank[0], bool(entry.reason), age, rank[1], place, hit))
    found.sort(key=lambda item: item[:5])
    return [item[5] for item in found]


def _fit(typed: str, entry: PaletteEntry) -> tuple[Hit | None, tuple[int, tuple[int, int, int]]]:
    direct = match(typed, entry.text)
    if direct is not None:
        return Hit(entry, direct.marks, ()), (direct.quality, direct.cost)
    for first, second, swapped in ((entry.path, entry.text, False), (entry.text, entry.path, True)):
        both = match(typed, f"{first} {second}")
        # Letters scattered over both would find nearly everything.
        if both is not None and both.quality < Quality.SCATTERED:
            early = tuple(mark for mark in both.marks if mark < len(first))
            late = tuple(mark - len(first) - 1 for mark in both.marks if mark > len(first))
            # Behind every quality that a text can have alone.
            rank = (10 + both.quality, both.cost)
            return (Hit(entry, early, late) if swapped else Hit(entry, late, early)), rank
    return None, (0, (0, 0, 0))
