"""Build the coarse levels that open slides lack, while they are already being looked at."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pathview.slides.slide import Slide

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Build:
    slide: Slide
    cancelled: threading.Event = field(default_factory=threading.Event)
    percent: int = -1


class Overviews:
    """One build at a time, slide after slide; main thread only.

    Parameters
    ----------
    workspace
        Whose slides they are; told when there is something better to show.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        # The first one is under way. One by one: opening slides needs background threads as well.
        self._builds: list[_Build] = []

    def begin(self, slide: Slide) -> None:
        """Build in the background what `slide` lacks, if anything, and say how far it is."""
        if slide.overview_missing:
            self._builds.append(_Build(slide))
            if len(self._builds) == 1:
                self._start(self._builds[0])

    def _start(self, build: _Build) -> None:
        def tell(share: float) -> None:
            percent = int(100 * share)
            if percent != build.percent:
                build.percent = percent
                self._workspace.inbox.post(lambda: self._say(build, f"Building overview … {percent} %"))

        self._workspace.background.run(
            lambda: build.slide.build_overview(tell, build.cancelled.is_set),
            lambda _: self._done(build),
            lambda error: self._failed(build, error),
        )

    def cancel(self, slide: Slide) -> None:
        """End the build of a slide, if there is any; what it has written is removed."""
        for number, build in enumerate(self._builds):
            if build.slide is slide:
                build.cancelled.set()
                del self._builds[number]
                if number == 0:
                    self._workspace.busy.emit("")
                    self._next()
                return

    def _next(self) -> None:
        if self._builds:
            self._start(self._builds[0])

    def _say(self, build: _Build, text: str) -> None:
        # A slide that has been closed since has nothing to say any more.
        if not build.cancelled.is_set():
            self._workspace.busy.emit(text)

    def _end(self, build: _Build) -> bool:
        """Tell whether this build was still wanted, and begin the next one."""
        self._say(build, "")
        if build.cancelled.is_set():
            return False
        self._builds.remove(build)
        self._next()
        return True

    def _done(self, build: _Build) -> None:
        if self._end(build):
            self._workspace.stale.emit()

    def _failed(self, build: _Build, error: Exception) -> None:
        # Nothing is lost but speed, and damaged places are hatched where they lie.
        if self._end(build):
            _log.warning("no overview of %s: %s", build.slide.info.path, error)
