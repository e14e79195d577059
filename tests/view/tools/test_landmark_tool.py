"""The landmark tool: a click of the left button names a place, and nothing else happens."""

from __future__ import annotations

import pytest

from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerButton, PointerEvent, PointerKind
from pathview.view.tools import TOOLS, ToolStep

STORE = AnnotationStore()


def step(kind: PointerKind, button: PointerButton) -> ToolStep:
    return TOOLS["landmark"]().pointer(PointerEvent(kind, 10.5, 20.5, 1.0, button, frozenset()), STORE)


def test_a_press_names_the_place() -> None:
    assert step("press", "left") == ToolStep(done=True, landmark=(10.5, 20.5))


@pytest.mark.parametrize(
    ("kind", "button"), [("press", "right"), ("move", "left"), ("release", "left"), ("double", "left")]
)
def test_nothing_else_does(kind: PointerKind, button: PointerButton) -> None:
    assert step(kind, button) == ToolStep()


@pytest.mark.parametrize("key", ["Enter", "Escape", "Backspace", "Delete"])
def test_keys_are_left_alone(key: str) -> None:
    assert TOOLS["landmark"]().key(key, STORE) == ToolStep()
