"""A canvas of vispy's, of any of its backends: how a graphics card draws into a window."""

from __future__ import annotations

from typing import Any

from vispy import app as vispy_app

from pathview.render.surface import Draw


class VispySurface:
    """A `Surface` that draws straight into what is shown.

    Parameters
    ----------
    app
        A vispy `Application`; None takes the one chosen by `vispy.use`, for example "pyside6".
    size
        Logical pixels.
    """

    drawing = False
    """A card draws beside the program, and waits by itself."""

    def __init__(self, app: Any = None, size: tuple[int, int] = (800, 600)) -> None:
        self._canvas = vispy_app.Canvas(app=app, size=size, keys=None)

    @property
    def context(self) -> Any:
        """The vispy `GLContext`."""
        return self._canvas.context

    @property
    def native(self) -> Any:
        """The backend's own widget, a QWidget under Qt."""
        return self._canvas.native

    @property
    def physical_size(self) -> tuple[int, int]:
        """Width and height in physical pixels."""
        width, height = self._canvas.physical_size
        return int(width), int(height)

    @property
    def pixel_scale(self) -> float:
        """Physical pixels per logical pixel."""
        return float(self._canvas.pixel_scale)

    def serve(self, begin: Draw, draw: Draw) -> None:
        """Call `begin` whenever the context is a new one, and `draw` for every painting."""
        # Qt initialises once more when a new parent brings a new context.
        self._canvas.events.initialize.connect(lambda event: begin())
        self._canvas.events.draw.connect(lambda event: draw())

    def set_current(self) -> None:
        """Make the context current."""
        self._canvas.set_current()

    def update(self) -> None:
        """Ask for a painting."""
        self._canvas.update()

    def renew(self) -> None:
        """Forget nothing: the widget's own objects are Qt's."""

    def close(self) -> None:
        """Close the canvas."""
        self._canvas.close()
