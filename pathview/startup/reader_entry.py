"""What a manifest says of a reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pathview.core.plugins.kind import Kind
from pathview.slides.plugin_reader import ReaderSource
from pathview.startup.card_fields import inside
from pathview.startup.plugin_entry import entry_defects, no_table

_KEYS = {"name", "title", "description", "endings", "magic", "factory", "sample"}
_ENDING = re.compile(r"(\.[a-z0-9_-]+)+")
_LONGEST_MAGIC = 64


def read_reader(folder: Path, entry: object, defects: list[str]) -> ReaderSource | None:
    """Return the reader of a ``[[reader]]`` table, or None where there is a defect.

    Parameters
    ----------
    folder
        Where the manifest lies.
    entry
        The table.
    defects
        Takes what is wrong, in words that say what to write instead.
    """
    if not isinstance(entry, Mapping):
        defects.append(no_table(Kind.READER))
        return None
    found = entry_defects(entry, _KEYS, "factory")
    name, factory = entry.get("name"), entry.get("factory")
    endings, magic = _endings(entry, found), _magic(entry, found)
    if not endings and not magic and not found:
        found.append('"endings" or "magic" must say which files it takes, such as [".abc"]')
    sample = None
    if "sample" in entry and (sample := inside(folder, entry["sample"])) is None:
        found.append(f'"sample": there is no {entry["sample"]!r} in the folder')
    defects += [f"reader {name}: {defect}" for defect in found]
    if found:
        return None
    title = str(entry.get("title", ""))
    return ReaderSource(str(name), folder, str(factory), endings, magic, title, sample)


def _endings(entry: Mapping[str, Any], found: list[str]) -> tuple[str, ...]:
    endings = entry.get("endings", [])
    if not isinstance(endings, list) or not all(isinstance(e, str) and _ENDING.fullmatch(e) for e in endings):
        found.append('"endings" must be a list of endings in lower case with their dots, such as [".abc"]')
        return ()
    return tuple(endings)


def _magic(entry: Mapping[str, Any], found: list[str]) -> tuple[bytes, ...]:
    words = entry.get("magic", [])
    try:
        magic = tuple(bytes.fromhex(word) for word in words)
        if isinstance(words, list) and all(1 <= len(one) <= _LONGEST_MAGIC for one in magic):
            return magic
    except (TypeError, ValueError):
        pass
    found.append('"magic" must be a list of first bytes in hexadecimal, such as ["49 49 2a 00"]')
    return ()
