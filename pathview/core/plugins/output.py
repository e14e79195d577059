"""What a process of plugins prints: line by line into the log, and no more of it than a log can hold."""

from __future__ import annotations

import logging
from collections.abc import Callable

_MOST_BYTES = 1 << 20
_LONGEST_LINE = 2000


def log_output(read: Callable[[], bytes], log: logging.Logger, who: str) -> None:
    """Log what is printed until there is no more.

    Parameters
    ----------
    read
        Waits for bytes and returns them; b"" at the end.
    log
        Gets the lines.
    who
        Goes before each of them.
    """
    left, rest = _MOST_BYTES, b""
    while data := read():
        # What is too much is read all the same: a child must not wait for room to print.
        if left <= 0:
            continue
        *lines, rest = (rest + data).split(b"\n")
        rest = rest[-_LONGEST_LINE:]
        left -= len(data)
        for line in lines:
            _tell(line, log, who)
        if left <= 0:
            log.warning("The process of %s prints more than %d bytes; the rest is left out", who, _MOST_BYTES)
    _tell(rest, log, who)


def _tell(line: bytes, log: logging.Logger, who: str) -> None:
    # Control characters could rewrite a terminal, or forge a line of the log.
    text = "".join(c if c.isprintable() else " " for c in line[:_LONGEST_LINE].decode("utf-8", "replace"))
    if text.strip():
        log.info("%s: %s", who, text.rstrip())
