"""The model runs of the open slides: one host process, one run at a time, heatmaps by layer name."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from weakref import WeakKeyDictionary
from zlib import crc32

import shapely
from psygnal import Signal
from shapely.geometry.base import BaseGeometry

from pathview.annotations.detections import Detections
from pathview.app.open_slide import DIFFERENCE_LAYER, OpenSlide, Pane, ledger_of
from pathview.app.scale_words import misfit
from pathview.app.slide_run import SlideRun
from pathview.core.errors import PathViewError
from pathview.core.pyramid import TileKey
from pathview.inference.detection_sink import read_objects
from pathview.inference.heatmap import CellValue, Heatmap
from pathview.inference.run_status import RunState, RunStatus
from pathview.inference.tissue_edits import tissue_edits
from pathview.inference.views import VIEWS
from pathview.view.layers import Layer
from pathview.view.state import ViewState

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace
    from pathview.inference.remote import InferenceHost
    from pathview.inference.source import ModelSource

_IN_VIEWS = "@views"
"""Ends the name of the folder of a run in all views."""

_log = logging.getLogger(__name__)


class ModelRuns:
    """Starts, watches and shows runs; main thread only.

    Each open slide has its own newest run. The host performs one at a time: a run on a second slide waits
    until that on the first has ended. What is asked without naming a slide is about the active one.

    Parameters
    ----------
    workspace
        Whose slides the models look at.

    Attributes
    ----------
    tta
        Whether the next run asks its model about each patch in all views.
    changed
        Emitted with the `RunStatus` of the active slide's newest run, None where it has none, when any run is
        further, and when another slide becomes active.
    """

    changed = Signal(object)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._queue: list[SlideRun] = []
        self.tta = False
        self._host: InferenceHost | None = None
        # Layer names by where the heatmap lies, for each open slide.
        self._names: WeakKeyDictionary[OpenSlide, dict[Path, str]] = WeakKeyDictionary()
        workspace.view.changed.connect(self._on_view)
        workspace.scale_changed.connect(self._on_scale)
        workspace.scale_changed.connect(self._prepare)
        workspace.slide_changed.connect(self._on_slide)

    @property
    def heatmaps(self) -> Mapping[str, Heatmap]:
        """The heatmaps of the active slide by layer name."""
        slide = self._workspace.slide
        return {} if slide is None else slide.heatmaps

    @property
    def status(self) -> RunStatus | None:
        """How far the active slide's newest run is, or None."""
        run = self._run
        return None if run is None else run.status

    @property
    def going(self) -> bool:
        """Whether a run on the active slide is being prepared, waiting, running or paused."""
        return self._run is not None and self._run.going

    @property
    def under_way(self) -> list[SlideRun]:
        """The runs that go on, on any slide; that of the active one first."""
        going = [s.run for s in self._workspace.slides if s.run is not None and s.run.going]
        return sorted(going, key=lambda run: run is not self._run)

    @property
    def queue(self) -> list[SlideRun]:
        """All runs that have not been removed: ended ones, the one that goes, and those that wait."""
        waiting = () if self._host is None else self._host.waiting
        places = {id(run): place for place, run in enumerate(waiting, 1)}
        return sorted(self._queue, key=lambda one: places.get(id(one.run), 0))

    @property
    def _run(self) -> SlideRun | None:
        slide = self._workspace.slide
        return None if slide is None else slide.run

    def start(self, source: ModelSource, region: BaseGeometry | None = None) -> None:
        """Run a model over the active slide, or over `region` (level-0 px), beginning where the user looks.

        A run of the same model that was stopped, by whatever, goes on where it was.
        """
        slide = self._workspace.slide
        if slide is None:
            return
        try:
            self._stop(slide)
            self._begin(slide, source, region)
        except PathViewError as error:
            self._workspace.problem.emit("Cannot run the model", str(error))

    def enqueue(self, source: ModelSource, slides: Iterable[OpenSlide]) -> None:
        """Run a model over slides, one after the other, when the runs before it have ended.

        A run of the same model on the same slide that has not ended stays as it is.
        """
        for slide in slides:
            try:
                self._begin(slide, source, None, behind=True)
            except PathViewError as error:
                self._workspace.problem.emit("Cannot run the model", f"{slide.name}: {error}")

    def move(self, run: SlideRun, steps: int) -> None:
        """Let a waiting run begin earlier (negative) or later."""
        if self._host is not None:
            self._host.move(run.run, steps)
            self.changed.emit(self.status)

    def remove(self, run: SlideRun) -> None:
        """Take a run off the queue, cancelled where it goes on; what is done stays."""
        if run in self._queue:
            self._queue.remove(run)
            if run.going:
                run.run.cancel()
            self.changed.emit(self.status)

    def _begin(
        self, slide: OpenSlide, source: ModelSource, region: BaseGeometry | None, *, behind: bool = False
    ) -> None:
        # Talking to another process takes modules that the window need not wait for when it starts.
        from pathview.inference.remote import InferenceHost
        from pathview.inference.spec import RunSpec

        session = slide.session
        info = session.slide.info
        stated = session.scale.stated
        # A region has results of its own: its grid begins elsewhere. So has a stated pixel size: the earlier
        # results are there again when an undo takes it back.
        suffix = "" if region is None else f"@{crc32(shapely.to_wkb(region)):08x}"
        suffix += "" if stated is None else f"@{stated.x:.9g}x{stated.y:.9g}um"
        # And so have parameters that are not the defaults, and all views.
        suffix += f"@{crc32(repr(source.values).encode()):08x}" if source.values else ""
        suffix += _IN_VIEWS if self.tta else ""
        folder = session.heatmap_folder(source.card.name + suffix)
        spec = RunSpec(
            slide=info.path,
            model=source,
            heatmap=folder,
            device=self._workspace.settings.device,
            backend=self._workspace.settings.backend,
            region=None if region is None else shapely.to_wkb(region),
            mpp=None if stated is None else stated.mpp,
            mpp_source="" if stated is None else stated.source,
            tissue=tissue_edits(session.annotations),
            tta=self.tta,
            coarse_first=self._workspace.settings.coarse_first,
        )
        if behind and any(one.going and one.run.spec.heatmap == folder for one in self._queue):
            return
        self._workspace.study.add_run(info.fingerprint, source.card, folder, region=region)
        if self._host is None:
            self._host = InferenceHost(
                self._workspace.settings.device,
                self._workspace.inbox,
                memory_bytes=self._workspace.settings.model_memory_mb << 20,
            )
        name = self._name_of(slide, folder, source.card.name, region is not None)
        remote = self._host.start(spec)
        session.runs[source.card.name + suffix] = remote
        run = SlideRun(slide, remote, name, source.card.title or source.card.name)
        self._queue.append(run)
        if not behind or slide.run is None or not slide.run.going:
            slide.run = run
        run.started.connect(self._add)
        run.changed.connect(self._on_status)
        if slide is self._workspace.slide:
            remote.focus(self._workspace.view.state.viewport.box())
        self.changed.emit(self.status)

    def _on_status(self, slide: OpenSlide, status: RunStatus) -> None:
        if status.state is RunState.FAILED and status.error is not None:
            behind = "" if slide is self._workspace.slide else f"{slide.name}: "
            self._workspace.problem.emit("The model run failed", f"{behind}{status.error}")
        self._let_the_next_show(slide)
        self.changed.emit(self.status)

    def _let_the_next_show(self, slide: OpenSlide) -> None:
        """Make the next run on a slide the one that its panels tell of, once the one before has ended."""
        if slide.run is not None and slide.run.going:
            return
        slide.run = next((one for one in self.queue if one.slide is slide and one.going), slide.run)

    def _on_slide(self, session: object) -> None:
        self._prepare()
        self.changed.emit(self.status)

    def _prepare(self) -> None:
        """Have the host find the active slide's tissue, which the first cell of a run would wait for."""
        slide = self._workspace.slide
        if self._host is None or slide is None:
            return
        from pathview.inference.known_tissue import Wanted

        stated = slide.session.scale.stated
        path = slide.session.slide.info.path
        self._host.prepare(Wanted(path, None if stated is None else stated.mpp))

    def _add(
        self, slide: OpenSlide, name: str, heatmap: Heatmap, detections: Detections | None = None
    ) -> None:
        if not heatmap.facts.classes:
            return  # features have no map; the Model panel says so and tells how far the run is
        heatmap.changed.connect(self._on_cells)
        if detections is None:
            self._workspace.show_heatmap(slide, name, heatmap)
            slide.fitting[name] = True
        else:
            # Of the map only the hatching shows: where nobody has looked, no objects do not mean none.
            self._workspace.show_heatmap(slide, ledger_of(name), heatmap, threshold=1.0)
            slide.fitting[ledger_of(name)] = True
            detections.changed.connect(self._on_objects)
            self._workspace.show_detections(slide, name, detections)
        self._on_scale()

    def misfit(self, name: str) -> str:
        """Return in what the heatmap's pixel size differs from the slide's, or "" where it does not."""
        slide = self._workspace.slide
        # Who asks may not have heard yet that another slide is there.
        return "" if slide is None or name not in slide.heatmaps else _misfit(slide, name)

    @property
    def misfit_shows(self) -> bool:
        """Whether a heatmap is on the screen that was made with another pixel size than the slide has."""
        layers = (layer for layer in self._workspace.view.state.layers if layer.shown)
        return any(self.misfit(layer.name) for layer in layers if layer.name in self.heatmaps)

    def _on_scale(self) -> None:
        # A heatmap of another pixel size is not passed off as one of this: it hides until that size is back,
        # or until the user wants to see it with what its layer says of it.
        for slide in self._workspace.slides:
            for name in slide.heatmaps:
                fits = not _misfit(slide, name)
                if fits != slide.fitting[name]:
                    slide.fitting[name] = fits
                    self._make_visible(slide, name, fits)
            self._hide_difference(slide)

    def _make_visible(self, slide: OpenSlide, name: str, visible: bool) -> None:
        names = [name, *(one for one in slide.detections if ledger_of(one) == name)]
        for pane in self._workspace.panes.views_of(slide):
            for one in names:
                self._workspace.set_layer_in(pane, one, {"visible": visible})

    def _hide_difference(self, slide: OpenSlide) -> None:
        difference, mpp = slide.difference, slide.session.slide.info.mpp
        if difference is None or all(one.facts.fits_scale(mpp) for one in (difference.a, difference.b)):
            return
        for pane in self._workspace.panes.views_of(slide):
            self._workspace.set_layer_in(pane, DIFFERENCE_LAYER, {"visible": False})

    def _on_cells(self, keys: frozenset[TileKey]) -> None:
        self._workspace.stale.emit()

    def _on_objects(self, bins: frozenset[tuple[int, int]]) -> None:
        self._workspace.stale.emit()

    def _on_view(self, old: ViewState, new: ViewState) -> None:
        run = self._run
        if run is not None and old.viewport != new.viewport and run.going:
            run.run.focus(new.viewport.box())

    def pause_or_resume(self) -> None:
        """Pause a running run, go on with a paused one."""
        if self._run is None:
            return
        if self._run.status.state is RunState.PAUSED:
            self._run.run.resume()
        else:
            self._run.run.pause()

    def cancel(self) -> None:
        """Stop the run; what is done stays on disk and on screen."""
        if self._run is not None and self._run.going:
            self._run.run.cancel()

    def load_stored(self, slide: OpenSlide) -> None:
        """Show the results that the study holds of this slide."""
        for record in self._workspace.study.runs(slide.session.slide.info.fingerprint):
            name = self._name_of(slide, record.heatmap, record.model, record.region is not None)
            self._load(slide, name, record.heatmap)

    def show_file(self, path: Path) -> None:
        """Show the heatmap that `pathview run` left at `path`, if it is of an open slide."""

        def show(stored: Stored) -> None:
            facts = stored[0].facts
            for slide in self._workspace.slides:
                if facts.slide_fingerprint == slide.session.slide.info.fingerprint:
                    self._add(slide, self._name_of(slide, path, facts.model, False), *stored)
                    return
            self._workspace.problem.emit("Cannot show the heatmap", f"{path} belongs to another slide")

        self._workspace.background.run(
            lambda: _stored(path),
            show,
            lambda error: self._workspace.problem.emit("Cannot show the heatmap", str(error)),
        )

    def _load(self, slide: OpenSlide, name: str, path: Path) -> None:
        def show(stored: Stored) -> None:
            known = slide.heatmaps.keys() & {name, ledger_of(name)}
            if slide in self._workspace.slides and not known:
                self._add(slide, name, *stored)

        def give_up(error: Exception) -> None:
            _log.warning("stored results cannot be shown: %s", error)

        self._workspace.background.run(lambda: _stored(path), show, give_up)

    def _name_of(self, slide: OpenSlide, folder: Path, model: str, regional: bool) -> str:
        """Return the layer of the results in `folder`: theirs alone, since two regions are two heatmaps."""
        names = self._names.setdefault(slide, {})
        if folder not in names:
            source = self._workspace.registry.models.get(model)
            title = model if source is None else source.card.title or model
            views = f" ({VIEWS} views)" if unquote(folder.stem).endswith(_IN_VIEWS) else ""
            kind = f"{views} (region{{}})" if regional else f"{views}{{}}"
            number, name = 1, title + kind.format("")
            while name in names.values():
                number += 1
                name = title + kind.format(f" {number}")
            names[folder] = name
        return names[folder]

    def _stop(self, slide: OpenSlide) -> None:
        # Its heatmap stays shown while the slide is open.
        run, slide.run = slide.run, None
        if run is not None:
            if run in self._queue:
                self._queue.remove(run)
            run.let_go()

    def _stop_all(self, slide: OpenSlide) -> None:
        # Those that wait first: none of them is to begin when the one before is stopped.
        for run in reversed([one for one in self.queue if one.slide is slide]):
            slide.run = run
            self._stop(slide)

    def forget(self, slide: OpenSlide) -> None:
        """Let go of the runs and the heatmaps of a slide that closes."""
        self._stop_all(slide)
        for heatmap in slide.heatmaps.values():
            heatmap.changed.disconnect(self._on_cells)
        for detections in slide.detections.values():
            detections.changed.disconnect(self._on_objects)
        self.changed.emit(self.status)

    def use_device(self, device: str) -> None:
        """Run models on `device` from the next run on."""
        self._workspace.settings = replace(self._workspace.settings, device=device)
        self.close()

    def close(self) -> None:
        """End the host process."""
        for slide in self._workspace.slides:
            self._stop_all(slide)
        if self._host is not None:
            self._host.close()
            self._host = None


type Stored = tuple[Heatmap, Detections | None]


def _stored(path: Path) -> Stored:
    """Return what a run has left: its heatmap, and what a detector has found; any thread."""
    heatmap = Heatmap.open(path)
    found = read_objects(path, heatmap.facts)
    if found is None:
        return heatmap, None
    detections = Detections(found[0])
    detections.extend(found[1])
    return heatmap, detections


def _misfit(slide: OpenSlide, name: str) -> str:
    return misfit(slide.heatmaps[name].facts, slide.session.slide.info.mpp)


def shown_heatmap(pane: Pane) -> tuple[Layer, Heatmap] | None:
    """Return a pane's topmost visible heatmap with its layer, or None."""
    heatmaps = {} if pane.slide is None else pane.slide.heatmaps
    for layer in reversed(pane.state.layers):
        if layer.name in heatmaps and layer.visible:
            return layer, heatmaps[layer.name]
    return None


def value_at(pane: Pane, x: float, y: float) -> tuple[str, CellValue] | None:
    """Return the class and value that a pane's topmost visible heatmap has at a level-0 point, or None."""
    shown = shown_heatmap(pane)
    if shown is None:
        return None
    layer, heatmap = shown
    value = heatmap.value_at(x, y)
    return None if value is None else (heatmap.facts.classes[layer.channel], value)
