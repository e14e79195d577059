from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.render.atlas import Atlas
from pathview.render.canvas import GlCanvas
from pathview.render.vispy_surface import VispySurface
from pathview.slides.made import coordinate_pixels, level_pixels
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide
from pathview.tiles.loader import TileLoader
from pathview.tiles.plan import TilePlan
from pathview.tiles.source import Rgb, SlideTiles
from pathview.view.compose import Frame, RasterPass, Scene, compose
from pathview.view.layers import Layer
from pathview.view.picture import Picture
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

SLIDE = Layer("slide", "slide")
SIZE = (320, 240)
Shoot = Callable[..., Rgb]


def looking(x: float, y: float, downsample: float, rotation: float = 0.0) -> ViewState:
    return ViewState(Viewport((x, y), downsample, SIZE, rotation), (SLIDE,))


def test_every_pixel_at_one_to_one_is_the_slides_own(shoot: Shoot, made_slide: Slide) -> None:
    picture = shoot(looking(1000, 800, 1.0), Scene(SlideTiles(made_slide)))
    assert np.array_equal(picture, coordinate_pixels(np.arange(840, 1160), np.arange(680, 920)))


def test_one_to_one_is_sharp_wherever_one_looks(shoot: Shoot, made_slide: Slide) -> None:
    picture = shoot(looking(1000.4, 799.7, 1.0), Scene(SlideTiles(made_slide)))
    assert np.array_equal(picture, coordinate_pixels(np.arange(840, 1160), np.arange(680, 920)))


def test_every_pixel_of_a_coarser_level_is_the_levels_own(shoot: Shoot, made_slide: Slide) -> None:
    picture = shoot(looking(1600, 1200, 4.0), Scene(SlideTiles(made_slide)))
    assert np.array_equal(picture, level_pixels(4, 240, 180, *SIZE, made_slide.info.size))


def test_a_quarter_turn_turns_the_picture(shoot: Shoot, made_slide: Slide) -> None:
    upright = shoot(looking(1000, 800, 1.0), Scene(SlideTiles(made_slide)))
    turned = shoot(looking(1000, 800, 1.0, 90.0), Scene(SlideTiles(made_slide)))
    middle = upright[:, 40:280]
    assert np.array_equal(turned[:, 40:280], np.rot90(middle, -1))


@pytest.mark.parametrize("rotation", [0.0, 90.0])
def test_a_mirror_mirrors_the_picture(shoot: Shoot, made_slide: Slide, rotation: float) -> None:
    scene = Scene(SlideTiles(made_slide))
    plain = looking(1000, 800, 1.0, rotation)
    seen = shoot(plain, scene)
    mirrored = shoot(replace(plain, viewport=plain.viewport.mirrored()), scene)
    assert np.array_equal(mirrored, seen[:, ::-1])


def test_another_look_replaces_what_is_on_the_screen(shoot: Shoot, fluorescence: Path) -> None:
    with open_slide(fluorescence) as slide:
        tiles = SlideTiles(slide)
        first = shoot(looking(300, 200, 1.0), Scene(tiles))
        assert tiles.look is not None
        tiles.show(tiles.look.with_channel(0, visible=False))
        second = shoot(looking(300, 200, 1.0), Scene(tiles))
    assert first[120, 100, 2] == 255
    assert not second[..., 2].any()


def test_outside_the_slide_is_the_background(shoot: Shoot, made_slide: Slide) -> None:
    scene = Scene(SlideTiles(made_slide), background=(10, 20, 30))
    picture = shoot(looking(0, 0, 1.0), scene)
    assert tuple(picture[50, 50]) == (10, 20, 30)
    assert tuple(picture[120, 160]) == tuple(coordinate_pixels(np.arange(1), np.arange(1))[0, 0])
    assert tuple(picture[119, 160]) == (10, 20, 30)


def test_magnified_pixels_are_squares_even_far_from_the_corner(shoot: Shoot, make_slide: Any) -> None:
    tiles = SlideTiles(make_slide((250_000, 1000)))
    for x in (200_000.5, 200_001.5):
        picture = shoot(looking(x, 500.5, 1 / 40), Scene(tiles))
        columns = np.arange(int(x) - 4, int(x) + 5)
        expected = coordinate_pixels(columns, np.array([500]))[0]
        # The middle pixel of the slide fills exactly screen columns 140 to 179.
        for step, color in enumerate(expected[1:-1], start=-3):
            left = 140 + 40 * step
            inside = picture[120, max(left, 0) : left + 40]
            assert np.all(inside == color), f"slide column {int(x) + step}"


@pytest.mark.parametrize("rotation", [0.0, 17.0])
@pytest.mark.parametrize("downsample", [0.37, 1.3, 2.9])
def test_no_background_shows_between_tiles(
    shoot: Shoot, array_tiles: Callable[..., Any], downsample: float, rotation: float
) -> None:
    flat = np.full((1500, 1500, 3), (200, 100, 150), np.uint8)
    state = looking(747.3, 701.9, downsample, rotation)
    picture = shoot(state, Scene(array_tiles(flat), background=(0, 255, 0)))
    assert np.all(picture == (200, 100, 150))


def test_no_background_shows_where_levels_meet_in_a_turned_view(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, array_tiles: Callable[..., Any]
) -> None:
    source = array_tiles(np.full((1024, 1024, 3), (200, 100, 150), np.uint8))
    fine = [TileKey(0, col, row) for col in range(16) for row in range(16) if (col // 2 + row // 2) % 2]
    coarse = [TileKey(1, col, row) for col in range(8) for row in range(8) if (col + row) % 2 == 0]
    load(source, [*fine, *coarse], loader, inbox)
    raster = RasterPass(source, TilePlan((), (*fine, *coarse), ()), SLIDE)
    for rotation in np.linspace(3.1, 87.3, 15):
        viewport = Viewport((512.3, 511.9), 1.0 + rotation / 200, SIZE, rotation)
        canvas.show(Picture.of(Frame(viewport, (raster,), background=(0, 255, 0))), loader)
        assert np.all(canvas.snapshot() == (200, 100, 150)), f"turned by {rotation}"


def test_a_failed_tile_is_hatched_over_its_stand_in(shoot: Shoot, make_slide: Any) -> None:
    # The native tile (4, 4) of level 0 fails; the coarser levels are whole.
    tiles = SlideTiles(make_slide(failing=[(0, 4, 4)]))
    picture = shoot(looking(1280, 1280, 1.0), Scene(tiles, background=(255, 255, 255))).astype(int)
    bad = picture[125:235, 165:315]  # inside the failed cell
    orange = (bad[..., 0] > 150) & (bad[..., 2] < 80)
    assert 0.02 < orange.mean() < 0.5
    assert not np.any(np.all(bad == 255, axis=-1) | np.all(bad == 0, axis=-1))


def test_a_failed_tile_without_a_stand_in_is_hatched_too(shoot: Shoot, make_slide: Any) -> None:
    tiles = SlideTiles(make_slide((512, 512), downsamples=(1,), failing=[(0, 0, 0)]))
    picture = shoot(looking(256, 256, 1.0), Scene(tiles, background=(90, 90, 90)))
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 2


def test_uploads_keep_to_their_budget_and_say_when_some_are_left(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, made_slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, state = SlideTiles(made_slide), looking(1000, 800, 1.0)
    canvas.snapshot()
    monkeypatch.setattr("pathview.render.canvas.UPLOAD_BUDGET_S", 0.0)
    load(source, [TileKey(0, 1, 1), TileKey(0, 2, 1), TileKey(3, 0, 0)], loader, inbox)
    left = []
    for _ in range(3):
        canvas.show(Picture.of(compose(state, Scene(source), loader, canvas)), loader)
        left.append(canvas.pending_uploads)
    assert left == [True, True, False]
    resident = canvas.resident(source)
    assert TileKey(0, 1, 1) in resident
    assert TileKey(0, 2, 1) in resident


def test_a_tile_out_of_view_brings_no_picture(
    canvas: GlCanvas, loader: TileLoader, inbox: Inbox, made_slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathview.render.canvas.UPLOAD_BUDGET_S", 60.0)
    source, state = SlideTiles(made_slide), looking(1000, 800, 1.0)

    def show() -> bool:
        return canvas.show(Picture.of(compose(state, Scene(source), loader, canvas)), loader, same=True)

    canvas.snapshot()
    visible = [*source.pyramid.cover(state.viewport.box(), 0), source.pyramid.root]
    load(source, visible[:1], loader, inbox)
    assert show()
    load(source, visible[1:], loader, inbox)
    assert show()
    assert not show(), "nothing is new"
    ring = TileKey(0, visible[0].col - 1, visible[0].row)
    load(source, [ring], loader, inbox)
    assert not show()
    assert ring in canvas.resident(source)


def test_what_is_forgotten_is_gone(canvas: GlCanvas, shoot: Shoot, made_slide: Slide) -> None:
    source = SlideTiles(made_slide)
    shoot(looking(1000, 800, 1.0), Scene(source))
    assert TileKey(0, 1, 1) in canvas.resident(source)
    canvas.forget(source)
    assert TileKey(0, 1, 1) not in canvas.resident(source)
    shoot(looking(1000, 800, 1.0), Scene(source))
    assert TileKey(0, 1, 1) in canvas.resident(source)


def test_a_lost_context_is_rebuilt_from_memory(canvas: GlCanvas, shoot: Shoot, made_slide: Slide) -> None:
    state, scene = looking(1000, 800, 1.0), Scene(SlideTiles(made_slide))
    before = shoot(state, scene)
    canvas.rebuild()
    assert np.array_equal(canvas.snapshot(), before)


def test_more_tiles_than_slots_leave_no_hole(
    shoot: Shoot, array_tiles: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathview.render.painter._PAGE_EDGE", {"rgb": 128, "scalar": 128})
    monkeypatch.setattr("pathview.render.painter._PAGES", 1)
    source = array_tiles(np.full((600, 600, 3), (200, 100, 150), np.uint8))
    state, scene = looking(300, 300, 1.0), Scene(source, background=(0, 255, 0))
    assert np.all(shoot(state, scene) == (200, 100, 150))
    put, uploads = Atlas.put, []

    def counted(atlas: Atlas, *args: Any) -> bool:
        uploads.append(put(atlas, *args))
        return uploads[-1]

    monkeypatch.setattr(Atlas, "put", counted)
    shoot(state, scene)
    assert uploads
    assert not any(uploads), "tiles that are drawn do not push each other out"


def test_the_picture_follows_the_size_of_the_view(canvas: GlCanvas, shoot: Shoot, made_slide: Slide) -> None:
    scene, state = Scene(SlideTiles(made_slide)), looking(1000, 800, 1.0)
    shoot(state, scene)
    wider = replace(state, viewport=state.viewport.resized((400, 200)))
    picture = shoot(wider, scene)
    assert np.array_equal(picture, coordinate_pixels(np.arange(800, 1200), np.arange(700, 900)))


def test_painting_an_old_frame_on_a_resized_canvas_keeps_its_middle(
    canvas: GlCanvas, surface: VispySurface, shoot: Shoot, made_slide: Slide
) -> None:
    shoot(looking(1000, 800, 1.0), Scene(SlideTiles(made_slide)))
    surface._canvas.size = (200, 100)
    assert canvas.physical_size == (200, 100)
    assert canvas._fitting().placed[0].frame.viewport == Viewport((1000, 800), 1.0, (200, 100))
    surface._canvas.events.draw(region=None)


def load(source: Any, keys: list[TileKey], loader: TileLoader, inbox: Inbox) -> None:
    loader.wish("load", [(source, TilePlan((), (), tuple(keys)))])
    while loader.work():
        pass
    inbox.drain()


def test_the_last_resort_stays_however_far_one_goes(
    shoot: Shoot,
    canvas: GlCanvas,
    loader: TileLoader,
    inbox: Inbox,
    array_tiles: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pathview.render.painter._PAGE_EDGE", {"rgb": 1024, "scalar": 1024})
    monkeypatch.setattr("pathview.render.painter._PAGES", 1)
    source = array_tiles(np.zeros((256, 8192, 3), np.uint8), tile=64)
    scene = Scene(source)
    shoot(looking(160, 128, 1.0), scene)
    # So slowly that nothing ever needs it: what is read ahead is always there before.
    for x in range(160, 8000, 10):
        frame = compose(looking(x, 128, 1.0), scene, loader, canvas)
        loader.wish("test", frame.wishes)
        while loader.work():
            pass
        inbox.drain()
        canvas.show(Picture.of(compose(looking(x, 128, 1.0), scene, loader, canvas)), loader)
        # After each single frame: what is gone now is a hole in the next one.
        assert source.pyramid.root in canvas.resident(source), x
