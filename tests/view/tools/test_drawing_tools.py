from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import GeometryCollection, LineString, Point, Polygon

from pathview.annotations.annotation import Annotation
from pathview.annotations.store import AnnotationStore
from pathview.view.pointer import PointerEvent
from pathview.view.tools import TOOLS, Tool, ToolStep

XY = tuple[float, float]
STORE = AnnotationStore()


def send(
    tool: Tool, kind: Any, at: XY, *held: str, downsample: float = 1.0, button: Any = "left"
) -> ToolStep:
    return tool.pointer(PointerEvent(kind, *at, downsample, button, frozenset(held)), STORE)


def click(tool: Tool, *places: XY) -> ToolStep:
    step = ToolStep()
    for at in places:
        send(tool, "press", at)
        step = send(tool, "release", at)
    return step


def drag(tool: Tool, places: Sequence[XY], *held: str, downsample: float = 1.0) -> ToolStep:
    send(tool, "press", places[0], *held, downsample=downsample)
    for at in places[1:]:
        send(tool, "move", at, *held, downsample=downsample)
    return send(tool, "release", places[-1], *held, downsample=downsample)


def drawn(step: ToolStep) -> Annotation:
    assert step.done
    assert step.edit is not None
    ((before, after),) = step.edit.changes
    assert before is None
    assert after is not None
    assert step.selection == frozenset({after.id})
    return after


@pytest.mark.parametrize("name", list(TOOLS))
def test_a_fresh_tool_survives_every_event_and_key(name: str) -> None:
    tool = TOOLS[name]()
    assert tool.name == name
    for kind in ("move", "release", "double", "leave"):
        assert send(tool, kind, (5, 5), button="").edit is None
    for key in ("Enter", "Escape", "Backspace", "Delete", "x"):
        assert tool.key(key, STORE).edit is None


def test_panning_is_the_windows_business() -> None:
    tool = TOOLS["pan"]()
    assert drag(tool, [(0, 0), (50, 50)]) == ToolStep()


class TestRectangle:
    def test_a_drag_in_any_direction_makes_a_rectangle_of_the_class(self) -> None:
        tool = TOOLS["rectangle"]()
        tool.class_name = "Tumor"
        for end in ((30, 20), (-30, 20), (-30, -20)):
            made = drawn(drag(tool, [(0, 0), end]))
            assert made.geometry.equals(shapely.box(0, 0, *end))
            assert made.class_name == "Tumor"

    def test_shift_makes_a_square(self) -> None:
        made = drawn(drag(TOOLS["rectangle"](), [(0, 0), (-30, 20)], "shift"))
        assert made.geometry.equals(shapely.box(-30, 0, 0, 30))

    def test_the_preview_follows_the_drag(self) -> None:
        tool = TOOLS["rectangle"]()
        send(tool, "press", (0, 0))
        preview = send(tool, "move", (10, 10)).preview
        assert preview is not None
        assert preview.equals(shapely.box(0, 0, 10, 10))

    @pytest.mark.parametrize("end", [(2.9, 100.0), (100.0, 2.0), (0.0, 0.0)])
    def test_what_is_too_thin_on_the_screen_is_dropped(self, end: XY) -> None:
        assert drag(TOOLS["rectangle"](), [(0, 0), end]) == ToolStep(done=True)
        larger = (end[0] * 2, end[1] * 2)
        assert drag(TOOLS["rectangle"](), [(0, 0), larger], downsample=2.0) == ToolStep(done=True)

    def test_escape_takes_it_back(self) -> None:
        tool = TOOLS["rectangle"]()
        send(tool, "press", (0, 0))
        assert tool.key("Escape", STORE) == ToolStep(done=True)
        assert send(tool, "release", (50, 50)) == ToolStep()

    def test_other_buttons_draw_nothing(self) -> None:
        tool = TOOLS["rectangle"]()
        send(tool, "press", (0, 0), button="right")
        assert send(tool, "release", (50, 50), button="right") == ToolStep()


class TestFreehand:
    def circle(self, radius: float) -> list[XY]:
        turns = [math.tau * step / 200 for step in range(200)]
        return [(radius * math.cos(turn), radius * math.sin(turn)) for turn in turns]

    def test_a_stroke_closes_at_the_release(self) -> None:
        made = drawn(drag(TOOLS["freehand"](), self.circle(100)))
        assert made.geometry.area == pytest.approx(math.pi * 100**2, rel=0.01)
        assert len(shapely.get_coordinates(made.geometry)) < 120, "thinned to what the eye can see"

    def test_a_stroke_that_crosses_itself_keeps_both_lobes(self) -> None:
        made = drawn(drag(TOOLS["freehand"](), [(0, 0), (100, 100), (100, 0), (0, 100)]))
        assert made.geometry.is_valid
        assert made.geometry.area == pytest.approx(5000, rel=0.01)

    def test_a_twitch_is_dropped(self) -> None:
        assert drag(TOOLS["freehand"](), [(0, 0), (2, 0), (2, 2)]) == ToolStep(done=True)

    def test_escape_takes_it_back(self) -> None:
        tool = TOOLS["freehand"]()
        send(tool, "press", (0, 0))
        send(tool, "move", (50, 0))
        assert tool.key("Escape", STORE) == ToolStep(done=True)
        assert send(tool, "move", (50, 50)).preview is None


class TestPolygon:
    CORNERS: tuple[XY, ...] = ((0, 0), (100, 0), (100, 100))

    @pytest.mark.parametrize("how", ["enter", "double", "first corner"])
    def test_clicks_set_corners_and_the_outline_closes(self, how: str) -> None:
        tool = TOOLS["polygon"]()
        click(tool, *self.CORNERS)
        if how == "enter":
            step = tool.key("Enter", STORE)
        elif how == "double":
            step = send(tool, "double", self.CORNERS[-1])
        else:
            step = send(tool, "press", (3, 3))
        assert drawn(step).geometry.equals(Polygon(self.CORNERS))
        assert tool.key("Enter", STORE) == ToolStep()

    def test_the_preview_follows_the_cursor_and_forgets_it_outside(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, *self.CORNERS[:2])
        following = send(tool, "move", (50, 50), button="").preview
        assert following is not None
        assert list(map(tuple, shapely.get_coordinates(following))) == [(0, 0), (100, 0), (50, 50)]
        alone = send(tool, "leave", (0, 0), button="").preview
        assert alone is not None
        assert len(shapely.get_coordinates(alone)) == 2

    def test_the_corner_that_closes_is_marked_once_it_does(self) -> None:
        tool = TOOLS["polygon"]()
        assert isinstance(click(tool, *self.CORNERS[:2]).preview, LineString)
        marked = click(tool, self.CORNERS[2]).preview
        assert isinstance(marked, GeometryCollection)
        assert marked.geoms[1].equals(Point(self.CORNERS[0]))

    def test_a_drag_draws_freehand_between_corners(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, (0, 0))
        drag(tool, [(100, 0), (110, 50), (100, 100)])
        made = drawn(tool.key("Enter", STORE))
        assert made.geometry.equals(Polygon([(0, 0), (100, 0), (110, 50), (100, 100)]))

    def test_a_drag_back_to_the_start_closes(self) -> None:
        step = drag(TOOLS["polygon"](), [(0, 0), (100, 0), (100, 100), (2, 3)])
        assert drawn(step).geometry.area == pytest.approx(5000, rel=0.05)

    def test_backspace_takes_the_last_corner_back(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, *self.CORNERS, (500, 500))
        tool.key("Backspace", STORE)
        assert drawn(tool.key("Enter", STORE)).geometry.equals(Polygon(self.CORNERS))
        click(tool, (0, 0))
        assert tool.key("Backspace", STORE) == ToolStep(done=True)

    def test_escape_gives_up(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, *self.CORNERS)
        assert tool.key("Escape", STORE) == ToolStep(done=True)
        assert tool.key("Enter", STORE) == ToolStep()

    def test_closing_too_early_loses_nothing(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, *self.CORNERS[:2])
        assert tool.key("Enter", STORE).preview is not None
        send(tool, "double", self.CORNERS[1])
        click(tool, self.CORNERS[2])
        assert drawn(tool.key("Enter", STORE)).geometry.equals(Polygon(self.CORNERS))

    def test_a_crossed_outline_is_repaired(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, (0, 0), (100, 100), (100, 0), (0, 100))
        made = drawn(tool.key("Enter", STORE))
        assert made.geometry.is_valid
        assert made.geometry.area == pytest.approx(5000)

    def test_corners_on_top_of_each_other_are_dropped(self) -> None:
        tool = TOOLS["polygon"]()
        click(tool, (0, 0), (1, 0), (1, 1))
        assert tool.key("Enter", STORE) == ToolStep(done=True)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=12))
def test_whatever_is_drawn_is_valid_or_nothing(places: list[XY]) -> None:
    for name in ("freehand", "polygon", "rectangle"):
        tool = TOOLS[name]()
        step = drag(tool, places)
        step = tool.key("Enter", STORE) if step.edit is None else step
        if step.edit is not None:
            made = drawn(step)
            assert made.geometry.is_valid
            assert made.geometry.area > 0
