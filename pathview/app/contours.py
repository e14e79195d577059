"""The contour lines of the heatmaps in sight, worked out in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from shapely.geometry import MultiLineString

from pathview.app.open_slide import OpenSlide
from pathview.inference.contours import isolines
from pathview.inference.heatmap import Heatmap
from pathview.inference.tissue import TissueMask, tissue_mask
from pathview.inference.tissue_edits import TissueEdit, edited, tissue_edits, tissue_lines
from pathview.view.layers import Layer
from pathview.view.state import ViewState

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_log = logging.getLogger(__name__)

type _Mpp = tuple[float, float] | None
type _TissueAt = tuple[_Mpp, tuple[TissueEdit, ...]]


class Traced(NamedTuple):
    """Lines, and of which heatmap in which revision they are, or of a slide's tissue with which edits."""

    of: Heatmap | OpenSlide
    revision: int | _TissueAt
    lines: MultiLineString


class Contours:
    """Keeps `OpenSlide.contours` true for the layers that show contours; main thread only.

    Those of a heatmap are where it crosses its level, those of the slide where runs take tissue to be.

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
        self._tissue: WeakKeyDictionary[OpenSlide, tuple[_Mpp, TissueMask]] = WeakKeyDictionary()
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
                    if not layer.contours or not layer.visible:
                        continue
                    if layer.kind == "slide":
                        self._trace_tissue(slide, layer)
                    elif layer.name in slide.heatmaps:
                        self._trace(slide, layer)

    def _trace(self, slide: OpenSlide, layer: Layer) -> None:
        heatmap, channel = slide.heatmaps[layer.name], layer.channel
        revision = int(heatmap.revisions.sum())
        if self._fresh(slide, layer, heatmap, revision):
            return
        field, level = heatmap.field(channel), heatmap.facts.level_of(channel)
        self._begin(slide, layer, heatmap, revision, lambda: isolines(*field(), level))

    def _trace_tissue(self, slide: OpenSlide, layer: Layer) -> None:
        # Tissue is looked for at a scale in micrometres, by runs as well.
        mpp, edits = slide.session.slide.info.mpp, tissue_edits(slide.session.annotations)
        if self._fresh(slide, layer, slide, (mpp, edits)):
            return

        def work() -> MultiLineString:
            # Found once for each open slide and scale.
            known = self._tissue.get(slide)
            found = known[1] if known and known[0] == mpp else tissue_mask(slide.session.slide)
            self._tissue[slide] = mpp, found
            return tissue_lines(edited(found, edits))

        self._begin(slide, layer, slide, (mpp, edits), work)

    def _fresh(self, slide: OpenSlide, layer: Layer, of: object, revision: object) -> bool:
        known = slide.contours.get((layer.name, layer.channel))
        return known is not None and known.of is of and known.revision == revision

    def _begin(
        self,
        slide: OpenSlide,
        layer: Layer,
        of: Heatmap | OpenSlide,
        revision: int | _TissueAt,
        work: Callable[[], MultiLineString],
    ) -> None:
        name, key = layer.name, (slide, layer.name, layer.channel)
        if key in self._under_way:
            return
        self._under_way.add(key)

        def done(lines: MultiLineString) -> None:
            self._under_way.discard(key)
            slide.contours[layer.name, layer.channel] = Traced(of, revision, lines)
            self._workspace.stale.emit()

        def failed(error: Exception) -> None:
            # Not tried again: it would fail again, with every frame.
            _log.error("contours of %s cannot be worked out: %s", name, error)

        self._workspace.background.run(work, done, failed)
