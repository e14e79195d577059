import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import TileReadError
from pathview.core.inbox import Inbox
from pathview.core.place import Address
from pathview.inference import known_tissue
from pathview.inference.kept_model import KeptModel
from pathview.inference.known_tissue import KnownTissue, Wanted
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run
from pathview.inference.tissue import TissueMask, tissue_mask
from pathview.slides.made import MadeReader, write_made_tiff
from pathview.slides.slide import Slide


class Counted:
    """Finds tissue, and counts how often."""

    def __init__(self) -> None:
        self.times = 0
        self.others = threading.Event()
        self.others.set()

    def __call__(self, slide: Slide) -> TissueMask:
        self.times += 1
        assert self.others.wait(10)
        return tissue_mask(slide)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    finder = Counted()
    monkeypatch.setattr(known_tissue, "tissue_mask", finder)
    return finder


def test_it_is_found_once_and_is_the_same(slide: Slide, counted: Counted) -> None:
    known = KnownTissue()
    masks = [known.of(slide) for _ in range(3)]
    assert counted.times == 1
    exact = tissue_mask(slide)
    for mask in masks:
        assert mask.downsample == exact.downsample
        assert np.array_equal(mask.mask, exact.mask)


def test_another_pixel_size_is_another_mask(slide: Slide, counted: Counted) -> None:
    known = KnownTissue()
    first = known.of(slide)
    slide.state_mpp((0.25, 0.25))
    assert known.of(slide).downsample == 2 * first.downsample
    slide.state_mpp(None)
    assert known.of(slide) is first
    assert counted.times == 2


def test_who_asks_meanwhile_waits_for_it(slide: Slide, counted: Counted) -> None:
    known = KnownTissue()
    counted.others.clear()
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(known.of, slide) for _ in range(3)]
        counted.others.set()
        masks = [future.result(10) for future in asked]
    assert counted.times == 1
    assert masks[0] is masks[1] is masks[2]


def test_only_the_newest_are_kept(counted: Counted) -> None:
    known = KnownTissue()
    slides = [Slide(MadeReader((1000 + 10 * number, 700), mpp=0.5)) for number in range(9)]
    for slide in [*slides, slides[1]]:
        known.of(slide)
    assert counted.times == 9
    known.of(slides[0])
    assert counted.times == 10


def test_a_failure_is_not_remembered() -> None:
    reader = MadeReader((1500, 1100), downsamples=(1,), mpp=0.5, failing={(0, 0, 0)})
    known, slide = KnownTissue(), Slide(reader)
    with pytest.raises(TileReadError):
        known.of(slide)
    reader.failing.clear()
    assert np.array_equal(known.of(slide).mask, tissue_mask(slide).mask)


def test_a_run_finds_what_was_prepared(
    file: Path, texture: ModelSource, tmp_path: Path, counted: Counted
) -> None:
    kept = KeptModel()
    kept.tissue.prepare(Wanted(file, None))
    assert counted.times == 1
    run = kept.build(RunSpec(file, texture, tmp_path / "a.zarr"), Inbox())
    alone = build_run(RunSpec(file, texture, tmp_path / "b.zarr"), Inbox())
    assert counted.times == 1
    assert np.array_equal(run.heatmap.grid.selected, alone.heatmap.grid.selected)
    run.close()
    alone.close()
    kept.close()


def test_what_cannot_be_prepared_is_left_to_the_run(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownTissue()
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"no slide")
    for place in (tmp_path / "missing.tif", broken, Address("http://127.0.0.1:9/slide.tif")):
        known.prepare(Wanted(place, None))
    flat = write_made_tiff(tmp_path / "flat.tif", (1500, 1100), mpp=0.5)
    monkeypatch.setattr(known_tissue, "_MOST_PIXELS", 1000)
    known.prepare(Wanted(flat, None))
    assert counted.times == 0
