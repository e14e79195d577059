"""The window's start: the slide is being opened while the libraries of the window load."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pathview.app.memory import collect_later
from pathview.core.place import Place, place_of
from pathview.startup.offer import offer_readers

if TYPE_CHECKING:
    from pathview.slides.slide import Slide


class EarlyOpening:
    """A slide that is being opened on a thread of its own.

    Parameters
    ----------
    place
        Where it is.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._slide: Slide | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._open, name="first-slide", daemon=True)
        self._thread.start()

    def result(self) -> Slide:
        """Wait for the slide and return it; any thread but the main one, once.

        Raises
        ------
        SlideOpenError
            As `pathview.slides.open.open_slide`.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._slide is not None
        return self._slide

    def _open(self) -> None:
        try:
            # On this thread, as all that it needs: meanwhile the other one loads what the window needs.
            from pathview.slides.open import open_slide

            self._slide = open_slide(self.place)
        except Exception as error:  # noqa: BLE001 - raised again for whoever asks for the slide
            self._error = error


def run(arguments: list[str]) -> int:
    """Open the window and return the exit code when it has closed.

    Parameters
    ----------
    arguments
        Slide files and options, without the program's name.
    """
    options = _parse(arguments)
    collect_later()
    offer_readers()
    opening = EarlyOpening(options.slides[0]) if options.slides else None
    # Only now: it loads Qt, and the slide need not wait for that.
    from pathview.app.application import run_window

    return run_window(options, opening)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("pathview", description="Open whole-slide images in a window.")
    parser.add_argument("slides", nargs="*", type=place_of, metavar="SLIDE")
    parser.add_argument("--heatmap", type=Path, metavar="ZARR", help="show what `pathview run` left there")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="for this start only")
    parser.add_argument("--size", type=_size, metavar="WxH", help="window size in logical pixels")
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="PNG",
        help="save a picture of the window when it is sharp, then quit",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say more on stderr")
    return parser.parse_args(arguments)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)
