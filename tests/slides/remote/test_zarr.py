"""OME-Zarr on servers: the local pixels and fingerprint, few requests, and no black where a server fails."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.made import level_pixels
from pathview.slides.open import open_slide
from pathview.slides.remote import http
from pathview.slides.remote import zarr as remote_zarr
from pathview.slides.slide import Slide

zarr = pytest.importorskip("zarr")
SIZE = (603, 411)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES_S", (0.01, 0.01))


def write(path: Path, zarr_format: int = 3, shards: bool = False, gap: bool = False) -> Path:
    """Write a made slide as OME-Zarr with levels 1, 2 and 4; with a gap, its first chunks are not stored."""
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    datasets = []
    for number, d in enumerate((1, 2, 4)):
        pixels = level_pixels(d, 0, 0, -(-SIZE[0] // d), -(-SIZE[1] // d), SIZE).transpose(2, 0, 1)
        if gap and number == 0:
            pixels[:, :64, :128] = 0
        array = group.create_array(
            str(number),
            shape=pixels.shape,
            dtype="uint8",
            chunks=(3, 64, 64),
            shards=(3, 256, 256) if shards else None,
            config={"write_empty_chunks": False},
        )
        array[...] = pixels
        scale = {"type": "scale", "scale": [1.0, 0.25 * d, 0.25 * d]}
        datasets.append({"path": str(number), "coordinateTransformations": [scale]})
    axes = [{"name": "c", "type": "channel"}] + [
        {"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"
    ]
    version = "0.5" if zarr_format == 3 else "0.4"
    ome = {"multiscales": [{"version": version, "axes": axes, "datasets": datasets}], "version": version}
    group.attrs.update({"ome": ome} if zarr_format == 3 else ome)
    return path


def same(here: Slide, there: Slide) -> None:
    assert there.info.fingerprint == here.info.fingerprint
    assert (there.info.levels, there.info.mpp) == (here.info.levels, here.info.mpp)
    for number, level in enumerate(here.info.levels):
        region = Region(here.info.box, here.info.levels[number].downsample)
        np.testing.assert_array_equal(there.read(region), here.read(region), str(level))


@pytest.mark.parametrize("how", [{}, {"zarr_format": 2}, {"shards": True}, {"gap": True}], ids=str)
@pytest.mark.parametrize("end", ["", "/", "/zarr.json"])
def test_a_folder_is_the_same_over_http(how: dict[str, Any], end: str, server: Any) -> None:
    folder = write(server.folder / "made.ome.zarr", **how)
    with open_slide(folder) as here, open_slide(server.address(f"made.ome.zarr{end}")) as there:
        same(here, there)


@pytest.mark.parametrize("top", ["", "made.ome.zarr/"])
def test_a_zip_file_is_the_same_over_http(top: str, server: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "made.ome.zarr")
    packed = server.folder / "made.ome.zarr.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.rglob("*"):
            if file.is_file():
                archive.write(file, top + file.relative_to(folder).as_posix())
    with open_slide(packed) as here, open_slide(server.address(packed.name)) as there:
        same(here, there)


def test_a_real_one_is_the_same_over_http(data: Path, server: Any) -> None:
    packed = data / "wsi" / "ome_zarr" / "CMU-1-Small-Region_v0.5.ome.zarr.zip"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(server.folder / "real.ome.zarr")
    root = next(server.folder.rglob("zarr.json")).parent
    root = min((file.parent for file in server.folder.rglob("zarr.json")), key=lambda at: len(at.parts))
    address = server.address(root.relative_to(server.folder).as_posix())
    with open_slide(root) as here, open_slide(address) as there:
        same(here, there)


def test_what_was_looked_at_is_not_asked_for_again(server: Any) -> None:
    write(server.folder / "made.ome.zarr", gap=True)
    full = Region(Box(0, 0, *SIZE), 1.0)
    with open_slide(server.address("made.ome.zarr")) as slide:
        slide.read(full)
    server.asked.clear()
    with open_slide(server.address("made.ome.zarr")) as slide:
        slide.read(full)
    assert not [path for path, _, _ in server.asked if "/0/c/" in path]
    assert len(server.asked) < 20


def test_only_the_chunks_that_are_looked_at_are_asked_for(server: Any) -> None:
    write(server.folder / "made.ome.zarr")
    with open_slide(server.address("made.ome.zarr"), probe=False) as slide:
        server.asked.clear()
        slide.read(Region(Box(256, 256, 384, 320), 1.0))
        assert sorted(path for path, _, _ in server.asked) == [
            "/made.ome.zarr/0/c/0/4/4",
            "/made.ome.zarr/0/c/0/4/5",
        ]


def test_a_lost_server_does_not_read_as_black(server: Any) -> None:
    write(server.folder / "made.ome.zarr")
    with open_slide(server.address("made.ome.zarr"), probe=False) as slide:
        server.stop()
        with pytest.raises(TileReadError, match="cannot be reached"):
            slide.read(Region(slide.info.box, 1.0))


def test_a_folder_that_is_gone_does_not_read_as_black(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_zarr, "_LOOK_S", 0.0)
    write(server.folder / "made.ome.zarr")
    with open_slide(server.address("made.ome.zarr"), probe=False) as slide:
        shutil.rmtree(server.folder / "made.ome.zarr")
        with pytest.raises(TileReadError, match=r"gone from the server|no such file on the server"):
            slide.read(Region(slide.info.box, 1.0))


def test_another_folder_in_its_place_is_noticed(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_zarr, "_LOOK_S", 0.0)
    write(server.folder / "made.ome.zarr")
    with open_slide(server.address("made.ome.zarr"), probe=False) as slide:
        shutil.rmtree(server.folder / "made.ome.zarr")
        other = write(server.folder / "made.ome.zarr", gap=True)
        for file in (other / "2").rglob("*"):
            if file.is_file() and file.parent.name != "2":
                file.write_bytes(os.urandom(99))
        server.etag = '"second"'
        with pytest.raises(TileReadError):
            slide.read(Region(slide.info.box, 1.0))


def test_a_folder_that_is_not_there_is_one_sentence(server: Any) -> None:
    began = time.monotonic()
    with pytest.raises(SlideOpenError, match="no such file on the server"):
        open_slide(server.address("no.ome.zarr"))
    assert time.monotonic() - began < 5


def test_damaged_metadata_are_one_sentence(server: Any) -> None:
    folder = write(server.folder / "made.ome.zarr")
    (folder / "zarr.json").write_text("{", encoding="utf-8")
    with pytest.raises(SlideOpenError, match="metadata are damaged"):
        open_slide(server.address("made.ome.zarr"))
