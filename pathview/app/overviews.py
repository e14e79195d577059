"""Build the coarse levels that the open slide lacks, while it is already being looked at."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from pathview.slides.slide import Slide

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_log = logging.getLogger(__name__)


class Overviews:
    """One build at a time, for the open slide; main thread only.

    Parameters
    ----------
    workspace
        Whose slide it is; told when there is something better to show.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._cancelled = threading.Event()
        self._building = False

    def begin(self, slide: Slide) -> None:
        """Build in the background what `slide` lacks, if anything, and say how far it is."""
        if not slide.overview_missing:
            return
        self._cancelled = cancelled = threading.Event()
        self._building = True
        said = -1

        def tell(share: float) -> None:
            nonlocal said
            percent = int(100 * share)
            if percent != said:
                said = percent
                self._workspace.inbox.post(lambda: self._say(cancelled, f"Building overview … {percent} %"))

        self._workspace.background.run(
            lambda: slide.build_overview(tell, cancelled.is_set),
            lambda _: self._done(cancelled),
            lambda error: self._failed(cancelled, slide, error),
        )

    def cancel(self) -> None:
        """End the build that is under way, if any; what it has written is removed."""
        self._cancelled.set()
        if self._building:
            self._building = False
            self._workspace.busy.emit("")

    def _say(self, cancelled: threading.Event, text: str) -> None:
        # A slide that has been closed since has nothing to say any more.
        if not cancelled.is_set():
            self._workspace.busy.emit(text)

    def _end(self, cancelled: threading.Event) -> bool:
        """Tell whether this build was still wanted."""
        self._say(cancelled, "")
        if cancelled.is_set():
            return False
        self._building = False
        return True

    def _done(self, cancelled: threading.Event) -> None:
        if self._end(cancelled):
            self._workspace.stale.emit()

    def _failed(self, cancelled: threading.Event, slide: Slide, error: Exception) -> None:
        # Nothing is lost but speed, and damaged places are hatched where they lie.
        if self._end(cancelled):
            _log.warning("no overview of %s: %s", slide.info.path, error)
