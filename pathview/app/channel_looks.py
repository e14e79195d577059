"""How the channels and focal planes of the open slide are shown, and who changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from pathview.slides.channels import Look
from pathview.tiles.source import SlideTiles

if TYPE_CHECKING:
    from pathview.app.workspace import Workspace


class ChannelLooks:
    """Owner of the look; main thread only.

    Parameters
    ----------
    workspace
        Whose slide it is.
    """

    changed = Signal()
    """Emitted when channels or the focal plane are shown otherwise."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def look(self) -> Look | None:
        """How they are shown; None without a slide that has any."""
        tiles = self._workspace.scene.slide_tiles
        return tiles.look if isinstance(tiles, SlideTiles) else None

    def show(self, look: Look) -> None:
        """Show them otherwise; only for a slide that has a `look`."""
        tiles = self._workspace.scene.slide_tiles
        if not isinstance(tiles, SlideTiles) or look == tiles.look:
            return
        tiles.show(look)
        # Another plane may be readable where this one was not.
        self._workspace.loader.retry(tiles)
        self.changed.emit()
        self._workspace.stale.emit()

    def show_plane(self, plane: int) -> None:
        """Show another focal plane, or the nearest there is."""
        look, session = self.look, self._workspace.session
        if look is not None and session is not None:
            last = session.slide.info.planes - 1
            self.show(replace(look, plane=min(max(plane, 0), last)))

    def step_plane(self, by: int) -> None:
        """Go up or down through the focal planes."""
        look = self.look
        if look is not None:
            self.show_plane(look.plane + by)

    def reset(self) -> None:
        """Show them as when the slide was opened."""
        session = self._workspace.session
        first = None if session is None else session.slide.first_look
        if first is not None:
            self.show(first)

    def auto_contrast(self) -> None:
        """Suit the contrast of the visible channels to what is in view."""
        session, look = self._workspace.session, self.look
        viewport = self._workspace.view.state.viewport
        if session is None or look is None:
            return
        slide, box = session.slide, viewport.box()

        def take(found: Look) -> None:
            # What the user has changed meanwhile is not to be undone.
            if self._workspace.session is session and self.look == look:
                self.show(found)

        self._workspace.background.run(
            lambda: slide.auto_look(look, box, viewport.downsample),
            take,
            lambda error: self._workspace.problem.emit("Cannot judge the contrast", str(error)),
        )
