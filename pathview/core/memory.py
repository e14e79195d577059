"""How much memory a process takes, and how much a model may take."""

from __future__ import annotations

import os
from pathlib import Path

_SHARE = 0.75


def resident_bytes(pid: int) -> int | None:
    """Return the memory that a process holds, or None where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def default_cap() -> int | None:
    """Return what a model's process may take: three quarters of the machine's memory, or None if unknown."""
    try:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _SHARE)
    except (AttributeError, OSError, ValueError):
        return None
