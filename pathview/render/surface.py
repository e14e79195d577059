"""What a canvas draws on: a widget of vispy's, or memory that is shown by other means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Draw = Callable[[], None]


class Surface(Protocol):
    """A place to draw on, with a GL context of its own; main thread only."""

    @property
    def context(self) -> Any:
        """The vispy `GLContext`."""
        ...

    @property
    def native(self) -> Any:
        """The widget that shows what is drawn, a QWidget under Qt."""
        ...

    @property
    def physical_size(self) -> tuple[int, int]:
        """Width and height in physical pixels."""
        ...

    @property
    def pixel_scale(self) -> float:
        """Physical pixels per logical pixel."""
        ...

    @property
    def drawing(self) -> bool:
        """Whether what was drawn last is still being worked out; what is drawn meanwhile has to wait."""
        ...

    def serve(self, begin: Draw, draw: Draw) -> None:
        """Call `begin` whenever the context is a new one, and `draw` to draw, with the context current."""
        ...

    def set_current(self) -> None:
        """Make the context current."""
        ...

    def update(self) -> None:
        """Have all drawn soon."""
        ...

    def renew(self) -> None:
        """Forget own objects of a context that was lost."""
        ...

    def close(self) -> None:
        """Let go of the context."""
        ...
