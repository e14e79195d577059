"""The views on the canvas: which slide each shows, where it lies, and which one is active."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from psygnal import Signal

from pathview.app.open_slide import OpenSlide, Pane
from pathview.view.arrangement import VIEWS, Area, Arrangement, Layout
from pathview.view.state import View, ViewState
from pathview.view.viewport import Viewport

_LARGER: dict[Layout, Layout] = {"one": "beside", "beside": "three", "stacked": "three", "three": "four"}
_NOTHING = ViewState(Viewport((0.0, 0.0), 1.0, (1, 1)), ())


class Panes:
    """Owner of the panes; main thread only. There is always one at least, and one is active.

    Parameters
    ----------
    view
        Holds the state of the active pane, and gets that of the next one.
    opened
        Asked for the open slides in the order of their tabs.

    Attributes
    ----------
    leaving
        Emitted before another pane, or another slide, becomes active.
    changed
        Emitted when another pane is active, or when panes came, went, moved or show another slide.
    state_changed
        Emitted with a pane that is not the active one when its state is another.
    """

    leaving = Signal()
    changed = Signal()
    state_changed = Signal(Pane)

    def __init__(self, view: View, opened: Callable[[], Sequence[OpenSlide]]) -> None:
        self._view = view
        self._opened = opened
        self._size = (1, 1)
        self._gap = 0
        self.arrangement = Arrangement()
        self.active = Pane(None, view.state)
        self._shown = [self.active]
        # Before all other listeners: what they ask the panes is then true.
        view.changed.connect(self._keep)

    @property
    def shown(self) -> tuple[Pane, ...]:
        """The panes on the canvas, in the order of their areas."""
        return tuple(self._shown)

    @property
    def areas(self) -> tuple[Area, ...]:
        """Where each of `shown` lies, physical pixels of the canvas."""
        return self.arrangement.areas(self._size, self._gap)

    @property
    def size(self) -> tuple[int, int]:
        """Of the canvas, physical pixels."""
        return self._size

    def area(self, pane: Pane) -> Area:
        """Return where a pane that is shown lies."""
        return self.areas[self._shown.index(pane)]

    def at(self, x: float, y: float) -> Pane | None:
        """Return the pane at a point of the canvas, None on a separator."""
        for pane, area in zip(self._shown, self.areas, strict=True):
            if area.holds(x, y):
                return pane
        return None

    def showing(self, slide: OpenSlide) -> list[Pane]:
        """Return the panes on the canvas that show `slide`."""
        return [pane for pane in self._shown if pane.slide is slide]

    def views_of(self, slide: OpenSlide) -> list[Pane]:
        """Return all panes of `slide`, also the one that waits behind its tab."""
        waiting = [] if slide.resting is None else [slide.resting]
        return [*self.showing(slide), *waiting]

    def set(self, pane: Pane, state: ViewState) -> None:
        """Change the state of any pane."""
        if pane is self.active:
            self._view.set(state)
        elif state != pane.state:
            pane.state = state
            self.state_changed.emit(pane)

    # where they lie --------------------------------------------------
    def resize(self, size: tuple[int, int], gap: int) -> None:
        """Spread the panes over a canvas of another size, physical pixels, with `gap` between them."""
        self._size, self._gap = size, gap
        self._spread()

    def drag(self, arrangement: Arrangement) -> None:
        """Move the separators."""
        self.arrangement = arrangement
        self._spread()

    def arrange(self, arrangement: Arrangement) -> None:
        """Show as many views as the arrangement has: open slides fill new places, the active one stays."""
        kept = self._shown[: arrangement.views]
        if self.active not in kept:
            kept[-1] = self.active
        gone = [pane for pane in self._shown if pane not in kept]
        self._shown, self.arrangement = kept, arrangement
        for pane in gone:
            self._rest(pane)
        while len(self._shown) < arrangement.views:
            self._shown.append(self._next(self._opened()))
        self._spread()

    def _spread(self) -> None:
        for pane, area in zip(self._shown, self.areas, strict=True):
            # Not through `set`: one signal for all of them is enough.
            state = pane.fitted(area.size)
            if pane is self.active:
                self._view.set(state)
            else:
                pane.state = state
        self.changed.emit()

    # what they show --------------------------------------------------
    def activate(self, pane: Pane) -> None:
        """Make one of the panes shown the active one."""
        if pane is not self.active:
            self.leaving.emit()
            self._become(pane)
            self.changed.emit()

    def show(self, slide: OpenSlide) -> None:
        """Activate the pane that shows `slide`, or show it in the active place as it was looked at last."""
        already = self.showing(slide)
        if already:
            self.activate(already[0] if self.active not in already else self.active)
        else:
            # In this order: who hears of the leaving may ask for any slide's panes.
            self.leaving.emit()
            self._place(_woken(slide), self._shown.index(self.active))

    def put(self, pane: Pane, at: int) -> None:
        """Put a pane of an open slide into the place `at` and activate it."""
        self.leaving.emit()
        self._place(pane, at)

    def _place(self, pane: Pane, at: int) -> None:
        old, self._shown[at] = self._shown[at], pane
        self._rest(old)
        pane.state = pane.fitted(self.areas[at].size)
        self._become(pane)
        self.changed.emit()

    def put_beside(self, pane: Pane) -> None:
        """Put a pane of an open slide into an empty place, a new one, or that after the active one."""
        empty = [place for place, other in enumerate(self._shown) if other.slide is None]
        if not empty and self.arrangement.views < VIEWS["four"]:
            self.arrange(replace(self.arrangement, layout=_LARGER[self.arrangement.layout]))
            self.put(pane, len(self._shown) - 1)
        else:
            after = (self._shown.index(self.active) + 1) % len(self._shown)
            self.put(pane, empty[0] if empty else after)

    def take_out(self, slide: OpenSlide, heirs: Sequence[OpenSlide]) -> None:
        """Let a slide that closes go from its places; the first of `heirs` that are not shown follow."""
        if not self.showing(slide):
            return
        self.leaving.emit()
        active = self.active
        for place, pane in enumerate(self._shown):
            if pane.slide is slide:
                self._shown[place] = self._next(heirs)
                self._shown[place].state = self._shown[place].fitted(self.areas[place].size)
                if pane is active:
                    self._become(self._shown[place])
        self.changed.emit()

    def _become(self, pane: Pane) -> None:
        # The tool stays in the hand; what is compared while a key is held ends here.
        tool = self._view.state.tool
        self.active.state = replace(self.active.state, comparing=False)
        self.active = pane
        self._view.set(replace(pane.state, tool=tool))

    def _keep(self, old: ViewState, new: ViewState) -> None:
        self.active.state = new

    def _rest(self, pane: Pane) -> None:
        """Remember how the slide of a pane that has left the canvas was looked at."""
        if pane.slide is not None and not self.showing(pane.slide):
            pane.slide.resting = pane

    def _next(self, slides: Sequence[OpenSlide]) -> Pane:
        """Return the resting pane of the first of `slides` that has one, else an empty one."""
        for slide in slides:
            if slide.resting is not None:
                return _woken(slide)
        return Pane(None, _NOTHING)


def _woken(slide: OpenSlide) -> Pane:
    pane, slide.resting = slide.resting, None
    assert pane is not None, "a slide that is not shown rests"
    return pane
