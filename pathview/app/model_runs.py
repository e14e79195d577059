"""The model runs of the open slide: one host process, one run at a time, heatmaps by layer name."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import shapely
from psygnal import Signal
from shapely.geometry.base import BaseGeometry

from pathview.app.scale_words import misfit
from pathview.core.errors import PathViewError
from pathview.core.pyramid import TileKey
from pathview.inference.heatmap import CellValue, Heatmap
from pathview.inference.remote import InferenceHost, RemoteRun
from pathview.inference.run import RunState, RunStatus
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec
from pathview.study.session import Session
from pathview.view.state import ViewState

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

_log = logging.getLogger(__name__)
_GOING = (RunState.READY, RunState.RUNNING, RunState.PAUSED)


class ModelRuns:
    """Starts, watches and shows runs; main thread only.

    Parameters
    ----------
    workspace
        Whose slide the models look at.

    Attributes
    ----------
    changed
        Emitted with the `RunStatus` of the newest run, or None when the slide has none.
    heatmaps
        The heatmaps of the open slide by layer name.
    """

    changed = Signal(object)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._host: InferenceHost | None = None
        self._run: RemoteRun | None = None
        self._layer = ""
        self.heatmaps: dict[str, Heatmap] = {}
        # Which of them the slide's pixel size suited when that was last looked at.
        self._fitting: dict[str, bool] = {}
        self._names: dict[Path, str] = {}
        workspace.view.changed.connect(self._on_view)
        workspace.scale_changed.connect(self._on_scale)

    @property
    def status(self) -> RunStatus | None:
        """How far the newest run is, or None."""
        return None if self._run is None else self._run.status

    @property
    def going(self) -> bool:
        """Whether a run is being prepared, running or paused."""
        return self._run is not None and self._run.status.state in _GOING

    def start(self, source: ModelSource, region: BaseGeometry | None = None) -> None:
        """Run a model over the slide, or over `region` (level-0 px), beginning where the user looks.

        A run of the same model that was stopped, by whatever, goes on where it was.
        """
        session = self._workspace.session
        if session is None:
            return
        try:
            self.stop()
            self._begin(session, source, region)
        except PathViewError as error:
            self._workspace.problem.emit("Cannot run the model", str(error))

    def _begin(self, session: Session, source: ModelSource, region: BaseGeometry | None) -> None:
        info = session.slide.info
        stated = session.scale.stated
        # A region has results of its own: its grid begins elsewhere. So has a stated pixel size: the earlier
        # results are there again when an undo takes it back.
        suffix = "" if region is None else f"@{crc32(shapely.to_wkb(region)):08x}"
        suffix += "" if stated is None else f"@{stated.x:.9g}x{stated.y:.9g}um"
        folder = session.heatmap_folder(source.card.name + suffix)
        spec = RunSpec(
            slide=info.path,
            model=source,
            heatmap=folder,
            device=self._workspace.settings.device,
            region=None if region is None else shapely.to_wkb(region),
            mpp=None if stated is None else stated.mpp,
            mpp_source="" if stated is None else stated.source,
        )
        self._workspace.study.add_run(info.fingerprint, source.card, folder, region=region)
        if self._host is None:
            self._host = InferenceHost(self._workspace.settings.device, self._workspace.inbox)
        self._layer = self._name_of(folder, source.card.name, region is not None)
        run = self._host.start(spec)
        self._run = run
        session.runs[source.card.name + suffix] = run
        run.started.connect(self._on_started)
        run.changed.connect(self._on_status)
        run.focus(self._workspace.view.state.viewport.box())
        self.changed.emit(run.status)

    def _on_started(self) -> None:
        heatmap = None if self._run is None else self._run.heatmap
        if heatmap is not None:
            self._add(self._layer, heatmap)

    def _on_status(self, status: RunStatus) -> None:
        if status.state is RunState.FAILED and status.error is not None:
            self._workspace.problem.emit("The model run failed", str(status.error))
        self.changed.emit(status)

    def _add(self, name: str, heatmap: Heatmap) -> None:
        self.heatmaps[name] = heatmap
        heatmap.changed.connect(self._on_cells)
        self._workspace.show_heatmap(name, heatmap)
        self._fitting[name] = True
        self._on_scale()

    def misfit(self, name: str) -> str:
        """Return in what the heatmap's pixel size differs from the slide's, or "" where it does not."""
        session = self._workspace.session
        return "" if session is None else misfit(self.heatmaps[name].facts, session.slide.info.mpp)

    @property
    def misfit_shows(self) -> bool:
        """Whether a heatmap is on the screen that was made with another pixel size than the slide has."""
        layers = (layer for layer in self._workspace.view.state.layers if layer.shown)
        return any(self.misfit(layer.name) for layer in layers if layer.name in self.heatmaps)

    def _on_scale(self) -> None:
        # A heatmap of another pixel size is not passed off as one of this: it hides until that size is back,
        # or until the user wants to see it with what its layer says of it.
        for name in self.heatmaps:
            fits = not self.misfit(name)
            if fits != self._fitting[name]:
                self._fitting[name] = fits
                self._workspace.set_layer(name, visible=fits)

    def _on_cells(self, keys: frozenset[TileKey]) -> None:
        self._workspace.stale.emit()

    def _on_view(self, old: ViewState, new: ViewState) -> None:
        if self._run is not None and old.viewport != new.viewport and self.going:
            self._run.focus(new.viewport.box())

    def value_at(self, x: float, y: float) -> tuple[str, CellValue] | None:
        """Return the topmost visible heatmap's class and value at a level-0 point, or None."""
        for layer in reversed(self._workspace.view.state.layers):
            heatmap = self.heatmaps.get(layer.name)
            if layer.kind == "heatmap" and layer.visible and heatmap is not None:
                value = heatmap.value_at(x, y)
                return None if value is None else (heatmap.facts.classes[layer.channel], value)
        return None

    def pause_or_resume(self) -> None:
        """Pause a running run, go on with a paused one."""
        if self._run is None:
            return
        if self._run.status.state is RunState.PAUSED:
            self._run.resume()
        else:
            self._run.pause()

    def cancel(self) -> None:
        """Stop the run; what is done stays on disk and on screen."""
        if self._run is not None and self.going:
            self._run.cancel()

    def load_stored(self, session: Session) -> None:
        """Show the results that the study holds of this slide."""
        for record in self._workspace.study.runs(session.slide.info.fingerprint):
            name = self._name_of(record.heatmap, record.model, record.region is not None)
            self._load(session, name, record.heatmap)

    def show_file(self, path: Path) -> None:
        """Show the heatmap that `pathview run` left at `path`, if it is of the open slide."""
        session = self._workspace.session
        if session is None:
            return

        def show(heatmap: Heatmap) -> None:
            facts = heatmap.facts
            if facts.slide_fingerprint != session.slide.info.fingerprint:
                self._workspace.problem.emit("Cannot show the heatmap", f"{path} belongs to another slide")
            elif self._workspace.session is session:
                self._add(self._name_of(path, facts.model, False), heatmap)

        self._workspace.background.run(
            lambda: Heatmap.open(path),
            show,
            lambda error: self._workspace.problem.emit("Cannot show the heatmap", str(error)),
        )

    def _load(self, session: Session, name: str, path: Path) -> None:
        def show(heatmap: Heatmap) -> None:
            if self._workspace.session is session and name not in self.heatmaps:
                self._add(name, heatmap)

        def give_up(error: Exception) -> None:
            _log.warning("stored results cannot be shown: %s", error)

        self._workspace.background.run(lambda: Heatmap.open(path), show, give_up)

    def _name_of(self, folder: Path, model: str, regional: bool) -> str:
        """Return the layer of the results in `folder`: theirs alone, since two regions are two heatmaps."""
        if folder not in self._names:
            source = self._workspace.registry.models.get(model)
            title = model if source is None else source.card.title or model
            kind = " (region{})" if regional else "{}"
            number, name = 1, title + kind.format("")
            while name in self._names.values():
                number += 1
                name = title + kind.format(f" {number}")
            self._names[folder] = name
        return self._names[folder]

    def stop(self) -> None:
        """Cancel what is going on; its heatmap stays shown while the slide is open."""
        if self._run is not None:
            self._run.changed.disconnect(self._on_status)
            self._run.started.disconnect(self._on_started)
            if self.going:
                self._run.cancel()
            self._run = None

    def forget(self) -> None:
        """Let go of the runs and heatmaps of a slide that closes."""
        self.stop()
        for heatmap in self.heatmaps.values():
            heatmap.changed.disconnect(self._on_cells)
        self.heatmaps = {}
        self._fitting = {}
        self._names = {}
        self.changed.emit(None)

    def use_device(self, device: str) -> None:
        """Run models on `device` from the next run on."""
        self._workspace.settings = replace(self._workspace.settings, device=device)
        self.close()

    def close(self) -> None:
        """End the host process."""
        self.stop()
        if self._host is not None:
            self._host.close()
            self._host = None
