"""The view state and its one owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from psygnal import Signal

from pathview.view.layers import Layer
from pathview.view.viewport import Viewport


@dataclass(frozen=True, slots=True)
class ViewState:
    """All that decides what one view of a slide shows.

    Attributes
    ----------
    viewport
        Where one looks.
    layers
        From the bottom to the top.
    selection
        Annotations that are selected.
    tool
        A key of `pathview.view.tools.TOOLS`.
    comparing
        Whether the slide is shown as it is, whatever its layer's adjustment says.
    """

    viewport: Viewport
    layers: tuple[Layer, ...]
    selection: frozenset[UUID] = frozenset()
    tool: str = "pan"
    comparing: bool = False

    def shown_at(self, viewport: Viewport) -> ViewState:
        """Return the state with another viewport."""
        return replace(self, viewport=viewport)

    def layer(self, name: str) -> Layer:
        """Return the layer called `name`.

        Raises
        ------
        KeyError
            If there is none.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def with_layer(self, layer: Layer) -> ViewState:
        """Return the state with `layer` in place of the one of that name, or on top if it is new."""
        if all(other.name != layer.name for other in self.layers):
            return replace(self, layers=(*self.layers, layer))
        return replace(
            self, layers=tuple(layer if other.name == layer.name else other for other in self.layers)
        )

    def without_layer(self, name: str) -> ViewState:
        """Return the state without the layer called `name`, if there is one."""
        return replace(self, layers=tuple(layer for layer in self.layers if layer.name != name))


class View:
    """Owner of a `ViewState`: one setter, one signal; main thread only.

    Parameters
    ----------
    state
        The first state.
    """

    changed = Signal(ViewState, ViewState)
    """The old and the new state."""

    def __init__(self, state: ViewState) -> None:
        self._state = state

    @property
    def state(self) -> ViewState:
        """What is shown now."""
        return self._state

    def set(self, state: ViewState) -> None:
        """Show `state`; listeners hear of it unless it equals the present one."""
        if state == self._state:
            return
        old, self._state = self._state, state
        self.changed.emit(old, state)
