"""What "Copy details" puts on the clipboard: enough for a report, nothing about people and places."""

from __future__ import annotations

import platform
from collections.abc import Iterable

import PySide6

import pathview
from pathview.core.log import RECENT
from pathview.core.redact import redacted

_LINES = 40


def problem_report(title: str, text: str, details: str, count: int, names: Iterable[str]) -> str:
    """Return the full text of a problem with the versions and the last messages of the log.

    Parameters
    ----------
    title, text, details
        What the card says, and what more is known (a traceback).
    count
        How often it came.
    names
        Names of slides, which are left out wherever they stand.
    """
    times = f" ({count} times)" if count > 1 else ""
    versions = (
        f"PathView {pathview.__version__}, Python {platform.python_version()}, Qt {PySide6.__version__}"
    )
    told = "\n\n".join(part for part in (text, details.strip()) if part)
    log = "\n".join(list(RECENT)[-_LINES:]) or "none"
    names = tuple(names)
    return (
        f"{redacted(title, names)}{times}\n{redacted(told, names)}\n\n"
        f"{versions}, {platform.platform()}\nPaths, addresses and names of files are left out.\n\n"
        f"Last messages:\n{redacted(log, names)}\n"
    )
