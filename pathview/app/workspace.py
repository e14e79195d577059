"""The open slide and everything that happens on it; no widgets here."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import replace

from psygnal import Signal

from pathview.annotations.edit import Edit
from pathview.app.adjustments import Adjustments
from pathview.app.background import Background
from pathview.app.channel_looks import ChannelLooks
from pathview.app.model_runs import ModelRuns
from pathview.app.overviews import Overviews
from pathview.core.errors import PathViewError
from pathview.core.inbox import Inbox
from pathview.core.place import Place, lasting, place_of
from pathview.inference.heatmap import Heatmap
from pathview.slides.open import open_slide
from pathview.slides.remote.calls import hang_up_everywhere
from pathview.slides.slide import Slide
from pathview.startup.registry import Registry
from pathview.startup.settings import Settings
from pathview.study.session import Session
from pathview.study.study import Study
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import SlideTiles, TileSource
from pathview.view.compose import Scene
from pathview.view.layers import Layer
from pathview.view.state import View, ViewState
from pathview.view.viewport import Viewport

_log = logging.getLogger(__name__)
SLIDE_LAYER = "Slide"
ANNOTATION_LAYER = "Annotations"


class Workspace:
    """Owner of the session, the view, the tile loader and the model runs; main thread only.

    Parameters
    ----------
    settings
        The user's settings.
    registry
        The models that can be run.
    study
        Where annotations and results are kept.
    inbox
        The way back from all threads.

    Attributes
    ----------
    closed
        Whether everything has been shut down.
    slide_changed
        Emitted with the new `Session`, or None when the slide was closed.
    scale_changed
        Emitted when another pixel size is stated for the open slide, or none any more.
    stale
        Emitted when what the screen shows is out of date.
    models_changed
        Emitted when the registry is another.
    layers_changed
        Emitted when layers came or went.
    dropped
        Emitted with a tile source that will not be shown again, so that the canvas frees its memory.
    problem
        Emitted with a title and one sentence when something that the user asked for failed.
    busy
        Emitted with what is being done, "" when nothing is.
    settings_changed
        Emitted when the settings are others and should be kept.
    """

    slide_changed = Signal(object)
    scale_changed = Signal()
    stale = Signal()
    models_changed = Signal()
    layers_changed = Signal()
    dropped = Signal(object)
    problem = Signal(str, str)
    busy = Signal(str)
    settings_changed = Signal()

    def __init__(self, settings: Settings, registry: Registry, study: Study, inbox: Inbox) -> None:
        self.settings = settings
        self.registry = registry
        self.study = study
        self.inbox = inbox
        self.background = Background(inbox)
        self.loader = TileLoader(inbox, cache_bytes=settings.cache_mb << 20, threads=settings.reader_threads)
        self.view = View(ViewState(Viewport((0.0, 0.0), 1.0, (1, 1)), ()))
        self.scene = Scene()
        self.session: Session | None = None
        self.runs = ModelRuns(self)
        self.overviews = Overviews(self)
        self.looks = ChannelLooks(self)
        self.adjustments = Adjustments(self)
        self._ticket = 0
        # What is stored has lost its query and password, which are kept here as long as the program runs.
        self._addresses: dict[str, Place] = {}
        self.closed = False
        self.loader.failed.connect(self._on_failed)

    # slides ----------------------------------------------------------
    def place_of(self, text: str) -> Place:
        """Return the place that the recent slides name, with the secrets that it was opened with before."""
        return self._addresses.get(text) or place_of(text)

    def open(self, place: Place) -> None:
        """Open a slide off-thread; it replaces the present one only when it has opened."""
        self._ticket += 1
        ticket = self._ticket
        self.busy.emit(f"Opening {place.name} …")
        self.background.run(
            lambda: open_slide(place),
            lambda slide: self._opened(ticket, slide),
            lambda error: self._not_opened(ticket, error),
        )

    def _opened(self, ticket: int, slide: Slide) -> None:
        # The user may have asked for another slide since, or have closed the window.
        if ticket != self._ticket or self.closed:
            self.background.let_go(slide.close)
            return
        self.busy.emit("")
        self.close_slide()
        try:
            self.session = self.study.session(slide)
        except PathViewError as error:
            self.background.let_go(slide.close)
            self.problem.emit("Cannot open slide", str(error))
            return
        self._show(self.session)

    def _not_opened(self, ticket: int, error: Exception) -> None:
        if ticket == self._ticket and not self.closed:
            self.busy.emit("")
            self.problem.emit("Cannot open slide", str(error))

    def _show(self, session: Session) -> None:
        slide = session.slide
        self.scene = replace(
            self.scene,
            slide_tiles=SlideTiles(slide, colour=self.settings.convert_colours),
            heatmaps={},
            annotations=session.annotations,
        )
        session.annotations.changed.connect(self._on_edit)
        session.scale.changed.connect(self._on_scale)
        viewport = self.view.state.viewport.upright().fitted(slide.info.bounds)
        picture = Layer(SLIDE_LAYER, "slide", adjustment=self.adjustments.stored(session))
        state = ViewState(viewport, (picture, Layer(ANNOTATION_LAYER, "annotations")))
        self.view.set(replace(state, tool=self.view.state.tool))
        self.settings = self.settings.with_recent(slide.info.path)
        self._addresses[lasting(slide.info.path)] = slide.info.path
        _log.info("opened %s (%s)", slide.info.path, slide.info.format)
        self.slide_changed.emit(session)
        self.runs.load_stored(session)
        self.stale.emit()
        self.overviews.begin(slide)

    def convert_colours(self, wanted: bool) -> None:
        """Show slides in sRGB, or in the file's own numbers, from now on; tiles are read again."""
        self.settings = replace(self.settings, convert_colours=wanted)
        self.settings_changed.emit()
        old, session = self.scene.slide_tiles, self.session
        if session is None:
            return
        tiles = SlideTiles(session.slide, colour=wanted, look=self.looks.look)
        self.scene = replace(self.scene, slide_tiles=tiles)
        self._drop(old)
        self.layers_changed.emit()
        self.stale.emit()

    def close_slide(self) -> None:
        """Cancel what runs on the slide, forget its tiles and close it."""
        session = self.session
        if session is None:
            return
        self.adjustments.keep()
        self.runs.forget()
        self.overviews.cancel()
        session.annotations.changed.disconnect(self._on_edit)
        session.scale.changed.disconnect(self._on_scale)
        self.loader.wish("main", [])
        for source in (self.scene.slide_tiles, *self.scene.heatmaps.values()):
            self._drop(source)
        self.session = None
        self.scene = Scene(background=self.scene.background)
        self.view.set(replace(self.view.state, layers=(), selection=frozenset()))
        self.slide_changed.emit(None)
        # Not here: closing waits for the reads under way, and a share may not answer for minutes.
        self.background.let_go(session.slide.close)

    def _drop(self, source: TileSource | None) -> None:
        if source is not None:
            self.loader.forget(source)
            self.dropped.emit(source)

    # view ------------------------------------------------------------
    def look(self, viewport: Viewport) -> None:
        """Move the view, kept where one cannot get lost."""
        if self.session is not None:
            viewport = viewport.clamped(self.session.slide.info.box)
        self.view.set(replace(self.view.state, viewport=viewport))

    def set_background(self, color: tuple[int, int, int]) -> None:
        """Set the (r, g, b), 0-255, of what lies beside the slide."""
        self.scene = replace(self.scene, background=color)
        self.stale.emit()

    def set_layer(self, name: str, **changes: object) -> None:
        """Change fields of the layer called `name`."""
        layer = self.view.state.layer(name)
        self.view.set(self.view.state.with_layer(dataclasses.replace(layer, **changes)))  # type: ignore[arg-type]
        if "channel" in changes and name in self.runs.heatmaps:
            self.show_heatmap(name, self.runs.heatmaps[name])

    def show_heatmap(self, name: str, heatmap: Heatmap) -> None:
        """Show a heatmap as the layer `name`, under the annotations and above the slide."""
        state = self.view.state
        positive = heatmap.facts.classes.index(heatmap.facts.positive)
        known = next((layer for layer in state.layers if layer.name == name), None)
        layer = known or Layer(name, "heatmap", opacity=0.75, colormap="heat", channel=positive, fade=True)
        old, new = self.scene.heatmaps.get(name), heatmap.channel(layer.channel)
        if old is not new:
            self._drop(old)
        self.scene = replace(self.scene, heatmaps={**self.scene.heatmaps, name: new})
        if known is None:
            below = tuple(la for la in state.layers if la.kind != "annotations")
            above = tuple(la for la in state.layers if la.kind == "annotations")
            self.view.set(replace(state, layers=(*below, layer, *above)))
        self.layers_changed.emit()
        self.stale.emit()

    # annotations -----------------------------------------------------
    def edit(self, edit: Edit, title: str = "Cannot save the annotation") -> bool:
        """Make an edit true and tell whether that worked; it is in the study before it shows."""
        return self._attempt(title, lambda: self._session().history.do(edit))

    def state_mpp(self, mpp: tuple[float, float] | None) -> bool:
        """State the slide's (x, y) um/px, None for the file's own; as `edit`, which it is."""
        return self._attempt("Cannot set the pixel size", lambda: self._session().state_mpp(mpp))

    def undo(self) -> None:
        """Take the last edit back."""
        self._attempt("Cannot undo", lambda: self._session().history.undo())

    def redo(self) -> None:
        """Make the last edit that was taken back again."""
        self._attempt("Cannot redo", lambda: self._session().history.redo())

    def _attempt(self, title: str, work: Callable[[], object]) -> bool:
        if self.session is None:
            return False
        try:
            work()
        except PathViewError as error:
            self.problem.emit(title, str(error))
            return False
        return True

    def _session(self) -> Session:
        assert self.session is not None, "callers ask only while a slide is open"
        return self.session

    def _on_edit(self, edit: Edit) -> None:
        gone = {change.id for change in edit.changes if change.after is None}
        if self.view.state.selection & gone:
            self.view.set(replace(self.view.state, selection=self.view.state.selection - gone))
        self.stale.emit()

    def _on_scale(self) -> None:
        info = self._session().slide.info
        _log.info("pixel size of %s: %s (%s)", info.path.name, info.mpp, info.mpp_source)
        self.scale_changed.emit()
        self.stale.emit()

    def _on_failed(self, address: object, error: Exception) -> None:
        self.stale.emit()

    def close(self) -> None:
        """Shut down in the fixed order: slide, runs, host, servers, loader, background work, study."""
        self.closed = True
        self.close_slide()
        self.runs.close()
        hang_up_everywhere()
        self.loader.close()
        self.background.close()
        # A slide that has opened meanwhile waits in the inbox: it is closed there, not shown.
        self.inbox.close()
        self.study.close()
