"""Finding a command by a few of its letters."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Quality(IntEnum):
    """How well a text fits what was typed; smaller is better."""

    EXACT = 0
    PREFIX = 1
    WORDS = 2
    """Every letter begins a word or goes on from the letter before: "exsl" finds "Export whole slide"."""
    SCATTERED = 3


class Match(NamedTuple):
    """How a text fits.

    Attributes
    ----------
    quality
        In words.
    cost
        Finer than the quality: letters out of the blue, then breaks between letters, then the text's length.
    marks
        Where in the text the typed letters are, ascending.
    """

    quality: Quality
    cost: tuple[int, int, int]
    marks: tuple[int, ...]


class _Path(NamedTuple):
    loose: int
    breaks: int
    first: int
    marks: tuple[int, ...]


def match(typed: str, text: str) -> Match | None:
    """Return how well `text` holds the letters of `typed` in their order, or None where it does not.

    Neither case nor spaces matter. Of all ways to place the letters the one is taken that needs the fewest
    letters out of the blue (neither at the start of a word nor right behind the letter before), then the
    fewest breaks, then the earliest place. Nothing typed fits everything.
    """
    wanted = [letter.casefold() for letter in typed if not letter.isspace()]
    letters = [letter.casefold() for letter in text]
    best = _placed(wanted, letters)
    if best is None:
        return None
    cost = (best.loose, best.breaks, len(text) if wanted else 0)
    return Match(_quality(typed.strip().casefold(), text.casefold(), best), cost, best.marks)


def _quality(typed: str, text: str, best: _Path) -> Quality:
    if text == typed:
        return Quality.EXACT
    if text.startswith(typed):
        return Quality.PREFIX
    return Quality.SCATTERED if best.loose else Quality.WORDS


def _placed(wanted: list[str], letters: list[str]) -> _Path | None:
    if not wanted:
        return _Path(0, 0, 0, ())
    # By the place of the last letter placed so far: the best way to get there.
    ends: dict[int, _Path] = {}
    for number, letter in enumerate(wanted):
        reached: dict[int, _Path] = {}
        before: _Path | None = None
        for place, there in enumerate(letters):
            if there == letter:
                loose = not _starts_word(letters, place)
                ways = [] if number else [_Path(int(loose), 0, place, (place,))]
                if before is not None:
                    jumped = (before.loose + loose, before.breaks + 1, before.first)
                    ways.append(_Path(*jumped, (*before.marks, place)))
                if place - 1 in ends:
                    last = ends[place - 1]
                    ways.append(last._replace(marks=(*last.marks, place)))
                if ways:
                    reached[place] = min(ways)
            if place in ends:
                before = ends[place] if before is None else min(before, ends[place])
        ends = reached
    return min(ends.values(), default=None)


def _starts_word(letters: list[str], place: int) -> bool:
    return place == 0 or (letters[place].isalnum() and not letters[place - 1].isalnum())
