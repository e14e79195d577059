"""Logging: everything under the name "pathview", and the last records kept for the log dock."""

from __future__ import annotations

import logging
import sys
from collections import deque

RECENT: deque[str] = deque(maxlen=2000)
"""The newest formatted records, oldest first."""


class _Ring(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        RECENT.append(self.format(record))


def set_up(verbose: bool = False) -> None:
    """Send the program's messages to stderr and to `RECENT`; calling it again changes only the level."""
    logger = logging.getLogger("pathview")
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    # It has a word to say about each odd tag; what matters of it is in the errors that we raise.
    logging.getLogger("tifffile").setLevel(logging.NOTSET if verbose else logging.CRITICAL)
    if logger.handlers:
        return
    layout = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setLevel(logging.DEBUG if verbose else logging.WARNING)
    for handler in (_Ring(), stderr):
        handler.setFormatter(layout)
        logger.addHandler(handler)
