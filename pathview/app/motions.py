"""What moves the view smoothly: a timer that ticks only while something moves."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from pathview.view.motion import Motion
from pathview.view.viewport import Viewport

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_TICK_MS = 8
# After a frame that took longer, the view moves as if it had taken this: a jump looks worse than a wait.
_LONGEST_S = 0.1


class Motions(QObject):
    """Zooms, steps and throws the view of a workspace.

    Whoever else moves the view ends the motion: the newest wish wins.

    Parameters
    ----------
    workspace
        Whose view it is.
    parent
        Owner.
    """

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._motion = Motion()
        self._shown: Viewport | None = None
        self._ticked = 0.0
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)
        workspace.panes.leaving.connect(self.stop)

    @property
    def going(self) -> bool:
        """Whether the view is moving on its own."""
        return self._timer.isActive()

    def zoom(self, factor: float, at: tuple[float, float]) -> None:
        """Magnify by `factor`, or by as much as is allowed; the slide stays under the screen point `at`."""
        session = self._workspace.session
        if session is None:
            return
        viewport = self._now()
        wanted = replace(viewport, downsample=self._motion.zoom_goal(viewport) / factor)
        goal = wanted.clamped(session.slide.info.box).downsample
        self._show(self._motion.zoom(viewport, goal, at))

    def step(self, dx: float, dy: float) -> None:
        """Pan by screen pixels, as `Viewport.panned`; a held key speeds up."""
        if self._workspace.session is not None:
            self._show(self._motion.step(self._now(), (dx, dy), time.monotonic()))

    def throw(self, speed: tuple[float, float]) -> None:
        """Let the slide glide on with `speed`, screen pixels a second."""
        if self._workspace.settings.smooth:
            viewport = self._now()
            self._motion.throw(speed)
            self._show(viewport)

    def stop(self) -> None:
        """Stay where the view is."""
        self._motion.stop()
        self._timer.stop()

    def _now(self) -> Viewport:
        """Return the view; what somebody else has moved is not moved on."""
        viewport = self._workspace.view.state.viewport
        if viewport != self._shown:
            self.stop()
        return viewport

    def _show(self, viewport: Viewport) -> None:
        if not self._workspace.settings.smooth:
            while self._motion.going:
                viewport = self._motion.advance(viewport, _LONGEST_S)
        self._workspace.look(viewport)
        self._shown = self._workspace.view.state.viewport
        if not self._motion.going:
            self._timer.stop()
        elif not self._timer.isActive():
            self._ticked = time.monotonic()
            self._timer.start()

    def _tick(self) -> None:
        now = time.monotonic()
        passed, self._ticked = min(now - self._ticked, _LONGEST_S), now
        viewport = self._now()
        if self._workspace.session is None or not self._motion.going:
            self.stop()
            return
        self._show(self._motion.advance(viewport, passed))
