from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely

from pathview.core.inbox import Inbox
from pathview.core.palette import DIFFERENCE_MAP, colormap_table
from pathview.core.pyramid import TileKey
from pathview.render.canvas import GlCanvas
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan
from pathview.tiles.source import FAILED, NOT_RUN, SKIPPED, UNCERTAIN, UNCERTAIN_STEPS, UNLIKE, Rgb
from pathview.view.compose import Frame, RasterPass, Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

HEAT = Layer("heat", "heatmap", colormap="heat")
UNSURE = replace(HEAT, stipple=True)
WHITE = (255, 255, 255)
Shoot = Callable[..., Rgb]
MakeTiles = Callable[..., Any]


def looking(layer: Layer = HEAT, x: float = 160.0, y: float = 120.0) -> ViewState:
    return ViewState(Viewport((x, y), 1.0, (320, 240)), (layer,))


def scene(source: Any) -> Scene:
    return Scene(heatmaps={"heat": source}, background=WHITE)


@pytest.mark.parametrize("colormap", ["heat", "viridis"])
@pytest.mark.parametrize("index", [0, 1, 77, 254, 255])
def test_a_value_has_the_color_of_its_map(
    shoot: Shoot, array_tiles: MakeTiles, colormap: str, index: int
) -> None:
    source = array_tiles(np.full((5, 5), index / 255, np.float32), scale=64.0)
    picture = shoot(looking(replace(HEAT, colormap=colormap)), scene(source))
    assert tuple(picture[120, 160]) == tuple(colormap_table(colormap)[index])


def test_cells_are_crisp(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.zeros((5, 5), np.float32)
    values[1, 2] = 1.0
    picture = shoot(looking(), scene(array_tiles(values, scale=64.0)))
    top = np.all(picture == colormap_table("heat")[255], axis=-1)
    expected = np.zeros((240, 320), bool)
    expected[64:128, 128:192] = True
    assert np.array_equal(top, expected)


def test_opacity_mixes_and_the_threshold_hides(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.full((5, 5), 1.0, np.float32)
    values[:, 3:] = 0.25
    layer = replace(HEAT, opacity=0.5, threshold=0.5)
    picture = shoot(looking(layer), scene(array_tiles(values, scale=64.0))).astype(int)
    mixed = (np.array(WHITE) + colormap_table("heat")[255]) / 2
    assert np.abs(picture[100, 100] - mixed).max() <= 1
    assert tuple(picture[100, 250]) == WHITE


def test_fading_keeps_high_values_and_lets_low_ones_through(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.full((5, 5), 1.0, np.float32)
    values[:, 3:] = 0.0
    picture = shoot(looking(replace(HEAT, fade=True)), scene(array_tiles(values, scale=64.0))).astype(int)
    table = colormap_table("heat").astype(int)
    assert tuple(picture[100, 100]) == tuple(table[255])
    assert np.abs(picture[100, 250] - (0.2 * table[0] + 0.8 * np.array(WHITE))).max() <= 1


def test_the_last_cells_end_where_the_slide_ends(shoot: Shoot, array_tiles: MakeTiles) -> None:
    slide = array_tiles(np.full((150, 200, 3), 90, np.uint8), tile=512)
    heat = array_tiles(np.full((3, 4), 1.0, np.float32), scale=64.0)  # 256 x 192 px over 200 x 150
    state = replace(looking(), layers=(Layer("slide", "slide"), HEAT))
    picture = shoot(state, replace(scene(heat), slide_tiles=slide))
    top = np.all(picture == colormap_table("heat")[255], axis=-1)
    expected = np.zeros((240, 320), bool)
    expected[:150, :200] = True
    assert np.array_equal(top, expected)


def test_changing_how_it_looks_uploads_nothing(
    canvas: GlCanvas, loader: TileLoader, shoot: Shoot, array_tiles: MakeTiles
) -> None:
    source = array_tiles(np.full((5, 5), 0.6, np.float32), scale=64.0)
    shoot(looking(), scene(source))
    # With nothing left in memory, nothing can be uploaded; what changes comes from what is on the GPU.
    loader.forget(source)
    for layer in (replace(HEAT, colormap="magma"), replace(HEAT, threshold=0.7)):
        frame = compose(looking(layer), scene(source), loader, canvas)
        assert frame.rasters[0].plan.upload == ()
        canvas.show(Picture.of(frame), loader)
        shown = tuple(canvas.snapshot()[120, 160])
        assert shown == (WHITE if layer.threshold else tuple(colormap_table("magma")[153]))


def test_cells_without_a_value_are_marked_as_what_they_are(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.full((5, 5), SKIPPED, np.float32)
    values[:, 0] = NOT_RUN
    values[:, 4] = FAILED
    picture = shoot(looking(), scene(array_tiles(values, scale=64.0))).astype(int)
    not_run, skipped, failed = picture[:, 2:62], picture[:, 66:254], picture[:, 258:318]
    assert np.all(skipped == 255)
    marked = np.any(not_run < 240, axis=-1)
    assert 0.05 < marked.mean() < 0.4
    assert np.ptp(not_run, axis=-1).max() < 40, "neutral lines"
    warning = failed[..., 0] - failed[..., 2] > 120
    assert 0.1 < warning.mean() < 0.6
    assert not np.any(np.all(failed == 255, axis=-1))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_value_that_means_little_is_pale_and_hatched(
    shoot: Shoot, array_tiles: MakeTiles, value: float
) -> None:
    values = np.full((5, 5), value, np.float32)
    values[:, :3] += UNLIKE
    picture = shoot(looking(), scene(array_tiles(values, scale=64.0))).astype(int)
    unlike, sure = picture[:, 4:180], picture[:, 200:310]
    assert np.all(sure == sure[0, 0])
    dark = unlike.max(axis=-1) < 90
    assert 0.05 < dark.mean() < 0.35, "lines"
    between = unlike[np.all(np.abs(unlike - np.median(unlike, axis=(0, 1))) < 3, axis=-1)]
    assert len(between) > 0.2 * dark.size
    assert np.ptp(between[0]) < max(np.ptp(sure[0, 0]), 30), "paler than what is sure"


def test_hatching_moves_with_the_slide(shoot: Shoot, array_tiles: MakeTiles) -> None:
    source = array_tiles(np.full((5, 5), NOT_RUN, np.float32), scale=64.0)
    here = shoot(looking(), scene(source))
    there = shoot(looking(x=165.0, y=123.0), scene(source))
    assert np.array_equal(here[3:, 5:], there[:-3, :-5])


def test_a_stand_in_under_a_translucent_tile_is_not_blended_twice(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, array_tiles: MakeTiles
) -> None:
    source = array_tiles(np.full((128, 128), 1.0, np.float32), scale=2.0)
    keys = (TileKey(0, 0, 0), source.pyramid.root)
    loader.wish("test", [(source, TilePlan((), (), keys))])
    while loader.work():
        pass
    inbox.drain()
    raster = RasterPass(source, TilePlan((), keys, ()), replace(HEAT, opacity=0.5))
    viewport = Viewport((160.0, 120.0), 1.0, (320, 240))
    canvas.show(Picture.of(Frame(viewport, (raster,), background=WHITE)), loader)
    picture = canvas.snapshot().astype(int)
    mixed = (np.array(WHITE) + colormap_table("heat")[255]) / 2
    fine, coarse = picture[60, 60], picture[200, 200]
    assert np.array_equal(fine, coarse)
    assert np.abs(fine - mixed).max() <= 1


def test_a_hidden_fine_value_hides_the_coarse_one_behind_it(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, array_tiles: MakeTiles
) -> None:
    values = np.full((128, 128), 0.2, np.float32)
    values[::2, ::2] = 0.9
    source = array_tiles(values, scale=2.0)
    keys = (TileKey(0, 0, 0), source.pyramid.root)
    loader.wish("test", [(source, TilePlan((), (), keys))])
    while loader.work():
        pass
    inbox.drain()
    raster = RasterPass(source, TilePlan((), keys, ()), replace(HEAT, threshold=0.5))
    canvas.show(
        Picture.of(Frame(Viewport((160.0, 120.0), 1.0, (320, 240)), (raster,), background=WHITE)), loader
    )
    picture = canvas.snapshot()
    assert tuple(picture[3, 3]) == WHITE
    assert tuple(picture[200, 200]) != WHITE


def test_new_values_replace_what_is_drawn(shoot: Shoot, array_tiles: MakeTiles) -> None:
    source = array_tiles(np.full((5, 5), NOT_RUN, np.float32), scale=64.0)
    shoot(looking(), scene(source))
    source.pixels = np.full((5, 5), 1.0, np.float32)
    source.version = 1
    picture = shoot(looking(), scene(source))
    assert np.all(picture == colormap_table("heat")[255])


def test_later_layers_lie_on_earlier_ones(shoot: Shoot, array_tiles: MakeTiles) -> None:
    low, high = (array_tiles(np.full((5, 5), value, np.float32), scale=64.0) for value in (0.0, 1.0))
    layers = (replace(HEAT, name="low"), replace(HEAT, name="high"))
    for order, index in ((layers, 255), (layers[::-1], 0)):
        state = replace(looking(), layers=order)
        picture = shoot(state, Scene(heatmaps={"low": low, "high": high}))
        assert tuple(picture[120, 160]) == tuple(colormap_table("heat")[index])


def test_contours_are_white_on_dark_over_the_colours(shoot: Shoot, array_tiles: MakeTiles) -> None:
    source = array_tiles(np.full((5, 5), 0.5, np.float32), scale=64.0)
    first = shapely.MultiLineString([[(40, 120.5), (280, 120.5)], [(160.5, 40), (160.5, 200)]])
    state = looking(replace(HEAT, contours=True))
    picture = shoot(state, replace(scene(source), contours={"heat": first}))
    around = tuple(colormap_table("heat")[128])
    assert picture[120, 60].min() > 240
    assert picture[60, 160].min() > 240
    assert max(picture[119, 60].max(), picture[121, 60].max()) < 150, "a dark rim on both sides"
    assert tuple(picture[60, 60]) == around
    second = shapely.MultiLineString([[(40, 180.5), (280, 180.5)]])
    picture = shoot(state, replace(scene(source), contours={"heat": second}))
    assert picture[180, 60].min() > 240
    assert tuple(picture[120, 60]) == around
    picture = shoot(looking(), replace(scene(source), contours={"heat": second}))
    assert tuple(picture[180, 60]) == around


def stored(value: float, uncertainty: float) -> float:
    """Return what a channel stores for a value with a standard deviation."""
    return value + UNCERTAIN * round(uncertainty / 0.5 * UNCERTAIN_STEPS)


def test_the_uncertain_is_grey_and_dotted_and_the_certain_as_ever(
    shoot: Shoot, array_tiles: MakeTiles
) -> None:
    values = np.full((5, 5), 0.75, np.float32)
    values[:, 3:] = stored(0.75, 0.3)
    picture = shoot(looking(UNSURE), scene(array_tiles(values, scale=64.0))).astype(int)
    color = colormap_table("heat").astype(int)[191]
    assert np.abs(picture[20:220, 20:180] - color).max() <= 1
    unsure = picture[20:220, 200:300].reshape(-1, 3)
    colourful = np.ptp(unsure, axis=1)
    assert np.median(colourful) < 0.5 * np.ptp(color)
    light = unsure.mean(axis=1)
    assert light.max() > 230, "dots are light"
    assert light.min() < color.mean() - 20, "with a dark rim"
    calm = shoot(looking(), scene(array_tiles(values, scale=64.0))).astype(int)
    assert np.abs(calm[20:220, 20:300] - color).max() <= 1


def test_dots_grow_with_the_uncertainty_and_do_not_swim(shoot: Shoot, array_tiles: MakeTiles) -> None:
    def light(uncertainty: float, x: float = 160.0) -> Any:
        values = np.full((5, 5), stored(0.5, uncertainty), np.float32)
        picture = shoot(looking(UNSURE, x), scene(array_tiles(values, scale=64.0)))
        return picture.min(axis=2) > 225

    shares = [light(uncertainty).mean() for uncertainty in (0.02, 0.2, 0.3, 0.4)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[3] > shares[1] > 0
    np.testing.assert_array_equal(light(0.3)[40:200, 60:200], light(0.3, x=172.0)[40:200, 48:188])


def test_too_uncertain_cells_can_be_hidden(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.full((5, 5), stored(0.75, 0.1), np.float32)
    values[:, 3:] = stored(0.75, 0.3)
    for limit, gone in ((0.5, False), (0.3, False), (0.29, True)):
        picture = shoot(looking(replace(HEAT, hide_above=limit)), scene(array_tiles(values, scale=64.0)))
        assert bool((picture[100:140, 200:300] == WHITE).all()) is gone
        assert not (picture[100:140, 20:180] == WHITE).all()


def test_colours_can_be_spread_over_a_part_of_the_scale(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.array([[0.1, 0.2, 0.3, 0.4, 0.5]] * 5, np.float32)
    layer = replace(HEAT, value_range=(0.2, 0.4), threshold=0.15)
    picture = shoot(looking(layer), scene(array_tiles(values, scale=64.0)))
    table = colormap_table("heat")
    assert tuple(picture[120, 32]) == WHITE, "the threshold is of the values, not of the colours"
    for column, index in ((1, 0), (2, 128), (3, 255), (4, 255)):
        assert np.abs(picture[120, 64 * column + 32].astype(int) - table[index]).max() <= 2


def test_smoothing_interpolates_between_cells_that_have_a_value(shoot: Shoot, array_tiles: MakeTiles) -> None:
    values = np.array([[0.0, 0.0, 1.0, NOT_RUN, 1.0]] * 5, np.float32)
    source = array_tiles(values, scale=64.0)
    table = colormap_table("heat").astype(int)
    picture = shoot(looking(replace(HEAT, smooth=True)), scene(source)).astype(int)
    # From the middle of the second cell to that of the third.
    for x, value in ((96, 0.0), (112, 0.25), (128, 0.5), (144, 0.75), (159, 0.98)):
        assert np.abs(picture[120, x] - table[round(255 * value)]).max() <= 8
    assert np.abs(picture[120, 180] - table[255]).max() <= 1, "what was not run does not blur into it"
    crisp = shoot(looking(), scene(source)).astype(int)
    np.testing.assert_array_equal(picture[:, 196:250], crisp[:, 196:250])


def test_smoothing_keeps_what_is_said_of_uncertain_and_unlike_cells(
    shoot: Shoot, array_tiles: MakeTiles
) -> None:
    values = np.full((5, 5), stored(0.5, 0.3) + UNLIKE, np.float32)
    crisp = shoot(looking(UNSURE), scene(array_tiles(values, scale=64.0)))
    smooth = shoot(looking(replace(UNSURE, smooth=True)), scene(array_tiles(values, scale=64.0)))
    assert np.abs(crisp.astype(int) - smooth).max() <= 1


def test_a_difference_is_clear_where_there_is_none_and_strong_at_both_ends(
    shoot: Shoot, array_tiles: MakeTiles
) -> None:
    values = np.array([[0.0, 0.3, 0.5, 0.7, 1.0]] * 5, np.float32)
    source = array_tiles(values, scale=64.0)
    layer = replace(HEAT, kind="difference", colormap=DIFFERENCE_MAP, fade=True)
    picture = shoot(looking(layer), scene(source)).astype(int)
    table = colormap_table(DIFFERENCE_MAP).astype(int)
    assert np.abs(picture[120, 32] - table[0]).max() <= 1
    assert np.abs(picture[120, 288] - table[255]).max() <= 1
    strength = np.abs(picture[120, 32::64] - 255).sum(axis=1)
    assert strength[2] < strength[1] < strength[0]
    assert strength[2] < strength[3] < strength[4]
    hidden = shoot(looking(replace(layer, threshold=0.5)), scene(source))
    assert [tuple(hidden[120, x]) == WHITE for x in range(32, 320, 64)] == [False, True, True, True, False]
