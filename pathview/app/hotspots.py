"""The suspicious regions of the heatmap in front: found in the background, gone to one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from psygnal import Signal

from pathview.app.model_runs import shown_heatmap
from pathview.app.open_slide import OpenSlide
from pathview.inference.heatmap import Heatmap
from pathview.inference.hotspots import Hotspot, Order, hotspots, stepped

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace


class Found(NamedTuple):
    """Regions, and what they are regions of.

    Attributes
    ----------
    heatmap, channel, revision, order
        Of which heatmap, which class of it, in which state, and in which order.
    spots
        The most suspicious first.
    """

    heatmap: Heatmap
    channel: int
    revision: int
    order: Order
    spots: tuple[Hotspot, ...]


class Hotspots:
    """Finds the regions of the topmost visible heatmap when somebody wants them; main thread only.

    Parameters
    ----------
    workspace
        Whose active pane it is.

    Attributes
    ----------
    changed
        Emitted when there are other regions, or another one is the present one.
    found
        What was found last, None for nothing.
    at
        The peak of the region that was gone to last.
    watched
        Whether a list shows them, so that they are to be kept up to date.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.found: Found | None = None
        self.at: tuple[float, float] | None = None
        self.watched = False
        self.order: Order = "score"
        self._under_way = False
        self._then: list[Callable[[], None]] = []
        workspace.stale.connect(self._on_stale)
        workspace.layers_changed.connect(self._on_stale)
        workspace.view.changed.connect(self._on_view)
        workspace.slide_closed.connect(self._on_closed)

    @property
    def spots(self) -> tuple[Hotspot, ...]:
        """The regions as they were found last, the most suspicious first."""
        return () if self.found is None else self.found.spots

    def watch(self, wanted: bool) -> None:
        """Keep the regions up to date, or do not."""
        self.watched = wanted
        self._on_stale()

    def arrange(self, order: Order) -> None:
        """List them in another order."""
        self.order = order
        self._on_stale()

    def step(self, by: int, then: Callable[[Hotspot | None], None]) -> None:
        """Find out which region lies `by` places further on, and call `then` with it once that is known."""

        def go() -> None:
            spot = stepped(self.spots, self.at, by)
            if spot is not None:
                self.go(spot)
            then(spot)

        self._then.append(go)
        self._find()

    def go(self, spot: Hotspot) -> None:
        """Make a region the present one."""
        self.at = spot.peak
        self.changed.emit()

    def place(self, spot: Hotspot) -> int:
        """Return the rank of one of the regions, the first being 1."""
        return self.spots.index(spot) + 1

    def _on_closed(self, slide: OpenSlide) -> None:
        if self.found is not None and self.found.heatmap in slide.heatmaps.values():
            self._take(None)

    def _on_view(self, old: object, new: object) -> None:
        if getattr(old, "layers", None) != getattr(new, "layers", None):
            self._on_stale()

    def _on_stale(self) -> None:
        if self.watched:
            self._find()

    def _find(self) -> None:
        if self._under_way:
            return  # what comes back is compared with what is wanted then
        shown = shown_heatmap(self._workspace.panes.active)
        if shown is None:
            self._take(None)
            return
        layer, heatmap = shown
        revision = int(heatmap.revisions.sum())
        wanted = Found(heatmap, layer.channel, revision, self.order, ())
        if self.found is not None and self.found[:-1] == wanted[:-1]:
            self._call()
            return
        self._under_way = True
        values, grid, order = heatmap.values(layer.channel), heatmap.grid, self.order
        level = heatmap.facts.level_of(layer.channel)
        self._workspace.background.run(
            lambda: hotspots(values, grid, level, order),
            lambda spots: self._done(wanted._replace(spots=spots)),
            lambda error: self._failed(),
        )

    def _done(self, found: Found) -> None:
        self._under_way = False
        self._take(found)
        self._on_stale()  # more cells may have come meanwhile

    def _failed(self) -> None:
        self._under_way = False
        self._take(None)

    def _take(self, found: Found | None) -> None:
        if found != self.found:
            self.found = found
            self.changed.emit()
        self._call()

    def _call(self) -> None:
        waiting, self._then = self._then, []
        for call in waiting:
            call()
