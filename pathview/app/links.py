"""Linked views: where the active pane looks, the others look as well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from pathview.app.link_store import LinkStore, fingerprint, glass
from pathview.core.errors import LinkError
from pathview.view.landmarks import Fit, Link, Pair, Point, as_they_are
from pathview.view.linking import Transform, followed

if TYPE_CHECKING:
    from pathview.app.open_slide import OpenSlide, Pane
    from pathview.app.workspace import Workspace
    from pathview.view.state import ViewState

TOOL = "landmark"


class Links:
    """Owner of the links; main thread only.

    While landmarks are set, each view moves alone: the next structure must be found on each slide.

    Parameters
    ----------
    workspace
        Whose panes are linked.

    Attributes
    ----------
    changed
        Emitted when another link holds, it was switched, or a landmark was clicked.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = LinkStore(workspace)
        self._on = self._busy = False
        self._clicked: tuple[OpenSlide, Point] | None = None
        self._known: set[Pane] = set(workspace.panes.shown)
        self._leader = workspace.panes.active
        workspace.view.changed.connect(self._on_view)
        workspace.panes.changed.connect(self._on_panes)
        workspace.scale_changed.connect(self._on_scale)
        workspace.slide_closed.connect(self._on_closed)

    # what holds ------------------------------------------------------
    @property
    def on(self) -> bool:
        """Whether views are linked."""
        return self._on

    @property
    def partner(self) -> OpenSlide | None:
        """The other slide whose link is spoken of: the first in another pane, None where there is none."""
        active = self._workspace.slide
        slides = (pane.slide for pane in self._workspace.panes.shown)
        if active is None:
            return None
        return next((s for s in slides if s is not None and fingerprint(s) != fingerprint(active)), None)

    @property
    def clicked(self) -> tuple[OpenSlide, Point] | None:
        """Half a pair: where the first of its landmarks was clicked."""
        return self._clicked

    @property
    def setting(self) -> bool:
        """Whether landmarks are being set."""
        return self._workspace.view.state.tool == TOOL

    def link(self) -> Link:
        """Return how the active slide lies on its partner."""
        active, partner = self._both()
        return self._store.get(active, partner)

    def fit(self) -> Fit:
        """Return what the link can do with its landmarks and what is known of the slides."""
        active, partner = self._both()
        return self.link().possible_fit(glass(active), glass(partner))

    def residuals(self) -> tuple[float, ...]:
        """Return for each pair how far it is off, in um, or in pixels of the partner without pixel size.

        Raises
        ------
        LinkError
            If the landmarks do not say how the slides lie.
        """
        active, partner = self._both()
        return self.link().residuals(glass(active), glass(partner))

    def trouble(self) -> str:
        """Return why the active slide and its partner cannot be linked, or ""."""
        active, partner = self._both()
        try:
            self._transform(active, partner)
        except LinkError as error:
            return str(error)
        return ""

    def transform(self, a: OpenSlide, b: OpenSlide) -> Transform:
        """Return the map from level-0 pixels of `a` to those of `b`; pixel on pixel where nothing says it."""
        try:
            return self._transform(a, b)
        except LinkError:
            return Transform()

    # changes ---------------------------------------------------------
    def switch(self, on: bool) -> None:
        """Link the views, or let each move alone; where nothing says how they lie, as they are now."""
        self._on = on
        if on:
            for pane in self._others():
                self._make_possible(pane)
            self._follow()
        self.changed.emit()

    def take_as_now(self) -> None:
        """Link each view as it lies now, and forget the landmarks."""
        self._on = True
        for pane in self._others():
            self._take_now(pane)
        self._follow()
        self.changed.emit()

    def click(self, place: Point) -> None:
        """Take a place on the active slide as a landmark; with one on another slide it is a pair."""
        active, first = self._workspace.slide, self._clicked
        if active is None:
            return
        if first is None or fingerprint(first[0]) == fingerprint(active):
            self._clicked = active, place
            self.changed.emit()
            return
        self._clicked = None
        link = self._store.get(first[0], active)
        self._store.put(first[0], active, link.with_pair(Pair(first[1], place)))
        self._on = True
        self.changed.emit()

    def drop_click(self) -> None:
        """Forget half a pair."""
        self._clicked = None
        self.changed.emit()

    def remove(self, numbers: set[int]) -> None:
        """Remove pairs of the link, by number from 0."""
        active, partner = self._both()
        self._store.put(active, partner, self.link().without_pairs(numbers))
        self._follow()
        self.changed.emit()

    def choose(self, fit: Fit) -> None:
        """Fit the landmarks otherwise."""
        active, partner = self._both()
        self._store.put(active, partner, replace(self.link(), fit=fit))
        self._follow()
        self.changed.emit()

    # following -------------------------------------------------------
    def _on_view(self, old: ViewState, new: ViewState) -> None:
        if old.tool != new.tool and TOOL in (old.tool, new.tool):
            self._clicked = None
            self._follow()
            self.changed.emit()
        elif old.viewport != new.viewport and self._leader is self._workspace.panes.active:
            # Another active pane is another view, but nobody has moved; what joins comes with the panes.
            self._follow()

    def _on_panes(self) -> None:
        panes = self._workspace.panes
        fresh = {pane for pane in panes.shown if pane not in self._known}
        elder = next((p for p in panes.shown if p in self._known and p.slide is not None), None)
        self._known, self._leader = set(panes.shown), panes.active
        if self._on:
            for pane in self._others():
                self._make_possible(pane)
            # A slide that joins comes to where the others are.
            if panes.active in fresh and elder is not None:
                self._lead(elder, panes.active)
            self._follow()
        self.changed.emit()

    def _on_scale(self) -> None:
        self._follow()
        self.changed.emit()

    def _on_closed(self, slide: OpenSlide) -> None:
        if self._clicked is not None and self._clicked[0] is slide:
            self._clicked = None

    def _follow(self) -> None:
        if not self._on or self._busy or self.setting:
            return
        self._busy = True
        try:
            for pane in self._others():
                self._lead(self._workspace.panes.active, pane)
        finally:
            self._busy = False

    def _lead(self, leader: Pane, pane: Pane) -> None:
        """Let `pane` look where `leader` looks."""
        if leader.slide is None or pane.slide is None:
            return
        try:
            transform = self._transform(leader.slide, pane.slide)
        except LinkError:
            return  # the panel says why
        viewport = followed(leader.state.viewport, transform, pane.state.viewport.size)
        # Not `look`: a view that was kept on its slide would no longer show the same place.
        self._workspace.panes.set(pane, pane.state.shown_at(viewport))

    def _transform(self, a: OpenSlide, b: OpenSlide) -> Transform:
        if fingerprint(a) == fingerprint(b):
            return Transform()
        return self._store.get(a, b).transform(glass(a), glass(b))

    def _others(self) -> list[Pane]:
        panes = self._workspace.panes
        return [pane for pane in panes.shown if pane is not panes.active and pane.slide is not None]

    def _make_possible(self, pane: Pane) -> None:
        """Link a pane as it is where there are no landmarks and no pixel sizes to go by."""
        active = self._workspace.slide
        if active is None or pane.slide is None or fingerprint(active) == fingerprint(pane.slide):
            return
        try:
            self._transform(active, pane.slide)
        except LinkError:
            if not self._store.get(active, pane.slide).pairs:
                self._take_now(pane)

    def _take_now(self, pane: Pane) -> None:
        active, slide = self._workspace.panes.active, pane.slide
        if active.slide is None or slide is None:
            return
        views = active.state.viewport, pane.state.viewport
        self._store.put(active.slide, slide, as_they_are(*views, glass(active.slide), glass(slide)))

    def _both(self) -> tuple[OpenSlide, OpenSlide]:
        active, partner = self._workspace.slide, self.partner
        assert active is not None, "callers ask only while there are two slides"
        assert partner is not None, "callers ask only while there are two slides"
        return active, partner
