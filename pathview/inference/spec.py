"""Everything that another process needs to make the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import shapely

from pathview.core.errors import ExportError, ModelError
from pathview.core.inbox import Inbox
from pathview.core.place import Place
from pathview.core.plugins.offered import offered_readers
from pathview.inference.card import ModelCard
from pathview.inference.device import default_readers, prepare_process
from pathview.inference.grid import MIN_TISSUE, make_grid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.model import ChoosesBackend, TileModel
from pathview.inference.order import COARSE
from pathview.inference.phases import Phase, announce
from pathview.inference.preflight import preflight
from pathview.inference.run import InferenceRun
from pathview.inference.sink import Sink
from pathview.inference.source import ModelSource
from pathview.inference.tasks.table import kind_of
from pathview.inference.tissue import TissueMask, tissue_mask
from pathview.inference.tissue_edits import TissueEdit, edited
from pathview.inference.views import VIEWS
from pathview.slides.channels import are_colours
from pathview.slides.open import open_slide
from pathview.slides.plugin_reader import ReaderSource
from pathview.slides.reader import SlideInfo
from pathview.slides.slide import Slide

# Of the channels of a slide that is refused.
_NAMED = 4


@dataclass(frozen=True, slots=True)
class RunSpec:
    """A run as plain values; picklable, with no open handle.

    Attributes
    ----------
    slide
        The slide's file, folder or address.
    model
        Where the model comes from.
    heatmap
        Folder to keep the values in, made or gone on with; None keeps them in memory only.
    device
        "auto", "cpu", "cuda:N" or "mps".
    backend
        The engine, one of `pathview.inference.engines.choice.BACKENDS`.
    region
        WKB of the level-0 outline to look at; None for the whole slide.
    mpp
        (x, y) um/px of level 0, where the file does not say or is wrong; None takes the file's.
    mpp_source
        Who stated that.
    batch
        Most patches at a time; None for what suits the device.
    readers
        Threads that read patches; None for what suits the machine.
    min_tissue
        Share of a cell, 0 to 1, that must be tissue; 0 looks at glass too.
    coarse_first
        Whether a coarse map of all of it comes first, then ever finer ones; else what is near the focus does.
    tissue
        Areas that count as tissue, or do not, whatever the slide's colours say.
    tta
        Whether the model is asked about each patch in all views, see `pathview.inference.views`.
    plugin_readers
        The readers of plugins that the slide may need.
    """

    slide: Place
    model: ModelSource
    heatmap: Path | None = None
    device: str = "auto"
    backend: str = "auto"
    region: bytes | None = None
    mpp: tuple[float, float] | None = None
    mpp_source: str = "stated by the user"
    batch: int | None = None
    readers: int | None = None
    min_tissue: float = MIN_TISSUE
    tissue: tuple[TissueEdit, ...] = ()
    tta: bool = False
    coarse_first: bool = False
    plugin_readers: tuple[ReaderSource, ...] = field(default_factory=offered_readers)


def build_run(
    spec: RunSpec,
    inbox: Inbox,
    *,
    earlier: InferenceRun | None = None,
    tissue: Callable[[Slide], TissueMask] = tissue_mask,
) -> InferenceRun:
    """Open the slide, find its tissue, lay the grid and open the heatmap.

    Parameters
    ----------
    spec
        What to run.
    inbox
        Takes status changes to the main thread.
    earlier
        A run of the same ``spec.model``, whose model is used again with what its pre-flight said; default
        made anew. The caller unloads it.
    tissue
        Finds the tissue, or knows it already.

    Returns
    -------
    InferenceRun
        Ready to be stepped; it closes the slide at its end.

    Raises
    ------
    PathViewError
        `SlideOpenError`, `TileReadError`, `UnknownScaleError`, `ImpossibleScaleError`, `ModelError`,
        `HeatmapMismatchError`, or `ExportError` where the heatmap cannot be made.
    """
    prepare_process()
    slide = open_slide(spec.slide, plugins=spec.plugin_readers)
    try:
        slide.state_mpp(spec.mpp, spec.mpp_source)
        # The model first: of one that cannot be made no heatmap is left.
        model = spec.model.make() if earlier is None else earlier.model
        _choose_backend(model, spec)
        heatmap = _heatmap(spec, slide, tissue)
        sink = _sink(heatmap, spec)
        passed = earlier is not None and earlier.checked
        return InferenceRun(
            slide,
            model,
            heatmap.grid,
            heatmap,
            inbox,
            batch=spec.batch,
            readers=spec.readers or default_readers(),
            device=spec.device,
            owns_slide=True,
            check=None if passed else _preflight_of(spec.model),
            notes=earlier.notes if earlier is not None else (),
            coarse=COARSE if spec.coarse_first else 1,
            sink=sink,
        )
    except BaseException:
        slide.close()
        raise


def _choose_backend(model: TileModel, spec: RunSpec) -> None:
    if isinstance(model, ChoosesBackend):
        model.use_backend(spec.backend)
    elif spec.backend != "auto":
        raise ModelError(spec.model.card.name, f"it runs its own code, and not on {spec.backend}")


def _preflight_of(source: ModelSource) -> Callable[[TileModel], tuple[str, ...]]:
    return partial(preflight, references=source.references, changed=bool(source.values))


def _judge_views(spec: RunSpec) -> None:
    card = spec.model.card
    if spec.tta and not kind_of(card).takes_views:
        raise ModelError(card.name, f'models whose task is "{card.task}" are asked in one view; run it so')


def _sink(heatmap: Heatmap, spec: RunSpec) -> Sink | None:
    try:
        return kind_of(spec.model.card).sink(heatmap, spec.model.card)
    except OSError as error:
        raise ExportError(spec.heatmap or Path(), error.strerror or str(error)) from error


def _judge_colours(info: SlideInfo, card: ModelCard) -> None:
    """Refuse stains in false colours: a model of stained tissue would score them all the same."""
    if info.channels and not are_colours(info.channels):
        names = ", ".join(channel.name for channel in info.channels[:_NAMED])
        more = f" and {len(info.channels) - _NAMED} more" if len(info.channels) > _NAMED else ""
        raise ModelError(
            card.name, f"it looks at colours of stained tissue, and {info.path} has channels ({names}{more})"
        )


def _heatmap(spec: RunSpec, slide: Slide, find: Callable[[Slide], TissueMask]) -> Heatmap:
    info = slide.info
    _judge_colours(info, spec.model.card)
    _judge_views(spec)
    region = None if spec.region is None else shapely.from_wkb(spec.region)
    # An unknown scale is refused before minutes go into looking for tissue.
    grid = make_grid(info, spec.model.card, None, region)
    if spec.min_tissue > 0:
        announce(Phase.TISSUE)
        tissue = edited(find(slide), spec.tissue)
        grid = make_grid(info, spec.model.card, tissue, region, min_tissue=spec.min_tissue)
    card = spec.model.card
    views = VIEWS if spec.tta else 1
    extras = kind_of(card).extras(card, views)
    coarse = COARSE if spec.coarse_first else 1
    try:
        heatmap = Heatmap.open_or_create(
            spec.heatmap, grid, card, info, views=views, coarse=coarse, extras=extras
        )
    except OSError as error:
        raise ExportError(spec.heatmap or Path(), error.strerror or str(error)) from error
    if spec.tissue:
        # What a person has taken out since is not to be seen any more, though it was looked at once.
        heatmap.mark_skipped(np.argwhere(grid.inside & ~grid.selected & (heatmap.state == CellState.DONE)))
        heatmap.flush()
    return heatmap
