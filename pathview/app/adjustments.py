"""How the picture of the active pane is adjusted, and who changes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from pathview.core.errors import PathViewError
from pathview.inference.tissue_sample import tissue_sample
from pathview.tiles.source import Rgb, SlideTiles
from pathview.view.adjust import NEUTRAL, Adjustment
from pathview.view.judge import automatic, own_stains, white_from_glass
from pathview.view.layers import Layer

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace
    from pathview.study.session import Session

_log = logging.getLogger(__name__)
_THUMBNAIL = 1024
NO_STAINS = "A slide with channels has no stains to tell apart: its colours are given by the program."


class Adjustments:
    """Owner of the adjustment; main thread only. The layer of the slide carries it.

    Parameters
    ----------
    workspace
        Whose slide it is.

    Attributes
    ----------
    copied
        What `copy` took, for any slide; None before.
    """

    changed = Signal()
    """Emitted when the picture is adjusted otherwise, or compared."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.copied: Adjustment | None = None
        workspace.panes.leaving.connect(self.keep)

    # what it is ------------------------------------------------------
    @property
    def current(self) -> Adjustment:
        """How the picture is adjusted; neutral without a slide."""
        layer = self._layer()
        return NEUTRAL if layer is None else layer.adjustment

    @property
    def comparing(self) -> bool:
        """Whether the slide is shown as it is for the time being."""
        return self._workspace.view.state.comparing

    @property
    def separable(self) -> bool:
        """Whether the slide is one whose stains can be told apart."""
        session = self._workspace.session
        return session is not None and not session.slide.info.channels

    def _layer(self) -> Layer | None:
        layers = self._workspace.view.state.layers
        return next((layer for layer in layers if layer.kind == "slide"), None)

    # changes ---------------------------------------------------------
    def show(self, adjustment: Adjustment) -> None:
        """Adjust the picture; without the stains where there are none to be told apart."""
        layer = self._layer()
        if layer is None:
            return
        if not self.separable:
            adjustment = adjustment.without_stains()
        state = self._workspace.view.state.with_layer(replace(layer, adjustment=adjustment))
        if state != self._workspace.view.state:
            self._workspace.view.set(replace(state, comparing=False))
            self.changed.emit()

    def reset(self) -> None:
        """Show the slide as it is, with all stains; which stains were chosen stays."""
        self.show(replace(NEUTRAL, stains=self.current.stains, grey=self.current.grey))

    def compare(self, on: bool) -> None:
        """Show the slide as it is while `on`, and as it is adjusted after that."""
        if on != self.comparing:
            self._workspace.view.set(replace(self._workspace.view.state, comparing=on))
            self.changed.emit()

    def copy(self) -> None:
        """Take the adjustment along, to other slides."""
        self.copied = self.current
        self.changed.emit()

    def paste(self) -> None:
        """Adjust the picture as the one that was copied."""
        if self.copied is not None:
            self.show(self.copied)

    # what is judged from the slide -----------------------------------
    def white_from_glass(self) -> None:
        """Make the bare glass white."""
        self._judge("Looking for glass …", lambda picture, _: white_from_glass(picture, self.current))

    def automatic(self) -> None:
        """Make the bare glass white and spread the tissue from dark to white."""
        self._judge("Judging the picture …", lambda picture, _: automatic(picture, self.current))

    def estimate_stains(self) -> None:
        """Take the stains' colours from the slide's own tissue."""
        self._judge(
            "Judging the stains …", lambda seen, tissue: own_stains(seen, tissue, self.current), sample=True
        )

    def _judge(
        self, what: str, judge: Callable[[Rgb, Rgb | None], Adjustment], *, sample: bool = False
    ) -> None:
        """Look at the slide off-thread; `judge` is called with what is seen when that is here."""
        session, tiles = self._workspace.session, self._workspace.scene.slide_tiles
        if session is None or not isinstance(tiles, SlideTiles):
            return
        slide, look = session.slide, tiles.look

        def see() -> tuple[Rgb, Rgb | None]:
            thumbnail = slide.thumbnail(_THUMBNAIL, look)
            tissue = tissue_sample(slide, thumbnail) if sample else None
            return tiles.colour.apply(thumbnail), None if tissue is None else tiles.colour.apply(tissue)

        def failed(error: Exception) -> None:
            self._workspace.busy.emit("")
            if self._workspace.session is session:
                self._workspace.problem.emit("Cannot adjust the picture", str(error))

        def seen(both: tuple[Rgb, Rgb | None]) -> None:
            self._workspace.busy.emit("")
            if self._workspace.session is not session:
                return
            try:
                self.show(judge(*both))
            except PathViewError as error:
                failed(error)

        self._workspace.busy.emit(what)
        self._workspace.background.run(see, seen, failed)

    # what is kept ----------------------------------------------------
    def stored(self, session: Session) -> tuple[str | None, Adjustment]:
        """Return how the picture of a slide was adjusted last, as the study holds it and as it is used."""
        text = None
        try:
            text = self._workspace.study.adjustment(session.slide.info.fingerprint)
            found = NEUTRAL if text is None else Adjustment.from_json(text)
        except (PathViewError, ValueError) as error:
            _log.warning("the adjustment of %s is not used: %s", session.slide.info.path.name, error)
            return text, NEUTRAL
        return text, found.without_stains() if session.slide.info.channels else found

    def keep(self) -> None:
        """Store the adjustment, unless it is stored already; a study that is read only keeps nothing."""
        session, present, pane = self._workspace.session, self.current, self._workspace.panes.active
        if session is None or session.read_only:
            return
        text = None if present == NEUTRAL else present.to_json()
        if text == pane.stored:
            return
        pane.stored = text  # also if that fails: one message is enough
        try:
            self._workspace.study.set_adjustment(session.slide.info.fingerprint, text)
        except PathViewError as error:
            self._workspace.problem.emit("Cannot keep the adjustment", str(error))
