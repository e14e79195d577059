"""What the command line says to people, on stderr."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Print one message to stderr."""
    print(f"pathview: {text}", file=sys.stderr)


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
