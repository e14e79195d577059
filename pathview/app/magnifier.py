"""The lens that follows the cursor: whether there is one, what it shows and where."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from pathview.app.canvas_input import CanvasInput
from pathview.app.open_slide import Pane
from pathview.app.workspace import Workspace
from pathview.view.arrangement import Area
from pathview.view.magnifier import Power, lens
from pathview.view.viewport import Viewport

EDGE = 280
"""Width and height of the lens, logical pixels."""


class Glass(NamedTuple):
    """The lens as it lies on the canvas now.

    Attributes
    ----------
    pane
        Whose slide it magnifies.
    viewport
        What it shows.
    area
        Where it lies, physical pixels of the canvas.
    clip
        The part of that in its pane.
    factor
        How many times larger than the pane it shows the slide.
    """

    pane: Pane
    viewport: Viewport
    area: Area
    clip: Area
    factor: float


class Magnifier(QObject):
    """There while its key is held or it is switched on, and the cursor is over a slide; main thread only.

    Parameters
    ----------
    workspace
        Whose panes are magnified.
    hands
        Where the cursor is.
    """

    changed = Signal()
    """It came, went, moved, or shows the slide at another magnification."""

    def __init__(self, workspace: Workspace, hands: CanvasInput) -> None:
        super().__init__(hands)
        self._workspace = workspace
        self._hands = hands
        self._held = self._fixed = False
        self._power: Power = "2x"
        self._told: tuple[object, ...] | None = None
        hands.cursor_moved.connect(lambda *_: self._tell())

    @property
    def held(self) -> bool:
        """Whether it is there for as long as a key is held."""
        return self._held

    def hold(self, on: bool) -> None:
        """Have it, or do not, while a key is held."""
        self._held = on
        self._tell()

    def switch(self, on: bool) -> None:
        """Have it until it is switched off again."""
        self._fixed = on
        self._tell()

    def magnify(self, power: Power) -> None:
        """Show the slide that much larger."""
        self._power = power
        self._tell()

    def glass(self) -> Glass | None:
        """Return the lens as it lies now; None while there is none."""
        at, panes = self._hands.cursor, self._workspace.panes
        if at is None or not (self._held or self._fixed):
            return None
        pane = panes.at(*at)
        if pane is None or pane.slide is None:
            return None
        area = panes.area(pane)
        # Where another slide is laid over this one, that one is magnified, up to the divider.
        laid = ((one, clip or area) for one, clip in self._workspace.comparison.laid(pane, area))
        pane, part = next((one, clip) for one, clip in laid if clip.holds(*at))
        edge = round(EDGE * self._hands.ratio)
        found = lens(pane.state.viewport.snapped(), (at[0] - area.x, at[1] - area.y), edge, self._power)
        place = Area(area.x + found.left, area.y + found.top, edge, edge)
        return Glass(pane, found.viewport, place, place.common(part), found.factor)

    def _tell(self) -> None:
        # The cursor is told anew after each frame, also where it rests.
        glass = self.glass()
        # Not by the pane: what is laid over another has none of its own, and is made anew each time.
        news = None if glass is None else (glass.pane.slide, *glass[1:])
        if news != self._told:
            self._told = news
            self.changed.emit()
