"""OME-Zarr: slides written here, whose pixels are known, and a real one whose pixels an SVS has too."""

from __future__ import annotations

import json
import random
import re
import shutil
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.channels import Look
from pathview.slides.made import level_pixels
from pathview.slides.open import open_slide
from pathview.slides.openslide_reader import OpenSlideReader
from pathview.slides.rendered import RenderedReader
from pathview.slides.slide import Slide
from pathview.slides.zarr_reader import open_ome_zarr

zarr = pytest.importorskip("zarr")
SIZE = (603, 411)
UM = {"x": "micrometer", "y": "micrometer"}


def write(
    path: Path,
    axes: str = "cyx",
    *,
    version: str = "0.5",
    downsamples: tuple[int, ...] = (1, 2, 4),
    units: dict[str, str] = UM,
    scale: float | None = 0.25,
    grey: bool = False,
    shards: bool = False,
    z: int = 3,
    dtype: str = "uint8",
    **more: Any,
) -> Path:
    """Write a made slide as OME-Zarr: 0.4 is Zarr 2, 0.5 is Zarr 3."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    datasets = []
    for number, d in enumerate(downsamples):
        plane = level_pixels(d, 0, 0, -(-SIZE[0] // d), -(-SIZE[1] // d), SIZE)
        lengths = {"t": 2, "z": z, "c": 1 if grey else 3, "y": plane.shape[0], "x": plane.shape[1]}
        pixels = np.zeros([lengths[a] for a in axes], dtype)
        middle = tuple({"t": 0, "z": z // 2}.get(a, slice(None)) for a in axes)
        pixels[middle] = arranged(plane, axes, grey)
        edge = {"t": 1, "z": 1, "c": lengths["c"], "y": 64, "x": 64}
        chunks = tuple(edge[a] for a in axes)
        array = group.create_array(
            str(number),
            shape=pixels.shape,
            dtype=dtype,
            chunks=chunks,
            shards=tuple(4 * c if a in "yx" else c for a, c in zip(axes, chunks, strict=True))
            if shards
            else None,
        )
        array[...] = pixels
        scales = [scale * d if a in "yx" else 1.0 for a in axes] if scale else None
        transforms = [{"type": "scale", "scale": scales}] if scales else []
        datasets.append({"path": str(number), "coordinateTransformations": transforms})
    described = [{"name": a, "type": "space"} | ({"unit": units[a]} if a in units else {}) for a in axes]
    image = {"name": "made", "version": version, "axes": described, "datasets": datasets}
    ome = {"multiscales": [image], "version": version, **more}
    group.attrs.update(ome if version == "0.4" else {"ome": ome})
    return path


def arranged(plane: NDArray[np.uint8], axes: str, grey: bool) -> NDArray[np.uint8]:
    """Put (y, x, 3) pixels into the order of the axes, without t and z."""
    order = [a for a in axes if a in "cyx"]
    if "c" not in order:
        return plane[..., 0].transpose(["yx".index(a) for a in order])
    return (plane[..., :1] if grey else plane).transpose(["yxc".index(a) for a in order])


def zipped(folder: Path, top: str = "") -> Path:
    target = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(target, "w") as archive:
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, top + file.relative_to(folder).as_posix())
    return target


def attributes_of(folder: Path) -> tuple[Path, Any]:
    file = folder / "zarr.json"
    return file, json.loads(file.read_text())


def opened(path: Path) -> Slide:
    reader = open_ome_zarr(path)
    assert reader is not None
    return Slide(reader)


def refusal(path: Path) -> str:
    with pytest.raises(SlideOpenError) as caught:
        open_ome_zarr(path)
    assert "\n" not in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["cyx", "yxc", "tczyx", "tzyxc", "zcxy", "xyc"])
def test_every_order_of_axes_gives_the_pixels(tmp_path: Path, version: str, axes: str) -> None:
    with opened(write(tmp_path / "made.zarr", axes, version=version)) as slide:
        assert [level.size for level in slide.info.levels] == [(603, 411), (302, 206), (151, 103)]
        assert [level.downsample for level in slide.info.levels] == [1, 2, 4]
        assert slide.info.mpp == (0.25, 0.25)
        assert slide.info.mpp_source == "OME-Zarr scale"
        assert slide.info.properties["ome-zarr.version"] == version
        got = slide.read(Region(slide.info.box, 1.0))
        np.testing.assert_array_equal(got, level_pixels(1, 0, 0, *SIZE, SIZE))


@pytest.mark.parametrize("axes", ["yx", "cyx", "tczyx", "xy"])
def test_grey_has_three_equal_channels(tmp_path: Path, axes: str) -> None:
    reader = open_ome_zarr(write(tmp_path / "made.zarr", axes, grey=True))
    assert reader is not None
    want = np.repeat(level_pixels(2, 30, 20, 200, 100, SIZE)[..., :1], 3, axis=2)
    np.testing.assert_array_equal(reader.read_level(1, 30, 20, 200, 100), want)
    reader.close()


@pytest.mark.parametrize("shards", [False, True])
@pytest.mark.parametrize("kind", ["folder", "zip", "zip of the folder"])
def test_folder_and_zip_sharded_or_not(tmp_path: Path, shards: bool, kind: str) -> None:
    path = write(tmp_path / "made.ome.zarr", shards=shards)
    if kind != "folder":
        path = zipped(path, "made.ome.zarr/" if "of" in kind else "")
    with opened(path) as slide:
        rng = np.random.default_rng(1)
        for _ in range(20):
            level = int(rng.integers(3))
            size = slide.info.levels[level].size
            x, y = int(rng.integers(size[0] - 40)), int(rng.integers(size[1] - 40))
            got = slide._reader.read_level(level, x, y, 40, 33)
            np.testing.assert_array_equal(got, level_pixels(1 << level, x, y, 40, 33, SIZE))


def test_the_metadata_file_opens_the_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "made.zarr")
    with opened(folder / "zarr.json") as slide:
        assert slide.info.path == folder


def test_the_first_image_of_a_collection(tmp_path: Path) -> None:
    outer = zarr.open_group(tmp_path / "many.zarr", mode="w")
    outer.attrs["ome"] = {"version": "0.5", "bioformats2raw.layout": 3}
    write(tmp_path / "many.zarr" / "0")
    with opened(tmp_path / "many.zarr") as slide:
        assert slide.info.size == SIZE


def test_real_pixels_equal_those_of_the_svs_they_were_made_from(data: Path) -> None:
    path = data / "wsi" / "ome_zarr" / "CMU-1-Small-Region_v0.5.ome.zarr.zip"
    with opened(path) as slide:
        svs = OpenSlideReader(data / "wsi" / "aperio" / "CMU-1-Small-Region.svs")
        assert slide.info.size == svs.info.size == (2220, 2967)
        assert slide.info.mpp == svs.info.mpp == (0.499, 0.499)
        assert [level.downsample for level in slide.info.levels] == [1, 2, 4, 8]
        want = svs.read_level(0, 0, 0, 2220, 2967)
        np.testing.assert_array_equal(slide.read(Region(slide.info.box, 1.0)), want)
        svs.close()


@pytest.mark.parametrize(
    ("units", "scale", "mpp", "source"),
    [
        ({"x": "nanometer", "y": "nanometer"}, 250.0, (0.25, 0.25), "OME-Zarr scale"),
        ({"x": "millimeter", "y": "micrometer"}, 0.00025, None, "cannot be true"),
        ({}, 0.25, None, "no unit"),
        ({"x": "micrometer", "y": "micrometer"}, None, None, "does not state"),
        ({"x": "parsec", "y": "parsec"}, 0.25, None, "no unit of length"),
        ({"x": "micrometer", "y": "micrometer"}, -0.25, None, "cannot be true"),
    ],
)
def test_scale(
    tmp_path: Path,
    units: dict[str, str],
    scale: float | None,
    mpp: tuple[float, float] | None,
    source: str,
) -> None:
    with opened(write(tmp_path / "made.zarr", units=units, scale=scale)) as slide:
        assert slide.info.mpp == mpp
        assert source in slide.info.mpp_source


def test_a_scale_of_the_whole_image_multiplies(tmp_path: Path) -> None:
    folder = write(tmp_path / "made.zarr")
    file, content = attributes_of(folder)
    image = content["attributes"]["ome"]["multiscales"][0]
    image["coordinateTransformations"] = [{"type": "scale", "scale": [1, 2, 4]}]
    file.write_text(json.dumps(content))
    with opened(folder) as slide:
        assert slide.info.mpp == (1.0, 0.5)


def test_channel_names_are_among_the_properties(tmp_path: Path) -> None:
    omero = {"channels": [{"label": "DAPI", "color": "0000FF"}, {"label": 3}, "nonsense"]}
    with opened(write(tmp_path / "made.zarr", omero=omero)) as slide:
        assert slide.info.properties["omero.channel[0].label"] == "DAPI"
        assert slide.info.properties["omero.channel[0].color"] == "0000FF"
        assert "omero.channel[1].label" not in slide.info.properties


def test_chunks_that_are_not_stored_have_the_fill_value(tmp_path: Path) -> None:
    folder = write(tmp_path / "made.zarr")
    (folder / "0" / "c" / "0" / "1" / "1").unlink()
    with opened(folder) as slide:
        got = slide._reader.read_level(0, 0, 0, 128, 128)
    assert not got[64:, 64:].any()
    np.testing.assert_array_equal(got[:64], level_pixels(1, 0, 0, 128, 64, SIZE))


def test_a_damaged_chunk_costs_that_chunk(tmp_path: Path) -> None:
    folder = write(tmp_path / "made.zarr")
    (folder / "0" / "c" / "0" / "1" / "1").write_bytes(b"no zstd frame at all")
    with opened(folder) as slide:
        with pytest.raises(TileReadError):
            slide._reader.read_level(0, 100, 100, 8, 8)
        got = slide._reader.read_level(0, 0, 0, 64, 64)
        np.testing.assert_array_equal(got, level_pixels(1, 0, 0, 64, 64, SIZE))


def test_a_folder_that_is_gone_is_not_black(tmp_path: Path) -> None:
    folder = write(tmp_path / "made.zarr")
    with opened(folder) as slide:
        away = folder.rename(tmp_path / "away.zarr")
        with pytest.raises(TileReadError, match="the folder is gone"):
            slide._reader.read_level(0, 0, 0, 8, 8)
        away.rename(folder)
        assert slide._reader.read_level(0, 200, 0, 8, 8).any()


@pytest.mark.parametrize(("x", "y", "w", "h"), [(-1, 0, 8, 8), (600, 0, 8, 8), (0, 405, 8, 8), (0, 0, 0, 8)])
def test_windows_outside_the_level_are_refused(tmp_path: Path, x: int, y: int, w: int, h: int) -> None:
    with (
        opened(write(tmp_path / "made.zarr")) as slide,
        pytest.raises(TileReadError, match="the level is"),
    ):
        slide._reader.read_level(0, x, y, w, h)


def test_closing_waits_for_readers_and_ends_reading(tmp_path: Path) -> None:
    reader = open_ome_zarr(zipped(write(tmp_path / "made.zarr")))
    assert reader is not None
    problems: list[str] = []

    def read(opened: RenderedReader) -> None:
        for number in range(200):
            try:
                opened.read_level(0, number, number, 100, 100)
            except TileReadError as error:
                problems.append(error.reason)
                return

    threads = [threading.Thread(target=read, args=(reader,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    reader.close()
    reader.close()
    for thread in threads:
        thread.join()
    assert set(problems) <= {"the slide is closed"}
    with pytest.raises(TileReadError, match="closed"):
        reader.read_level(0, 0, 0, 8, 8)


def test_the_fingerprint_survives_moving_and_tells_slides_apart(tmp_path: Path) -> None:
    first = write(tmp_path / "a.zarr")
    second = Path(shutil.copytree(first, tmp_path / "b.zarr"))
    other = write(tmp_path / "c.zarr", "yxc")
    prints = []
    for path in (first, second, other):
        with opened(path) as slide:
            prints.append(slide.info.fingerprint)
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_pixels_that_cannot_be_shown(tmp_path: Path, dtype: str) -> None:
    assert f"its pixels are of type {dtype}" in refusal(write(tmp_path / "made.zarr", dtype=dtype))


def test_more_than_8_bits_are_channels_with_a_contrast(tmp_path: Path) -> None:
    with opened(write(tmp_path / "made.zarr", dtype="uint16")) as slide:
        assert [channel.name for channel in slide.info.channels] == ["Red", "Green", "Blue"]
        look = slide.first_look
        assert look is not None
        assert {(shown.low, shown.high) for shown in look.channels} == {(0.0, look.channels[0].high)}
        for number in range(3):
            look = look.with_channel(number, high=255.0)
        got = slide.read(Region(Box(0, 0, 64, 64), 1.0), look)
    np.testing.assert_array_equal(got, level_pixels(1, 0, 0, 64, 64, SIZE))


def test_stains_are_told_from_colours_by_what_the_file_says(tmp_path: Path) -> None:
    stains = [
        {"label": "DAPI", "color": "0000FF", "window": {"start": 10, "end": 90, "min": 0, "max": 255}},
        {"label": "FITC", "color": "00FF00", "window": {"start": 0, "end": 255}},
        {"label": "Cy5", "color": "nonsense"},
    ]
    with opened(write(tmp_path / "a.zarr", omero={"channels": stains})) as slide:
        assert [channel.name for channel in slide.info.channels] == ["DAPI", "FITC", "Cy5"]
        assert slide.info.background == (0, 0, 0)
        look = slide.first_look
        assert look is not None
        assert (look.channels[0].low, look.channels[0].high) == (10.0, 90.0)
        assert look.channels[1].high < 255, "all that the type can hold is no window that anybody chose"
    colours = [
        {"label": name, "color": hue} for name, hue in zip("RGB", ("FF0000", "00FF00", "0000FF"), strict=True)
    ]
    with opened(write(tmp_path / "b.zarr", omero={"channels": colours})) as slide:
        assert (slide.info.channels, slide.first_look) == ((), None)


def test_focal_planes(tmp_path: Path) -> None:
    units = {**UM, "z": "micrometer"}
    with opened(write(tmp_path / "made.zarr", "zcyx", units=units, z=5)) as slide:
        assert (slide.info.planes, slide.info.plane_um, slide.info.channels) == (5, 1.0, ())
        look = slide.first_look
        assert look == Look(2, ())
        region = Region(Box(0, 0, 64, 64), 1.0)
        np.testing.assert_array_equal(slide.read(region), level_pixels(1, 0, 0, 64, 64, SIZE))
        assert not slide.read(region, replace(look, plane=0)).any()


def test_zarr_that_is_no_image(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "x.zarr", mode="w")
    assert "no OME-Zarr image" in refusal(tmp_path / "x.zarr")
    zarr.open_group(tmp_path / "y.zarr", mode="w").attrs["ome"] = {"plate": {}}
    assert "plate" in refusal(tmp_path / "y.zarr")


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (("axes",), ["x", "x", "y"], "its axes"),
        (("axes",), 7, "no axes"),
        (("axes",), [{"name": "y"}, {"name": "x"}], "3 axes"),
        (("datasets",), [], "list no levels"),
        (("datasets", 0), {"path": 3}, "where its levels are"),
        (("datasets", 1, "path"), "nowhere", "level 'nowhere' is missing"),
        (("datasets", 1, "path"), "../../0", "level '../../0' are damaged"),
    ],
)
def test_damaged_image_metadata(tmp_path: Path, place: tuple[Any, ...], value: object, why: str) -> None:
    folder = write(tmp_path / "made.zarr")
    file, content = attributes_of(folder)
    holder = content["attributes"]["ome"]["multiscales"][0]
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    file.write_text(json.dumps(content))
    assert why in refusal(folder)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("shape", [3, 1 << 40, 1 << 40], "claims a size"),
        ("shape", [3, 0, 20], "claims a size"),
        ("shape", [3, 20], "level '0'"),
        ("data_type", "lepton", "level '0'"),
        ("codecs", [{"name": "secret"}], "level '0'"),
        (
            "chunk_grid",
            {"name": "regular", "configuration": {"chunk_shape": [3, 1 << 20, 1 << 20]}},
            "claims chunks",
        ),
    ],
)
def test_damaged_array_metadata(tmp_path: Path, key: str, value: object, why: str) -> None:
    folder = write(tmp_path / "made.zarr", downsamples=(1,))
    file, content = attributes_of(folder / "0")
    content[key] = value
    file.write_text(json.dumps(content))
    assert why in refusal(folder)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_metadata_that_are_no_json(tmp_path: Path, version: str) -> None:
    folder = write(tmp_path / "made.zarr", version=version)
    (folder / ("zarr.json" if version == "0.5" else ".zattrs")).write_text('{"multiscales": [')
    assert "metadata are damaged" in refusal(folder)


def test_zip_files_that_are_cut_off_or_something_else(tmp_path: Path) -> None:
    path = zipped(write(tmp_path / "made.zarr"))
    path.write_bytes(path.read_bytes()[:5000])
    assert "zip" in refusal(path)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("notes.txt", "hello")
    assert open_ome_zarr(other) is None


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_opening_by_content(tmp_path: Path, kind: str) -> None:
    folder = write(tmp_path / "a name that tells nothing")
    with open_slide(folder if kind == "folder" else zipped(folder)) as slide:
        assert slide.info.format == "ome-zarr"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_whatever_is_wrong_with_the_metadata_is_told_in_a_sentence(tmp_path: Path, version: str) -> None:
    folder = write(tmp_path / "made.zarr", version=version, downsamples=(1, 2))
    files = sorted(p for p in folder.rglob("*") if p.name.startswith(".z") or p.name == "zarr.json")
    words = ("0", "-1", "1e999", "9" * 20, "null", "[]", "{}", '"x"', "NaN", "1073741824", "true")
    rng = random.Random(11)
    read, refused = 0, []
    for _ in range(150):
        file = rng.choice(files)
        kept = file.read_text()
        values = list(re.finditer(r'-?\d+(\.\d+)?|"[^"]*"|null|[\[\]]', kept))
        at = rng.choice(values).span() if values else (0, 1)
        file.write_text(kept[: at[0]] + rng.choice(words) + kept[at[1] :])
        try:
            with opened(folder) as slide:
                assert slide.info.mpp is None or all(0.02 <= mpp <= 100 for mpp in slide.info.mpp)
                slide.read(Region(slide.info.box, max(slide.info.size) / 50))
            read += 1
        except (SlideOpenError, TileReadError) as error:
            refused.append(str(error))
        file.write_text(kept)
    assert read > 10
    assert refused
    assert not any("\n" in sentence for sentence in refused)
