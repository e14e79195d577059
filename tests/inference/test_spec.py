import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from pathview.core.errors import (
    ExportError,
    HeatmapMismatchError,
    ImpossibleScaleError,
    ModelError,
    SlideOpenError,
    UnknownScaleError,
)
from pathview.core.inbox import Inbox
from pathview.inference.heatmap import Heatmap
from pathview.inference.run_status import RunState
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run
from pathview.slides.made import write_made_tiff


@pytest.fixture
def spec(tmp_path: Path, texture: ModelSource) -> RunSpec:
    slide = write_made_tiff(tmp_path / "slide.tif", (700, 500), mpp=0.5)
    return RunSpec(slide, texture, tmp_path / "runs" / "h.zarr", device="cpu", min_tissue=0)


def finish(spec: RunSpec) -> Heatmap:
    run = build_run(spec, Inbox())
    while run.step():
        pass
    assert run.status.state is RunState.DONE
    return run.heatmap


def test_it_survives_pickling(spec: RunSpec) -> None:
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_a_region_agrees_with_the_whole_slide(spec: RunSpec) -> None:
    whole = finish(spec)
    part = finish(replace(spec, heatmap=None, region=shapely.box(300, 150, 500, 400).wkb))
    row, col = (round(part.grid.origin[axis] / part.grid.stride) for axis in (1, 0))
    rows, cols = part.grid.shape
    np.testing.assert_array_equal(part.scores, whole.scores[:, row : row + rows, col : col + cols])
    assert spec.heatmap is not None
    assert Heatmap.open(spec.heatmap).facts.model == "texture-demo"


def test_a_stated_scale_serves_and_another_is_refused(
    spec: RunSpec, tmp_path: Path, texture: ModelSource
) -> None:
    bare = replace(spec, slide=write_made_tiff(tmp_path / "bare.tif", (700, 500), mpp=None))
    with pytest.raises(UnknownScaleError):
        build_run(bare, Inbox())
    heatmap = finish(replace(bare, mpp=(0.25, 0.25)))
    assert heatmap.grid.stride == 256
    assert heatmap.facts.slide_mpp == (0.25, 0.25)
    assert heatmap.facts.slide_mpp_source == "stated by the user"
    with pytest.raises(HeatmapMismatchError, match="grid"):
        build_run(replace(bare, mpp=(0.5, 0.5)), Inbox())
    # The same lattice, since the mean of x and y is the same, and yet not what was stated.
    with pytest.raises(HeatmapMismatchError, match=r"0.25 x 0.25 um/px, not 0.125 x 0.5"):
        build_run(replace(bare, mpp=(0.125, 0.5)), Inbox())


def test_a_stated_scale_goes_before_the_file_s_and_a_senseless_one_is_refused(spec: RunSpec) -> None:
    assert finish(replace(spec, mpp=(0.25, 0.25))).grid.stride == 256
    with pytest.raises(
        ImpossibleScaleError, match=r"200 x 0.5 um/px cannot be the pixel size of .*slide.tif"
    ):
        build_run(replace(spec, mpp=(200, 0.5)), Inbox())


def test_channels_are_no_stained_tissue(spec: RunSpec, fluorescence: Path) -> None:
    with pytest.raises(ModelError, match=r"has channels \(DAPI, FITC\)"):
        build_run(replace(spec, slide=fluorescence), Inbox())


def test_what_cannot_be_had_is_named(spec: RunSpec, tmp_path: Path) -> None:
    with pytest.raises(SlideOpenError):
        build_run(replace(spec, slide=tmp_path / "absent.svs"), Inbox())
    (tmp_path / "file").touch()
    with pytest.raises(ExportError):
        build_run(replace(spec, heatmap=tmp_path / "file" / "h.zarr"), Inbox())
