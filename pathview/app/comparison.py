"""Two views over each other in one place: side against side at a divider, or in turns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from pathview.app.open_slide import OpenSlide, Pane
from pathview.view.adjust import NEUTRAL
from pathview.view.arrangement import Area
from pathview.view.linking import followed
from pathview.view.state import ViewState

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace

Mode = Literal["off", "swipe", "blink"]
_LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Partner:
    """What the active view is compared with.

    Attributes
    ----------
    slide
        The slide of the other view.
    as_scanned
        Whether that is the active slide itself, without adjustments, heatmaps and annotations.
    """

    slide: OpenSlide
    as_scanned: bool = False

    @property
    def name(self) -> str:
        """What the label says."""
        return f"{self.slide.name} as scanned" if self.as_scanned else self.slide.name


class Comparison:
    """Lays another view over the active one, at the same place of the tissue; main thread only.

    The other view is of another slide, or of the active one as it was scanned. It has no state of its own: it
    follows the active pane in where one looks, and in how it looks the pane that its slide has.

    Parameters
    ----------
    workspace
        Whose panes they are.

    Attributes
    ----------
    mode
        "swipe": the other one to the right of a divider; "blink": both in turns; or "off".
    share
        Where the divider is, as a share of the width.
    turned
        While blinking: whether it is the other one's turn.
    held
        Whether the other one is shown for the time being, whatever the mode.
    """

    changed = Signal()
    """Emitted when something else is to be shown."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._partner: Partner | None = None
        self.mode: Mode = "off"
        self.share = 0.5
        self.turned = False
        self.held = False
        workspace.panes.leaving.connect(self.end)
        workspace.slide_closed.connect(self._on_closed)

    # what is compared ------------------------------------------------
    @property
    def partners(self) -> list[Partner]:
        """What the active view can be compared with: slides in other places, behind tabs, and itself."""
        panes, own = self._workspace.panes, self._workspace.slide
        if own is None:
            return []
        beside = [pane.slide for pane in panes.shown if pane.slide is not None]
        slides = dict.fromkeys((*beside, *self._workspace.slides))
        return [*(Partner(slide) for slide in slides if slide is not own), Partner(own, as_scanned=True)]

    @property
    def partner(self) -> Partner | None:
        """What it is compared with, or would be; None without a slide."""
        partners = self.partners
        if self._partner in partners:
            return self._partner
        return partners[0] if partners else None

    def next_partner(self) -> None:
        """Compare with the next one of `partners`."""
        partners, present = self.partners, self.partner
        if present is not None:
            self._partner = partners[(partners.index(present) + 1) % len(partners)]
            self.changed.emit()

    def _on_closed(self, slide: OpenSlide) -> None:
        if self._partner is not None and self._partner.slide is slide:
            self._partner = None
        self.end()

    # how -------------------------------------------------------------
    @property
    def going(self) -> bool:
        """Whether anything is laid over the active view."""
        return self.held or self.mode != "off"

    def switch(self, mode: Literal["swipe", "blink"]) -> None:
        """Begin to compare in this way, or end it; blinking begins with the other one."""
        if self.mode == mode:
            self.end()
        elif self.partner is not None:
            self.mode, self.turned = mode, True
            self.changed.emit()

    def hold(self, on: bool) -> None:
        """Show the other one alone, or no more."""
        if on != self.held and (self.partner is not None or not on):
            self.held = on
            self.changed.emit()

    def turn(self) -> None:
        """While blinking, show the one that does not show."""
        self.turned = not self.turned
        self.changed.emit()

    def divide(self, share: float) -> None:
        """Put the divider elsewhere."""
        self.share = min(max(share, _LEAST_SHARE), 1 - _LEAST_SHARE)
        self.changed.emit()

    def end(self) -> None:
        """Show the active view alone again."""
        if self.going:
            self.mode, self.held = "off", False
            self.changed.emit()

    # what is shown ---------------------------------------------------
    def divider(self, area: Area) -> int:
        """Return the first column of the canvas that shows the other view; `area` is the active pane's."""
        return area.x + round(self.share * area.width)

    @property
    def other_alone(self) -> bool:
        """Whether the other view is shown in place of the active one."""
        return self.held or (self.mode == "blink" and self.turned)

    def laid(self, pane: Pane, area: Area) -> list[tuple[Pane, Area | None]]:
        """Return what a place of the canvas shows, with the part of the canvas that each is clipped to."""
        other = self.other if self.going and pane is self._workspace.panes.active else None
        if other is None:
            return [(pane, None)]
        if self.other_alone:
            return [(other, None)]
        if self.mode == "blink":
            return [(pane, None)]
        at = self.divider(area)
        left = Area(area.x, area.y, at - area.x, area.height)
        return [(pane, left), (other, Area(at, area.y, area.x + area.width - at, area.height))]

    def seen_at(self, pane: Pane, area: Area, x: float) -> Pane:
        """Return the pane that shows in a column of the canvas, where `pane` lies on `area`."""
        laid = self.laid(pane, area)
        return next(one for one, clip in laid if clip is None or clip.x <= x < clip.x + clip.width)

    @property
    def other(self) -> Pane | None:
        """The other view as it is now: a pane that is in no place of its own."""
        partner, active = self.partner, self._workspace.panes.active
        if partner is None or active.slide is None:
            return None
        if partner.as_scanned:
            return Pane(partner.slide, _plain(active.state))
        transform = self._workspace.transform(active.slide, partner.slide)
        like = self._workspace.panes.views_of(partner.slide)[0].state
        return Pane(partner.slide, like.shown_at(followed(active.state.viewport, transform)))


def _plain(state: ViewState) -> ViewState:
    layers = (replace(la, adjustment=NEUTRAL) for la in state.layers if la.kind == "slide")
    return replace(state, layers=tuple(layers), selection=frozenset())
