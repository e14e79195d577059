"""What the View menu does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from pathview.app.held_key import HeldKey
from pathview.view.magnification import POWERS, downsample_at
from pathview.view.magnifier import POWERS as LENSES
from pathview.view.magnifier import Power

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow
    from pathview.view.layers import Layer
    from pathview.view.viewport import Viewport

_STEP = 0.2
_ZOOM = 2**0.5
_PANS = {"left": (1, 0), "right": (-1, 0), "up": (0, 1), "down": (0, -1)}
_OWN = (
    "zoom_fit", "zoom_full", "toggle_annotations", "toggle_heatmap", "colour_profile", "back", "forward",
    "rotate_to", "upright", "flip", "full_screen", "toggle_grid", "toggle_crosshair", "toggle_coverage",
    "reset_coverage", "toggle_magnifier",
)  # fmt: skip


class ViewCommands:
    """The callbacks of the View menu.

    Parameters
    ----------
    window
        Whose actions these are.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace
        lens = window.canvas_widget.magnifier
        self._magnifier = HeldKey(window, "magnifier", lambda: lens.held, lens.hold)

    def callbacks(self) -> dict[str, Callable[[], object]]:
        """Return what each action does, by its key."""
        looks = self._workspace.looks
        calls: dict[str, Callable[[], object]] = {name: getattr(self, name) for name in _OWN}
        calls |= {f"pan_{name}": partial(self._pan, *by) for name, by in _PANS.items()}
        calls |= {f"power_{power:g}": partial(self._magnify, power) for power in POWERS}
        return calls | {
            "magnifier": self._magnifier.toggle,
            **{f"magnifier_{power}": partial(self._magnify_by, power) for power in LENSES},
            "zoom_in": partial(self._zoom, _ZOOM),
            "zoom_out": partial(self._zoom, 1 / _ZOOM),
            "rotate_left": partial(self._rotate, -90.0),
            "rotate_right": partial(self._rotate, 90.0),
            "plane_up": partial(looks.step_plane, 1),
            "plane_down": partial(looks.step_plane, -1),
            "auto_contrast": looks.auto_contrast,
        }

    # where one looks -------------------------------------------------
    @property
    def _viewport(self) -> Viewport:
        return self._workspace.view.state.viewport

    def _zoom(self, factor: float) -> None:
        width, height = self._viewport.size
        self._window.canvas_widget.motions.zoom(factor, (width / 2, height / 2))

    def _pan(self, dx: float, dy: float) -> None:
        width, height = self._viewport.size
        self._window.canvas_widget.motions.step(dx * width * _STEP, dy * height * _STEP)

    def _magnify(self, power: float) -> None:
        session = self._workspace.session
        downsample = None if session is None else downsample_at(power, session.slide.info)
        if downsample is not None:
            self._zoom(self._viewport.downsample / downsample)

    def toggle_magnifier(self) -> None:
        """Have the magnifier until it is switched off again, or do not."""
        on = self._window.actions_table["toggle_magnifier"].isChecked()
        self._window.canvas_widget.magnifier.switch(on)

    def _magnify_by(self, power: Power) -> None:
        self._window.canvas_widget.magnifier.magnify(power)

    def zoom_fit(self) -> None:
        """Show the whole slide."""
        session = self._workspace.session
        if session is not None:
            self._workspace.look(self._viewport.fitted(session.slide.info.bounds))

    def zoom_full(self) -> None:
        """Show one slide pixel per physical screen pixel."""
        self._workspace.look(replace(self._viewport, downsample=1.0))

    def back(self) -> None:
        """Show what was looked at before."""
        self._window.canvas_widget.visited.back()

    def forward(self) -> None:
        """Show what was looked at after."""
        self._window.canvas_widget.visited.forward()

    # how it lies -----------------------------------------------------
    def _rotate(self, degrees: float) -> None:
        self._workspace.look(self._viewport.rotated(degrees))

    def rotate_to(self) -> None:
        """Ask for an angle and turn the slide to it."""
        angle, agreed = QInputDialog.getDouble(
            self._window, "Rotate", "Degrees clockwise from upright:", self._viewport.turned, -360, 360, 1
        )
        if agreed:
            self._rotate(angle - self._viewport.turned)

    def upright(self) -> None:
        """Show the slide as it was scanned, neither turned nor mirrored."""
        self._workspace.look(self._viewport.upright())

    def flip(self) -> None:
        """Mirror the slide, left and right swapped."""
        self._workspace.look(self._viewport.mirrored())

    # what is shown ---------------------------------------------------
    def toggle_annotations(self) -> None:
        """Show or hide the annotations."""
        self._toggle(self._layers("annotations"))

    def toggle_heatmap(self) -> None:
        """Hide the heatmaps, or show those that have the slide's pixel size; the others if there are none.

        Where the difference of two was asked for, it takes their place.
        """
        layers, differences = self._layers("heatmap"), self._layers("difference")
        if any(layer.visible for layer in (*layers, *differences)):
            self._toggle([*layers, *differences])
            return
        fitting = [layer for layer in layers if not self._workspace.runs.misfit(layer.name)]
        self._toggle(differences or fitting or layers)

    def toggle_grid(self) -> None:
        """Show or hide the grid."""
        self._window.overlays.switch_guides(grid=self._window.actions_table["toggle_grid"].isChecked())

    def toggle_crosshair(self) -> None:
        """Show or hide the cross in the middle."""
        self._window.overlays.switch_guides(
            crosshair=self._window.actions_table["toggle_crosshair"].isChecked()
        )

    def toggle_coverage(self) -> None:
        """Shade in the overview what was not looked at, or do not."""
        self._window.reading.show(self._window.actions_table["toggle_coverage"].isChecked())

    def reset_coverage(self) -> None:
        """Forget what was looked at on the slide."""
        self._window.reading.reset()
        self._window.statusBar().showMessage("What was looked at on this slide is forgotten", 5_000)

    def colour_profile(self) -> None:
        """Switch the conversion of colours for the screen."""
        self._workspace.convert_colours(not self._workspace.settings.convert_colours)

    def full_screen(self) -> None:
        """Give the slide the whole screen, or give it back."""
        self._window.set_full_screen(not self._window.isFullScreen())

    def _layers(self, kind: str) -> list[Layer]:
        return [layer for layer in self._workspace.view.state.layers if layer.kind == kind]

    def _toggle(self, layers: list[Layer]) -> None:
        shown = any(layer.visible for layer in layers)
        for layer in layers:
            self._workspace.set_layer(layer.name, visible=not shown)
