from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from pathview.annotations.detections import BIN, Detections
from pathview.annotations.objects import Objects
from pathview.core.palette import class_color
from pathview.render import detection_vertices, detections_visual
from pathview.render.canvas import GlCanvas
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import Rgb
from pathview.view.compose import Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

LAYER = Layer("cells", "detections", outline_width=2.0)
WHITE = (255, 255, 255)
TUMOR, STROMA = class_color("Tumor"), class_color("Stroma")
Shoot = Callable[..., Rgb]


def looking(layer: Layer = LAYER, x: float = 0.0, y: float = 0.0, downsample: float = 1.0) -> ViewState:
    return ViewState(Viewport((x, y), downsample, (320, 240)), (layer,))


def squares(*places: tuple[float, float], half: float = 0.0, kind: int = 0, score: float = 0.5) -> Detections:
    detections = Detections(("Tumor", "Stroma"))
    rings = [np.array(shapely.box(x - half, y - half, x + half, y + half).exterior.coords) for x, y in places]
    count = len(places)
    detections.extend(Objects.of(places, [kind] * count, [score] * count, outlines=rings if half else ()))
    return detections


def scene(detections: Detections, **more: Any) -> Scene:
    return Scene(detections={"cells": detections}, background=WHITE, **more)


def colored(picture: Rgb) -> int:
    return int(np.any(picture != 255, axis=-1).sum())


def test_an_object_without_outline_is_a_dot_in_the_colour_of_its_class(shoot: Shoot) -> None:
    picture = shoot(looking(), scene(squares((30, 0), kind=1)))
    assert tuple(picture[120, 190]) == STROMA
    assert 15 < colored(picture) < 60


def test_close_in_there_are_outlines_and_far_out_dots(shoot: Shoot) -> None:
    shown = scene(squares((0, 0), half=20))
    near = shoot(looking(), shown)
    assert tuple(near[120, 180]) == TUMOR
    assert tuple(near[120, 160]) == WHITE, "the inside is left to the tissue"
    far = shoot(looking(downsample=10.0), shown)
    assert tuple(far[120, 160]) == TUMOR
    assert colored(far) < 30


@pytest.mark.parametrize("downsample", [0.25, 1.0])
def test_outlines_are_as_wide_at_every_magnification(shoot: Shoot, downsample: float) -> None:
    picture = shoot(looking(downsample=downsample), scene(squares((0, 0), half=60 * downsample)))
    assert np.count_nonzero(np.any(picture[120, 160:] != 255, axis=-1)) in (2, 3)


def test_places_are_exact_far_from_the_corner_of_the_slide(shoot: Shoot) -> None:
    far = scene(squares((400_000.25, 300_000.0), half=4))
    picture = shoot(looking(x=400_000.25, y=300_000.0, downsample=1 / 20), far)
    row = np.any(picture[120] != 255, axis=-1)
    assert np.flatnonzero(row).tolist() == [79, 80, 239, 240]


def test_objects_below_the_score_are_hidden_and_nothing_is_made_for_it(
    shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    work = detection_vertices.dots

    def counted(objects: Objects, corner: tuple[float, float]) -> detection_vertices.Dots:
        made.append(len(objects))
        return work(objects, corner)

    monkeypatch.setattr(detection_vertices, "dots", counted)
    detections = squares((-30, 0), score=0.3)
    detections.extend(Objects.of([[30, 0]], [0], [0.7]))
    both = shoot(looking(), scene(detections))
    one = shoot(looking(replace(LAYER, threshold=0.5)), scene(detections))
    assert tuple(both[120, 130]) == tuple(both[120, 190]) == tuple(one[120, 190]) == TUMOR
    assert tuple(one[120, 130]) == WHITE
    moved = shoot(looking(x=10.0), scene(detections))
    assert tuple(moved[120, 180]) == TUMOR
    assert made == [1, 1], "one for each of the two groups of squares that meet at the corner"


def test_colours_can_be_another_without_making_anything(shoot: Shoot) -> None:
    detections = squares((0, 0))
    shoot(looking(), scene(detections))
    picture = shoot(looking(), scene(detections, colors={"Tumor": (1, 2, 3)}))
    assert tuple(picture[120, 160]) == (1, 2, 3)


def test_a_hidden_layer_and_opacity(shoot: Shoot) -> None:
    detections = squares((0, 0))
    assert colored(shoot(looking(replace(LAYER, visible=False)), scene(detections))) == 0
    half = shoot(looking(replace(LAYER, opacity=0.5)), scene(detections))[120, 160].astype(int)
    assert np.abs(half - (np.array(TUMOR) + 255) / 2).max() <= 1


def test_what_is_added_shows(shoot: Shoot) -> None:
    detections = squares((-30, 0))
    shoot(looking(), scene(detections))
    detections.extend(Objects.of([[40, 0], [BIN * 20, 0]], [1, 1], [1.0, 1.0]))
    picture = shoot(looking(), scene(detections))
    assert tuple(picture[120, 200]) == STROMA
    assert tuple(picture[120, 130]) == TUMOR


def test_dots_that_would_lie_on_each_other_are_drawn_once_and_none_is_lost(shoot: Shoot) -> None:
    places = [(x * 2000.0 + n, 0.0) for x in range(-2, 3) for n in range(40)]
    picture = shoot(looking(downsample=50.0), scene(squares(*places)))
    for x in range(-2, 3):
        assert tuple(picture[120, 160 + 40 * x]) == TUMOR
    assert tuple(picture[120, 180]) == WHITE


def test_many_squares_come_one_after_the_other(
    canvas: GlCanvas, loader: TileLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    detections = squares(*((x * 16_384.0 + 5, y * 16_384.0 + 5) for x in range(4) for y in range(4)))
    state = looking(x=32_768.0, y=32_768.0, downsample=400.0)
    picture = Picture.of(compose(state, scene(detections), loader, canvas))
    canvas.snapshot()  # before it there is no context to upload into
    taken: list[object] = []
    take = detections_visual._take_dots

    def counted(key: Any, *args: Any) -> None:
        taken.append(key)
        take(key, *args)

    monkeypatch.setattr(detections_visual, "_take_dots", counted)
    steps = []
    for _ in range(500):
        before = len(taken)
        canvas.show(picture, loader, 0.0)
        steps.append(len(taken) - before)
        if not canvas.pending_uploads:
            break
        time.sleep(0.001)
    assert len(taken) == 16
    assert max(steps) == 1
