"""The open slides and everything that happens on them; no widgets here."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from pathview.annotations.detections import Detections
from pathview.annotations.edit import Edit
from pathview.app.adjustments import Adjustments
from pathview.app.background import Background
from pathview.app.channel_looks import ChannelLooks
from pathview.app.comparison import Comparison
from pathview.app.contours import Contours
from pathview.app.hotspots import Hotspots
from pathview.app.links import Links
from pathview.app.model_runs import ModelRuns
from pathview.app.open_slide import DIFFERENCE_LAYER, OpenSlide, Pane
from pathview.app.overviews import Overviews
from pathview.app.panes import Panes
from pathview.core.errors import PathViewError
from pathview.core.inbox import Inbox
from pathview.core.palette import DIFFERENCE_MAP
from pathview.core.place import Place, lasting, place_of
from pathview.inference.difference import Difference
from pathview.inference.heatmap import Heatmap
from pathview.inference.views import UNCERTAINTY
from pathview.slides.open import open_slide
from pathview.slides.remote.calls import hang_up_everywhere
from pathview.slides.slide import Slide
from pathview.study.session import Session
from pathview.study.study import Study
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import SlideTiles, TileSource
from pathview.view.arrangement import Arrangement
from pathview.view.compose import NEUTRAL, Scene
from pathview.view.layers import Layer
from pathview.view.linking import Transform
from pathview.view.state import View, ViewState
from pathview.view.viewport import Viewport

if TYPE_CHECKING:
    from pathview.startup.registry import Registry
    from pathview.startup.settings import Settings

_log = logging.getLogger(__name__)
SLIDE_LAYER = "Slide"
ANNOTATION_LAYER = "Annotations"


class Workspace:
    """Owner of the open slides, the panes, the tile loader and the model runs; main thread only.

    `session`, `scene` and `view` are those of the active pane.

    Parameters
    ----------
    settings
        The user's settings.
    offered
        Finds the models that can be run; called when somebody asks for them.
    study
        Where annotations and results are kept.
    inbox
        The way back from all threads.

    Attributes
    ----------
    slides
        Those that are open, in the order of their tabs.
    panes
        The views on the canvas.
    links
        How slides lie on each other, and whether views follow each other.
    view
        State of the active pane; one object for good.
    backdrop
        (r, g, b), 0-255, of what lies beside a slide.
    closed
        Whether everything has been shut down.
    slide_changed
        Emitted with the new `Session`, or None, when the active pane shows another slide than before.
    slides_changed
        Emitted when slides were opened, closed or put in another order.
    slide_closed
        Emitted with the `OpenSlide` that has been closed, just before its file is.
    scale_changed
        Emitted when another pixel size is stated for an open slide, or none any more.
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
    slides_changed = Signal()
    slide_closed = Signal(OpenSlide)
    scale_changed = Signal()
    stale = Signal()
    models_changed = Signal()
    layers_changed = Signal()
    dropped = Signal(object)
    problem = Signal(str, str)
    busy = Signal(str)
    settings_changed = Signal()

    def __init__(
        self, settings: Settings, offered: Callable[[Settings], Registry], study: Study, inbox: Inbox
    ) -> None:
        self.settings = settings
        self._offered = offered
        self._registry: Registry | None = None
        self.study = study
        self.inbox = inbox
        self.background = Background(inbox)
        self.loader = TileLoader(inbox, cache_bytes=settings.cache_mb << 20, threads=settings.reader_threads)
        self.view = View(ViewState(Viewport((0.0, 0.0), 1.0, (1, 1)), ()))
        self.backdrop = NEUTRAL
        self.slides: list[OpenSlide] = []
        self.panes = Panes(self.view, lambda: self.slides)
        self._told: OpenSlide | None = None
        self.runs = ModelRuns(self)
        self.overviews = Overviews(self)
        self.contours = Contours(self)
        self.hotspots = Hotspots(self)
        self.looks = ChannelLooks(self)
        self.adjustments = Adjustments(self)
        self.links = Links(self)
        self.comparison = Comparison(self)
        self.links.changed.connect(self.stale.emit)
        # What is being opened, by its number among all that were asked for, and what is to be in front.
        self._opening: dict[Place, int] = {}
        self._asked = 0
        self._foremost: Place | None = None
        # What is stored has lost its query and password, which are kept here as long as the program runs.
        self._addresses: dict[str, Place] = {}
        self.closed = False
        self.loader.failed.connect(self._on_failed)
        self.panes.changed.connect(self._on_panes)
        self.panes.state_changed.connect(self._on_pane_state)

    @property
    def opening(self) -> bool:
        """Whether a slide is being opened."""
        return bool(self._opening)

    @property
    def registry(self) -> Registry:
        """The models that can be run."""
        if self._registry is None:
            self._registry = self._offered(self.settings)
        return self._registry

    def read_models(self) -> None:
        """Look anew for models that can be run."""
        self._registry = None
        self.models_changed.emit()

    # what is active --------------------------------------------------
    @property
    def slide(self) -> OpenSlide | None:
        """The open slide in the active pane, or None."""
        return self.panes.active.slide

    @property
    def session(self) -> Session | None:
        """The session of the slide in the active pane, or None."""
        return None if self.slide is None else self.slide.session

    @property
    def scene(self) -> Scene:
        """What there is to show in the active pane."""
        return self.panes.active.scene(self.backdrop)

    def _on_panes(self) -> None:
        if self.slide is not self._told:
            self._told = self.slide
            self.slide_changed.emit(self.session)
        self.stale.emit()

    def _on_pane_state(self, pane: Pane) -> None:
        self.stale.emit()

    # slides ----------------------------------------------------------
    def place_of(self, text: str) -> Place:
        """Return the place that the recent slides name, with the secrets that it was opened with before."""
        return self._addresses.get(text) or place_of(text)

    def open(self, *places: Place, first: Callable[[], Slide] | None = None) -> None:
        """Open slides off-thread, each behind a tab of its own, the first one in front.

        A slide that is open already is activated instead.

        Parameters
        ----------
        *places
            Where they are.
        first
            Returns the first slide, or raises, where somebody has begun to open it already.
        """
        self._foremost = places[0]
        for place in places:
            known = next((slide for slide in self.slides if slide.session.slide.info.path == place), None)
            if known is None:
                self._begin(place, first if place == places[0] else None)
            elif place == self._foremost:
                self.panes.show(known)

    def _begin(self, place: Place, opening: Callable[[], Slide] | None) -> None:
        self._asked += 1
        self.busy.emit(f"Opening {place.name} …")
        if place in self._opening:
            return
        self._opening[place] = self._asked
        self.background.run(
            opening or (lambda: open_slide(place)),
            lambda slide: self._opened(place, slide),
            lambda error: self._not_opened(place, error),
        )

    def _opened(self, place: Place, slide: Slide) -> None:
        asked = self._opening.pop(place)
        if self.closed:
            self.background.let_go(slide.close)
            return
        self._say_opening()
        try:
            session = self.study.session(slide)
        except PathViewError as error:
            self.background.let_go(slide.close)
            self.problem.emit("Cannot open slide", str(error))
            return
        self._add(session, asked, foremost=place == self._foremost)

    def _not_opened(self, place: Place, error: Exception) -> None:
        self._opening.pop(place)
        if not self.closed:
            self._say_opening()
            self.problem.emit("Cannot open slide", str(error))

    def _say_opening(self) -> None:
        newest = max(self._opening, key=lambda place: self._opening[place], default=None)
        self.busy.emit("" if newest is None else f"Opening {newest.name} …")

    def _add(self, session: Session, asked: int, *, foremost: bool) -> None:
        slide = session.slide
        opened = OpenSlide(session, SlideTiles(slide, colour=self.settings.convert_colours), asked)
        session.annotations.changed.connect(self._on_edit)
        session.scale.changed.connect(self._on_scale)
        stored, adjustment = self.adjustments.stored(session)
        viewport = self.view.state.viewport.upright().fitted(slide.info.bounds)
        layers = (Layer(SLIDE_LAYER, "slide", adjustment=adjustment), Layer(ANNOTATION_LAYER, "annotations"))
        opened.resting = Pane(opened, ViewState(viewport, layers), stored=stored)
        # In the order in which they were asked for, whichever opens first.
        place = max((n for n, other in enumerate(self.slides, 1) if other.asked < asked), default=0)
        self.slides.insert(place, opened)
        self.settings = self.settings.with_recent(slide.info.path)
        self.settings_changed.emit()
        self._addresses[lasting(slide.info.path)] = slide.info.path
        _log.info("opened %s (%s)", slide.info.path, slide.info.format)
        self.slides_changed.emit()
        if foremost or self.slide is None:
            self.panes.show(opened)
        self.runs.load_stored(opened)
        self.overviews.begin(slide)

    def move_slide(self, index: int, to: int) -> None:
        """Put the tab at `index` elsewhere."""
        self.slides.insert(to, self.slides.pop(index))
        self.slides_changed.emit()

    def step_slide(self, by: int) -> None:
        """Show the slide whose tab lies `by` further on, round the ends."""
        if self.slides:
            place = -1 if self.slide is None else self.slides.index(self.slide)
            self.panes.show(self.slides[(place + by) % len(self.slides)])

    def show_again(self) -> None:
        """Show the active slide a second time, in a place of its own beside the first."""
        slide, active = self.slide, self.panes.active
        if slide is not None:
            self.panes.put_beside(Pane(slide, active.state, stored=active.stored))

    def convert_colours(self, wanted: bool) -> None:
        """Show slides in sRGB, or in the file's own numbers, from now on; tiles are read again."""
        self.settings = replace(self.settings, convert_colours=wanted)
        self.settings_changed.emit()
        for slide in self.slides:
            old = slide.tiles
            slide.tiles = SlideTiles(slide.session.slide, colour=wanted, look=old.look)
            self._drop([old])
        if self.slides:
            self.layers_changed.emit()
            self.stale.emit()

    def close_slide(self, slide: OpenSlide | None = None) -> None:
        """Cancel what runs on a slide, default the active one, forget its tiles and close it."""
        slide = slide or self.slide
        if slide is None:
            return
        self.runs.forget(slide)
        self.overviews.cancel(slide.session.slide)
        slide.session.annotations.changed.disconnect(self._on_edit)
        slide.session.scale.changed.disconnect(self._on_scale)
        sources, place = self._sources(slide), self.slides.index(slide)
        self.slides.remove(slide)
        heirs = [*self.slides[place:], *reversed(self.slides[:place])]
        self.panes.take_out(slide, heirs)
        if not self.slides:
            self.panes.arrange(Arrangement())
        self._drop(sources)
        self.slides_changed.emit()
        self.slide_closed.emit(slide)
        # Not here: closing waits for the reads under way, and a share may not answer for minutes.
        self.background.let_go(slide.session.slide.close)

    def _sources(self, slide: OpenSlide) -> set[TileSource]:
        """Return all that is shown of a slide in any of its panes."""
        heatmaps = (pane.heatmap_tiles().values() for pane in self.panes.views_of(slide))
        return {slide.tiles, *(tiles for of_pane in heatmaps for tiles in of_pane)}

    def _drop(self, sources: Iterable[TileSource]) -> None:
        for source in sources:
            self.loader.forget(source)
            self.dropped.emit(source)

    # view ------------------------------------------------------------
    def look(self, viewport: Viewport, pane: Pane | None = None) -> None:
        """Move the view of a pane, default the active one, kept where one cannot get lost."""
        pane = pane or self.panes.active
        if pane.slide is not None:
            viewport = viewport.clamped(pane.slide.session.slide.info.box)
        self.panes.set(pane, pane.state.shown_at(viewport))

    def transform(self, a: OpenSlide, b: OpenSlide) -> Transform:
        """Return the map from level-0 pixels of slide A to those of slide B, by the link between them."""
        return self.links.transform(a, b)

    def set_background(self, color: tuple[int, int, int]) -> None:
        """Set the (r, g, b), 0-255, of what lies beside the slide."""
        self.backdrop = color
        self.stale.emit()

    def set_layer(self, name: str, **changes: object) -> None:
        """Change fields of the active pane's layer called `name`."""
        self.set_layer_in(self.panes.active, name, changes)

    def set_layer_in(self, pane: Pane, name: str, changes: Mapping[str, object]) -> None:
        """Change fields of the layer called `name` in any pane."""
        before = set() if pane.slide is None else self._sources(pane.slide)
        layer = dataclasses.replace(pane.state.layer(name), **changes)  # type: ignore[arg-type]
        self.panes.set(pane, pane.state.with_layer(layer))
        if pane.slide is not None and "channel" in changes and name in pane.slide.heatmaps:
            self._drop(before - self._sources(pane.slide))
            self.layers_changed.emit()

    def show_heatmap(self, slide: OpenSlide, name: str, heatmap: Heatmap, *, threshold: float = 0.0) -> None:
        """Show a heatmap as the layer `name`, under the annotations and above the slide.

        Values under `threshold` are transparent at first.
        """
        before = self._sources(slide)
        slide.heatmaps[name] = heatmap
        positive = heatmap.facts.classes.index(heatmap.facts.positive)
        unsure = UNCERTAINTY in heatmap.extras
        layer = Layer(
            name,
            "heatmap",
            opacity=0.75,
            colormap="heat",
            threshold=threshold,
            channel=positive,
            fade=True,
            stipple=unsure,
        )
        for pane in self.panes.views_of(slide):
            self.panes.set(pane, _with_heatmap(pane.state, layer))
        self._drop(before - self._sources(slide))
        self.layers_changed.emit()
        self.stale.emit()

    def show_detections(self, slide: OpenSlide, name: str, detections: Detections) -> None:
        """Show what a model has found as the layer `name`, under the annotations and above its heatmap."""
        slide.detections[name] = detections
        for pane in self.panes.views_of(slide):
            self.panes.set(pane, _with_heatmap(pane.state, Layer(name, "detections", outline_width=1.5)))
        self.layers_changed.emit()
        self.stale.emit()

    def show_difference(self, slide: OpenSlide, difference: Difference) -> None:
        """Show A minus B of two heatmaps in place of all heatmaps."""
        before = self._sources(slide)
        slide.difference = difference
        layer = Layer(DIFFERENCE_LAYER, "difference", opacity=0.85, colormap=DIFFERENCE_MAP, fade=True)
        for pane in self.panes.views_of(slide):
            hidden = (replace(la, visible=False) if la.kind == "heatmap" else la for la in pane.state.layers)
            state = replace(pane.state, layers=tuple(hidden)).without_layer(DIFFERENCE_LAYER)
            self.panes.set(pane, _with_heatmap(state, layer))
        self._drop(before - self._sources(slide))
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
        for pane in (pane for slide in self.slides for pane in self.panes.views_of(slide)):
            if pane.state.selection & gone:
                self.panes.set(pane, replace(pane.state, selection=pane.state.selection - gone))
        self.stale.emit()

    def _on_scale(self) -> None:
        info = self._session().slide.info
        _log.info("pixel size of %s: %s (%s)", info.path.name, info.mpp, info.mpp_source)
        self.scale_changed.emit()
        self.stale.emit()

    def _on_failed(self, address: object, error: Exception) -> None:
        self.stale.emit()

    def close(self) -> None:
        """Shut down in the fixed order: slides, runs, host, servers, loader, background work, study."""
        self.closed = True
        # The active one last: nobody wants to see another one for a moment.
        for slide in sorted(self.slides, key=lambda one: one is self.slide):
            self.close_slide(slide)
        self.runs.close()
        hang_up_everywhere()
        self.loader.close()
        self.background.close()
        # A slide that has opened meanwhile waits in the inbox: it is closed there, not shown.
        self.inbox.close()
        self.study.close()


def _with_heatmap(state: ViewState, layer: Layer) -> ViewState:
    """Return the state with a heatmap's layer under the annotations, unless it is there already."""
    if any(known.name == layer.name for known in state.layers):
        return state
    below = tuple(la for la in state.layers if la.kind != "annotations")
    above = tuple(la for la in state.layers if la.kind == "annotations")
    return replace(state, layers=(*below, layer, *above))
