from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from pathview.annotations.detection_store import DetectionStore
from pathview.annotations.objects import Objects
from pathview.core.errors import HeatmapMismatchError

IDENTITY = {"model": "nuclei", "slide_fingerprint": "abc"}


def block(count: int, start: int = 0) -> Objects:
    at = np.arange(start, start + count)[:, None] + (0.25, 0.5)
    rings = [np.array(shapely.box(x - 3, y - 3, x + 3, y + 3 + x % 2).exterior.coords) for x, y in at]
    return Objects.of(at, np.arange(count) % 2, np.linspace(0, 1, count), np.arange(count), rings)


def same(one: Objects, other: Objects) -> bool:
    names = ("centers", "classes", "scores", "cells", "ring", "ends")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    store = DetectionStore.create(tmp_path / "d.zarr", ("a", "b"), IDENTITY)
    blocks = [block(7), Objects.none(), block(70_000, 7), block(3, 90_000)]
    for one in blocks:
        store.append(one)
    again = DetectionStore.open(tmp_path / "d.zarr", identity=IDENTITY)
    assert again.classes == ("a", "b")
    assert len(again) == 70_010
    assert same(again.read(), Objects.joined(blocks))


def test_a_block_that_was_not_written_to_its_end_is_not_there(tmp_path: Path, monkeypatch: Any) -> None:
    store = DetectionStore.create(tmp_path / "d.zarr", ("a", "b"), IDENTITY)
    store.append(block(5))

    def killed(self: DetectionStore) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DetectionStore, "_commit", killed)
        with pytest.raises(KeyboardInterrupt):
            store.append(block(9, 50))
    again = DetectionStore.open(tmp_path / "d.zarr", writable=True)
    assert same(again.read(), block(5))
    again.append(block(2, 80))
    assert same(DetectionStore.open(tmp_path / "d.zarr").read(), Objects.joined([block(5), block(2, 80)]))


def test_replacing_leaves_the_old_or_the_new(tmp_path: Path, monkeypatch: Any) -> None:
    store = DetectionStore.create(tmp_path / "d.zarr", ("a", "b"), IDENTITY)
    store.append(block(5))
    write = DetectionStore._write

    def killed(self: DetectionStore, *args: Any) -> tuple[int, int]:
        write(self, *args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DetectionStore, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            store.replace(block(2))
    store = DetectionStore.open(tmp_path / "d.zarr", writable=True)
    assert same(store.read(), block(5))
    store.replace(block(3))
    assert same(DetectionStore.open(tmp_path / "d.zarr").read(), block(3))


@pytest.mark.parametrize("name", ["model", "slide_fingerprint"])
def test_the_objects_of_another_model_or_slide_are_refused(tmp_path: Path, name: str) -> None:
    DetectionStore.create(tmp_path / "d.zarr", ("a", "b"), IDENTITY)
    with pytest.raises(HeatmapMismatchError, match=rf"detections with {name} .*, not 'other'"):
        DetectionStore.open(tmp_path / "d.zarr", identity={**IDENTITY, name: "other"})


def test_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.zarr").mkdir()
    with pytest.raises(HeatmapMismatchError, match="no detections"):
        DetectionStore.open(tmp_path / "d.zarr")
