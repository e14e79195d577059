"""The contour lines of the heatmaps in sight, worked out in the background."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from shapely.geometry import MultiLineString

from pathview.app.open_slide import OpenSlide
from pathview.inference.contours import isolines
from pathview.inference.heatmap import Heatmap
from pathview.view.state import ViewState

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_log = logging.getLogger(__name__)


class Traced(NamedTuple):
    """Lines, and of which heatmap in which revision they are."""

    heatmap: Heatmap
    revision: int
    lines: MultiLineString


class Contours:
    """Keeps `OpenSlide.contours` true for the layers that show contours; main thread only.

    One tracing of a heatmap is under way at a time: while a run goes on, the lines follow its cells as fast
    as they can be worked out, and no faster.

    Parameters
    ----------
    workspace
        Whose slides these are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._under_way: set[tuple[OpenSlide, str, int]] = set()
        workspace.stale.connect(self.follow)
        workspace.view.changed.connect(self._on_view)

    def _on_view(self, old: ViewState, new: ViewState) -> None:
        if old.layers != new.layers:
            self.follow()

    def follow(self) -> None:
        """Begin to trace what is shown and is not traced as it is now."""
        for slide in self._workspace.slides:
            for pane in self._workspace.panes.views_of(slide):
                for layer in pane.state.layers:
                    if layer.contours and layer.visible and layer.name in slide.heatmaps:
                        self._trace(slide, layer.name, layer.channel)

    def _trace(self, slide: OpenSlide, name: str, channel: int) -> None:
        heatmap, key = slide.heatmaps[name], (slide, name, channel)
        revision = int(heatmap.revisions.sum())
        known = slide.contours.get((name, channel))
        fresh = known is not None and known.heatmap is heatmap and known.revision == revision
        if fresh or key in self._under_way:
            return
        self._under_way.add(key)
        values, grid, level = heatmap.values(channel), heatmap.grid, heatmap.facts.level_of(channel)

        def done(lines: MultiLineString) -> None:
            self._under_way.discard(key)
            slide.contours[name, channel] = Traced(heatmap, revision, lines)
            self._workspace.stale.emit()

        def failed(error: Exception) -> None:
            # Not tried again: it would fail again, with every frame.
            _log.error("contours of %s cannot be worked out: %s", name, error)

        self._workspace.background.run(lambda: isolines(values, grid, level), done, failed)
