"""Follows what is on the screen and keeps which parts of the slide were looked at, for this reader alone."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from pathview.app.open_slide import OpenSlide, Pane
from pathview.core.errors import PathViewError
from pathview.core.region import downsample_for
from pathview.tiles.source import TileSource
from pathview.view.coverage import TICK_S, Coverage, Gaze, packed
from pathview.view.viewport import Viewport

if TYPE_CHECKING:
    from pathview.app.canvas_widget import CanvasWidget
    from pathview.app.workspace import Workspace
    from pathview.startup.settings import Settings
    from pathview.study.session import Session

_log = logging.getLogger(__name__)
_KEEP_AFTER_MS = 15_000
# The downsample that stands for 1 um/px where nobody knows the slide's pixel size.
_AT_ONE_UM = 4.0


@dataclass(slots=True)
class _Watch:
    """What is known of one open slide."""

    session: Session
    coverage: Coverage
    news: int = 0
    kept: int = 0  # up to which of the news


class Reading(QObject):
    """Owner of the read coverage of the open slides; looks only while something moves, main thread only.

    Parameters
    ----------
    workspace
        Whose slides they are.
    canvas
        What shows them.
    parent
        Owner.
    """

    changed = Signal()
    """More of the slide was looked at, or another slide is open, or it is judged otherwise."""

    def __init__(self, workspace: Workspace, canvas: CanvasWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._canvas = canvas
        self._watches: dict[str, _Watch] = {}  # by fingerprint
        self._gazes: dict[Pane, Gaze] = {}
        self._timer = QTimer(self, interval=round(1000 * TICK_S))
        self._timer.timeout.connect(self._tick)
        self._keep_later = QTimer(self, singleShot=True, interval=_KEEP_AFTER_MS)
        self._keep_later.timeout.connect(self._keep_all)
        canvas.installEventFilter(self)
        workspace.slide_closed.connect(self._on_closed)
        workspace.slide_changed.connect(lambda _: self.changed.emit())
        workspace.scale_changed.connect(lambda: self.changed.emit())
        workspace.view.changed.connect(lambda *_: self._look())
        workspace.panes.state_changed.connect(lambda _: self._look())
        workspace.panes.changed.connect(self._look)

    @property
    def coverage(self) -> Coverage | None:
        """What of the slide in the active pane was looked at; None without a slide."""
        slide = self._workspace.slide
        return None if slide is None else self._watch(slide).coverage

    @property
    def limit(self) -> float:
        """The downsample at which a place must have been looked at to count as seen."""
        session, limit_um = self._workspace.session, self._workspace.settings.coverage_um
        mpp = None if session is None else session.slide.info.mpp
        return downsample_for(limit_um, mpp) or _AT_ONE_UM * limit_um

    def show(self, on: bool) -> None:
        """Shade in the overview what was not looked at, or do not."""
        self._set(replace(self._workspace.settings, show_coverage=on))

    def judge_at(self, limit_um: float) -> None:
        """Count as seen what was looked at at `limit_um` um per screen pixel or closer."""
        self._set(replace(self._workspace.settings, coverage_um=limit_um))

    def reset(self) -> None:
        """Forget what was looked at on this slide, here and in the study."""
        slide = self._workspace.slide
        if slide is not None:
            watch = self._watch(slide)
            watch.coverage.reset()
            watch.news += 1
            self._gazes.clear()
            self._keep(watch)
            self.changed.emit()

    def _set(self, settings: Settings) -> None:
        if settings != self._workspace.settings:
            self._workspace.settings = settings
            self._workspace.settings_changed.emit()
            self.changed.emit()

    # what is on the screen -------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look again when the canvas comes back into sight."""
        if event.type() == QEvent.Type.Show:
            self._look()
        return False

    def _look(self) -> None:
        if not self._timer.isActive() and any(pane.slide for pane in self._workspace.panes.shown):
            self._timer.start()

    def _tick(self) -> None:
        shown = {pane: pane.slide for pane in self._workspace.panes.shown if pane.slide is not None}
        self._gazes = {pane: self._gazes.get(pane) or Gaze() for pane in shown}
        if not shown or not self._in_sight():
            self._timer.stop()
            self._gazes.clear()
            return
        news = [slide for pane, slide in shown.items() if self._seen(pane, slide, self._gazes[pane])]
        if self._workspace.slide in news:
            self.changed.emit()
        if all(gaze.resting() for gaze in self._gazes.values()):
            self._timer.stop()

    def _seen(self, pane: Pane, slide: OpenSlide, gaze: Gaze) -> bool:
        """Note what a pane shows now, and tell whether any of it is news."""
        viewport, active = pane.state.viewport, self._workspace.panes.active
        covered = self._workspace.comparison.going and pane is active
        if covered or not self._sharp(slide.tiles, viewport):
            # A blurred stand-in is not the tissue, nor is another slide that is laid over it.
            gaze.lose()
            return False
        views, watch = gaze.look(viewport, time.monotonic()), self._watch(slide)
        if not views or not watch.coverage.mark(views):
            return False
        watch.news += 1
        if not self._keep_later.isActive():
            self._keep_later.start()
        return True

    def _in_sight(self) -> bool:
        return self._canvas.isVisible() and not self._canvas.window().isMinimized()

    def _sharp(self, source: TileSource, viewport: Viewport) -> bool:
        resident = self._canvas.canvas.resident(source)
        failed = self._workspace.loader.failures(source)
        level = source.pyramid.level_for(viewport.downsample)
        return all(key in resident or key in failed for key in source.pyramid.cover(viewport.box(), level))

    # what is kept ----------------------------------------------------
    def _watch(self, slide: OpenSlide) -> _Watch:
        fingerprint = slide.session.slide.info.fingerprint
        if fingerprint not in self._watches:
            self._watches[fingerprint] = _Watch(slide.session, self._stored(slide.session))
        return self._watches[fingerprint]

    def _on_closed(self, slide: OpenSlide) -> None:
        fingerprint = slide.session.slide.info.fingerprint
        watch = self._watches.get(fingerprint)
        if watch is not None:
            self._keep(watch)
        # The same slide may be open a second time, from another place.
        others = (other for other in self._workspace.slides if other is not slide)
        if all(other.session.slide.info.fingerprint != fingerprint for other in others):
            self._watches.pop(fingerprint, None)

    def _stored(self, session: Session) -> Coverage:
        coverage = Coverage(session.slide.info.size)
        try:
            kept = self._workspace.study.coverage(session.slide.info.fingerprint)
            if kept is not None:
                coverage.restore(kept)
        except (PathViewError, ValueError) as error:
            _log.warning("what was looked at on %s is not known: %s", session.slide.info.path.name, error)
        return coverage

    def _keep_all(self) -> None:
        for watch in self._watches.values():
            if watch.kept < watch.news and not watch.session.read_only:
                self._keep_aside(watch)

    def _keep_aside(self, watch: _Watch) -> None:
        # One looks around just now: a step of 40 ms would be felt.
        grid, news = watch.coverage.copy(), watch.news

        def done(value: bytes) -> None:
            if watch.kept < news:  # else the slide was closed meanwhile
                self._store(watch, value, news)

        def failed(error: Exception) -> None:
            _log.error("what was looked at could not be packed", exc_info=error)

        self._workspace.background.run(lambda: packed(grid), done, failed)

    def _keep(self, watch: _Watch) -> None:
        if watch.kept < watch.news and not watch.session.read_only:
            coverage = watch.coverage
            self._store(watch, None if coverage.empty else coverage.to_bytes(), watch.news)

    def _store(self, watch: _Watch, value: bytes | None, news: int) -> None:
        watch.kept = news  # also if that fails: one message is enough
        try:
            self._workspace.study.set_coverage(watch.session.slide.info.fingerprint, value)
        except PathViewError as error:
            self._workspace.problem.emit("Cannot keep what was looked at", str(error))
