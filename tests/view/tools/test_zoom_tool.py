"""The zoom tool: a frame becomes the view."""

from __future__ import annotations

from pathview.annotations.store import AnnotationStore
from pathview.core.geometry import Box
from pathview.view.pointer import PointerEvent
from pathview.view.tools.zoom import Zoom

STORE = AnnotationStore()


def drag(tool: Zoom, *places: tuple[float, float]) -> list[object]:
    kinds = ["press", *["move"] * (len(places) - 2), "release"]
    return [
        tool.pointer(PointerEvent(kind, x, y, 1.0, "left", frozenset()), STORE)  # type: ignore[arg-type]
        for kind, (x, y) in zip(kinds, places, strict=True)
    ]


def test_a_frame_becomes_the_view_whichever_way_it_is_drawn() -> None:
    for places in (((10, 20), (50, 60), (110, 220)), ((110, 220), (50, 60), (10, 20))):
        *_, last = drag(Zoom(), *places)
        assert last.look == Box(10, 20, 110, 220)  # type: ignore[attr-defined]
        assert last.edit is None  # type: ignore[attr-defined]


def test_a_click_is_no_frame() -> None:
    *_, last = drag(Zoom(), (10, 20), (11, 21))
    assert last.look is None  # type: ignore[attr-defined]


def test_escape_takes_the_frame_back() -> None:
    tool = Zoom()
    tool.pointer(PointerEvent("press", 10, 20, 1.0, "left", frozenset()), STORE)
    assert tool.pointer(PointerEvent("move", 90, 90, 1.0, "left", frozenset()), STORE).preview is not None
    tool.key("Escape", STORE)
    assert tool.pointer(PointerEvent("release", 90, 90, 1.0, "left", frozenset()), STORE).look is None
