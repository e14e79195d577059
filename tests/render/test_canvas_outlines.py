from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.annotations.store import AnnotationStore
from pathview.core.palette import class_color
from pathview.render import outline_vertices
from pathview.tiles.source import Rgb
from pathview.view.compose import Scene
from pathview.view.layers import Layer
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

LINES = Layer("annotations", "annotations", outline_width=2.0, fill=0.0)
WHITE = (255, 255, 255)
TUMOR = class_color("Tumor")
Shoot = Callable[..., Rgb]


def looking(layer: Layer = LINES, x: float = 0.0, y: float = 0.0, downsample: float = 1.0) -> ViewState:
    return ViewState(Viewport((x, y), downsample, (320, 240)), (layer,))


def scene(*annotations: Annotation, **more: Any) -> Scene:
    return Scene(annotations=AnnotationStore(annotations), background=WHITE, **more)


def square(half: float, x: float = 0.0, y: float = 0.0, class_name: str | None = "Tumor") -> Annotation:
    return Annotation(shapely.box(x - half, y - half, x + half, y + half), class_name)


def test_an_edge_has_the_color_of_its_class(shoot: Shoot) -> None:
    picture = shoot(looking(), scene(square(50)))
    # The edge x = 50 lies on screen at 210: a line of two pixels covers columns 209 and 210.
    assert [tuple(picture[120, column]) for column in (208, 209, 210, 211)] == [WHITE, TUMOR, TUMOR, WHITE]


@pytest.mark.parametrize("downsample", [0.1, 1.0, 7.0])
def test_a_line_is_as_wide_at_every_magnification(shoot: Shoot, downsample: float) -> None:
    picture = shoot(looking(downsample=downsample), scene(square(50 * downsample)))
    assert np.count_nonzero(np.any(picture[120, 160:] != 255, axis=-1)) == 2


def test_lines_stay_exact_far_from_the_corner_of_the_slide(shoot: Shoot) -> None:
    # The nearest float32 of these edges is off by a sixth and a half of a screen pixel.
    far = scene(Annotation(shapely.box(199_999.3, 149_990, 200_000.9875, 150_010), "Tumor"))
    picture = shoot(looking(x=200_000.0, y=150_000.0, downsample=1 / 40), far).astype(int)
    row = picture[120, :, 1]
    assert row[131:133].tolist() == [TUMOR[1]] * 2
    assert row[[130, 133]].tolist() == [255, 255]
    assert row[199] == TUMOR[1]
    assert abs(row[198] - row[200]) <= 2, "the edge is in the middle of a pixel"


def test_moving_the_view_uploads_nothing(shoot: Shoot, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    shapes = outline_vertices.shapes

    def counted(geometries: Sequence[BaseGeometry], colors: Sequence[float]) -> list[outline_vertices.Shape]:
        calls.append(len(geometries))
        return shapes(geometries, colors)

    monkeypatch.setattr(outline_vertices, "shapes", counted)
    shown = scene(square(50))
    for x in (0.0, 5.0, 10.0):
        picture = shoot(looking(x=x), shown)
        assert tuple(picture[120, 210 - int(x)]) == TUMOR
    assert [count for count in calls if count] == [1]


def test_the_inside_is_tinted_and_a_hole_is_not(shoot: Shoot) -> None:
    ring = Annotation(shapely.box(-50, -50, 50, 50).difference(shapely.box(-20, -20, 20, 20)), "Tumor")
    picture = shoot(looking(replace(LINES, fill=0.2)), scene(ring)).astype(int)
    tinted = 0.8 * np.array(WHITE) + 0.2 * np.array(TUMOR)
    assert np.abs(picture[120, 195] - tinted).max() <= 1
    assert tuple(picture[120, 160]) == WHITE
    assert tuple(picture[120, 230]) == WHITE


@pytest.mark.parametrize("background", [WHITE, (230, 170, 210), TUMOR, (0, 0, 0)])
def test_a_selected_annotation_stands_out_from_any_background(
    shoot: Shoot, background: tuple[int, int, int]
) -> None:
    # Larger than the view at the top and bottom, so that no handle lies on the row that is looked at.
    annotation = Annotation(shapely.box(-50, -500, 50, 500), "Tumor")
    shown = replace(scene(annotation), background=background)
    picture = shoot(replace(looking(), selection=frozenset({annotation.id})), shown).astype(int)
    around = picture[120, 203:218]
    assert np.any(around.min(axis=-1) > 240), "a white rim"
    assert np.any(around.max(axis=-1) < 40), "a dark rim"
    assert np.any(np.all(around == TUMOR, axis=-1)), "the class colour"


def test_a_selected_annotation_has_handles_unless_they_would_crowd(shoot: Shoot) -> None:
    annotation = square(50)
    selected = replace(looking(), selection=frozenset({annotation.id}))
    near = shoot(selected, scene(annotation))
    assert tuple(near[70, 210]) == WHITE, "the middle of a handle"
    far = shoot(replace(selected, viewport=replace(selected.viewport, downsample=20.0)), scene(annotation))
    assert tuple(far[118, 162]) != WHITE


def test_a_point_is_a_disc(shoot: Shoot) -> None:
    picture = shoot(looking(), scene(Annotation(Point(0.5, 0.5), "Tumor")))
    assert tuple(picture[120, 160]) == TUMOR
    assert np.count_nonzero(np.all(picture == TUMOR, axis=-1)) > 15


def test_own_class_colors_win(shoot: Shoot) -> None:
    shown = scene(square(50), colors={"Tumor": (1, 2, 3)})
    assert tuple(shoot(looking(), shown)[120, 210]) == (1, 2, 3)
    assert tuple(shoot(looking(), replace(shown, colors={}))[120, 210]) == TUMOR


def test_a_hidden_layer_shows_nothing(shoot: Shoot) -> None:
    assert np.all(shoot(looking(replace(LINES, visible=False)), scene(square(50))) == 255)


@pytest.mark.parametrize(
    "preview",
    [LineString([(-100, 0), (100, 0)]), shapely.geometrycollections([LineString([(-100, 0), (100, 0)])])],
)
def test_the_preview_is_dashed_in_dark_and_light(shoot: Shoot, preview: BaseGeometry) -> None:
    shown = replace(scene(), background=(128, 128, 128))
    line = shoot(looking(), shown, preview)[120, 70:250].astype(int).mean(axis=-1)
    assert np.count_nonzero(line < 80) > 40
    assert np.count_nonzero(line > 200) > 40


def test_a_changed_annotation_is_drawn_anew(shoot: Shoot) -> None:
    shown = scene(square(50))
    shoot(looking(), shown)
    assert shown.annotations is not None
    (old,) = shown.annotations
    shown.annotations.apply(Edit.replace("Class", (old, replace(old, class_name="Stroma"))))
    assert tuple(shoot(looking(), shown)[120, 210]) == class_color("Stroma")


def test_far_out_shapes_look_the_same_with_fewer_corners(
    shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle = Annotation(Point(0, 0).buffer(900, quad_segs=32), "Tumor")
    thinned = shoot(looking(downsample=8.0), scene(circle)).astype(int)
    monkeypatch.setattr("pathview.render.outlines_visual._tolerance", lambda downsample: 0.0)
    whole = shoot(looking(downsample=8.0), scene(circle)).astype(int)
    assert 0 < np.abs(thinned - whole).max() < 0.4 * 255
