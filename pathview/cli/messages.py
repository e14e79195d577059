"""What the command line says to people, on stderr, and how it prints data for programs."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any


def say(text: str) -> None:
    """Print one message to stderr, on one line whatever is in it."""
    print(f"pathview: {' '.join(text.splitlines())}", file=sys.stderr)


def as_json_text(value: Any) -> str:
    """Return `value` as JSON text; numbers that JSON does not know, NaN and infinities, become null."""
    return json.dumps(_known(value), indent=2, ensure_ascii=False, allow_nan=False)


def _known(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_known(inner) for inner in value]
    return value


class ProgressLine:
    """One line on a terminal that is written over; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the line by `text`."""
        if self._on:
            print(f"\r{text.ljust(self._width)}", end="", file=sys.stderr, flush=True)
            self._width = len(text)

    def clear(self) -> None:
        """Leave an empty line behind."""
        if self._on and self._width:
            print(f"\r{' ' * self._width}\r", end="", file=sys.stderr, flush=True)
            self._width = 0
