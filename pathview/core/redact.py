"""Text that may be passed on: without paths, addresses, file names and what may speak of a patient."""

from __future__ import annotations

import re
from collections.abc import Iterable

TELLING = r"accession|barcode|birth|patient|physician|label[ _.-]?(?:text|id)|slide[ _]?(?:id|label)"
"""Words (a regular expression) that announce something about the label or about who lies on the slide."""

_FILES = (
    r"\.(?:svs|svslide|tiff?|ndpi|mrxs|scn|bif|vms|vmu|dcm|czi|zarr|zip|png|jpe?g|bmp|webp|geojson|json|csv"
    r"|toml|sqlite|py)\b(?![\\/.\w])"
)
# A path may hold spaces, and nothing says where it ends: at the end of a file name, or of the clause.
_START = r"(?<![\w<.])(?:[A-Za-z]:[\\/]|\\\\|~?/)(?=[^\s/])"
_END = r"(?=: |, | \(|; |[\"'<>|\n]|$)"
_PATH = re.compile(rf"{_START}[^\n\"'<>|]*?(?:{_FILES}|{_END})", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.]{1,8}://[^\s\"'<>|]+", re.IGNORECASE)
_NAME = re.compile(rf"[^\s\\/:\"'<>|]+{_FILES}", re.IGNORECASE)
_OURS = re.compile(r"(?:pathview|plugins)(?:[\\/]\w+)+\.py$")
_SUFFIX = re.compile(r"\.[A-Za-z]{2,8}$")
_TELLING = re.compile(TELLING, re.IGNORECASE)


def redacted(text: str, names: Iterable[str] = ()) -> str:
    """Return `text` without what may name a person, a place or a case.

    Lines with a word of `TELLING` go as a whole. Paths, addresses and file names become "<path>", "<address>"
    and "<file>" with their suffix; the program's own source files stay, for the sake of tracebacks.

    Parameters
    ----------
    names
        What else is known to be a name, such as those of the slides opened lately: they may hold spaces.
    """
    kept = "\n".join("[left out]" if _TELLING.search(line) else line for line in text.splitlines())
    kept = _ADDRESS.sub(lambda found: "<address>" + _suffix(found[0]), kept)
    kept = _PATH.sub(_path, kept)
    for name in sorted({name for name in names if len(name) > 3}, key=len, reverse=True):
        kept = kept.replace(name, "<file>" + _suffix(name))
    return _NAME.sub(lambda found: found[0] if _is_ours(found[0]) else "<file>" + _suffix(found[0]), kept)


def _path(found: re.Match[str]) -> str:
    ours = _OURS.search(found[0])
    return ours[0].replace("\\", "/") if ours else "<path>" + _suffix(found[0])


def _is_ours(name: str) -> bool:
    return name.lower().endswith(".py") or name.startswith("<")


def _suffix(name: str) -> str:
    found = _SUFFIX.search(name)
    return found[0].lower() if found else ""
