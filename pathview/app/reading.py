"""Follows what is on the screen and keeps which parts of the slide were looked at, for this reader alone."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from pathview.core.errors import PathViewError
from pathview.core.region import downsample_for
from pathview.view.coverage import TICK_S, Coverage, Gaze

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
    session: Session
    coverage: Coverage
    gaze: Gaze = field(default_factory=Gaze)
    dirty: bool = False


class Reading(QObject):
    """Owner of the read coverage of the open slide; looks only while something moves, main thread only.

    Parameters
    ----------
    workspace
        Whose slide it is.
    canvas
        What shows it.
    parent
        Owner.
    """

    changed = Signal()
    """More of the slide was looked at, or another slide is open, or it is judged otherwise."""

    def __init__(self, workspace: Workspace, canvas: CanvasWidget, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._canvas = canvas
        self._watch: _Watch | None = None
        self._timer = QTimer(self, interval=round(1000 * TICK_S))
        self._timer.timeout.connect(self._tick)
        self._keep_later = QTimer(self, singleShot=True, interval=_KEEP_AFTER_MS)
        self._keep_later.timeout.connect(self._keep)
        canvas.installEventFilter(self)
        workspace.slide_changed.connect(self._on_slide)
        workspace.scale_changed.connect(self._on_scale)
        workspace.view.changed.connect(self._on_view)

    @property
    def coverage(self) -> Coverage | None:
        """What of the open slide was looked at; None without a slide."""
        return None if self._watch is None else self._watch.coverage

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
        if self._watch is not None:
            self._watch.coverage.reset()
            self._watch.gaze.lose()
            self._watch.dirty = True
            self._keep()
            self.changed.emit()

    def _set(self, settings: Settings) -> None:
        if settings != self._workspace.settings:
            self._workspace.settings = settings
            self._workspace.settings_changed.emit()
            self.changed.emit()

    # what is on the screen -------------------------------------------
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look again when the canvas comes back into sight."""
        if event.type() == QEvent.Type.Show and self._watch is not None:
            self._timer.start()
        return False

    def _on_view(self, old: object, new: object) -> None:
        if self._watch is not None and not self._timer.isActive():
            self._timer.start()

    def _tick(self) -> None:
        watch = self._watch
        if watch is None or not self._in_sight():
            self._timer.stop()
            if watch is not None:
                watch.gaze.lose()
            return
        if not self._sharp():
            # A blurred stand-in is not the tissue.
            watch.gaze.lose()
            return
        views = watch.gaze.look(self._workspace.view.state.viewport, time.monotonic())
        if views and watch.coverage.mark(views):
            watch.dirty = True
            if not self._keep_later.isActive():
                self._keep_later.start()
            self.changed.emit()
        if watch.gaze.resting():
            self._timer.stop()

    def _in_sight(self) -> bool:
        return self._canvas.isVisible() and not self._canvas.window().isMinimized()

    def _sharp(self) -> bool:
        source, viewport = self._workspace.scene.slide_tiles, self._workspace.view.state.viewport
        if source is None:
            return False
        resident = self._canvas.canvas.resident(source)
        failed = self._workspace.loader.failures(source)
        level = source.pyramid.level_for(viewport.downsample)
        return all(key in resident or key in failed for key in source.pyramid.cover(viewport.box(), level))

    # what is kept ----------------------------------------------------
    def _on_slide(self, session: Session | None) -> None:
        self._keep()
        self._watch = None
        if session is None:
            self._timer.stop()
        else:
            self._watch = _Watch(session, self._stored(session))
            self._timer.start()
        self.changed.emit()

    def _on_scale(self) -> None:
        self.changed.emit()

    def _stored(self, session: Session) -> Coverage:
        coverage = Coverage(session.slide.info.size)
        try:
            kept = self._workspace.study.coverage(session.slide.info.fingerprint)
            if kept is not None:
                coverage.restore(kept)
        except (PathViewError, ValueError) as error:
            _log.warning("what was looked at on %s is not known: %s", session.slide.info.path.name, error)
        return coverage

    def _keep(self) -> None:
        self._keep_later.stop()
        watch = self._watch
        if watch is None or not watch.dirty or watch.session.read_only:
            return
        watch.dirty = False  # also if that fails: one message is enough
        value = None if watch.coverage.empty else watch.coverage.to_bytes()
        try:
            self._workspace.study.set_coverage(watch.session.slide.info.fingerprint, value)
        except PathViewError as error:
            self._workspace.problem.emit("Cannot keep what was looked at", str(error))
