from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.core.inbox import Inbox
from pathview.core.palette import EXCLUDE, INCLUDE
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run
from pathview.inference.tissue import TissueMask
from pathview.inference.tissue_edits import TissueEdit, edited, tissue_edits, tissue_lines


def mark(name: str | None, shape: BaseGeometry) -> Annotation:
    return Annotation(shape, name)


def mask(*rows: str, downsample: float = 10.0) -> TissueMask:
    return TissueMask(np.array([[cell == "#" for cell in row] for row in rows]), downsample)


def drawn(tissue: TissueMask) -> list[str]:
    return ["".join("#" if cell else "." for cell in row) for row in tissue.mask]


def test_only_areas_of_the_two_classes_count_and_in_their_order() -> None:
    box = shapely.box(0, 0, 5, 5)
    edits = tissue_edits(
        [
            mark(EXCLUDE, box), mark("Tumor", box), mark(None, box), mark(INCLUDE, shapely.Point(1, 1)),
            mark(EXCLUDE, shapely.LineString([(0, 0), (9, 9)])), mark(INCLUDE, shapely.box(2, 2, 9, 9)),
        ]
    )  # fmt: skip
    assert [edit.adds for edit in edits] == [False, True]
    assert shapely.from_wkb(edits[1].shape).bounds == (2, 2, 9, 9)


def test_areas_are_added_and_taken_away_and_the_later_one_counts() -> None:
    tissue = mask("....", "####", "####")
    away = tissue_edits([mark(EXCLUDE, shapely.box(10, 0, 30, 20))])
    back = tissue_edits([mark(INCLUDE, shapely.box(20, 0, 30, 30))])
    assert drawn(edited(tissue, away)) == ["....", "#..#", "####"]
    assert drawn(edited(tissue, away + back)) == ["..#.", "#.##", "####"]
    assert drawn(edited(tissue, back + away)) == ["....", "#..#", "####"]
    assert drawn(tissue) == ["....", "####", "####"], "the mask that was given stays"
    assert edited(tissue, away).downsample == 10.0


def test_a_pixel_belongs_to_an_area_when_its_middle_does_and_holes_are_kept() -> None:
    ring = shapely.box(0, 0, 50, 50).difference(shapely.box(14, 14, 36, 36))
    tissue = edited(mask(*["....."] * 5), tissue_edits([mark(INCLUDE, ring)]))
    assert drawn(tissue) == ["#####", "#...#", "#...#", "#...#", "#####"]
    assert drawn(edited(mask("..."), tissue_edits([mark(INCLUDE, shapely.box(0, 0, 4, 10))]))) == ["..."]


def test_areas_past_the_slide_and_large_ones_are_cut_off() -> None:
    tissue = TissueMask(np.zeros((600, 300), bool), 2.0)
    everything = edited(tissue, tissue_edits([mark(INCLUDE, shapely.box(-1e5, -1e5, 1e5, 1e5))]))
    assert everything.mask.all()
    outside = edited(tissue, tissue_edits([mark(INCLUDE, shapely.box(-50, -50, -10, -10))]))
    assert not outside.mask.any()


def test_the_edges_of_a_mask_are_lines_round_its_tissue() -> None:
    lines = tissue_lines(mask("......", ".####.", ".####.", "......"))
    assert lines.bounds == pytest.approx((10, 10, 50, 30))


def run(spec: RunSpec) -> Heatmap:
    running = build_run(spec, Inbox())
    while running.step():
        pass
    assert running.status.error is None
    running.close()
    return running.heatmap


def test_a_run_leaves_out_what_was_excluded_and_takes_it_up_again(
    made_tiff: Path, texture: ModelSource, tmp_path: Path
) -> None:
    plain = RunSpec(made_tiff, texture, tmp_path / "h.zarr", device="cpu")
    whole = run(plain)
    assert whole.state[1, 1] == CellState.DONE
    corner = TissueEdit(False, shapely.box(0, 0, 600, 600).wkb)
    part = run(replace(plain, tissue=(corner,)))
    assert (part.state[:2, :2] == CellState.SKIPPED).all(), "though it was looked at before"
    assert part.progress.done == whole.progress.done - 4
    stored = Heatmap.open(tmp_path / "h.zarr")
    np.testing.assert_array_equal(stored.state, part.state)
    again = run(plain)
    np.testing.assert_array_equal(again.state, whole.state)
    np.testing.assert_array_equal(again.scores, whole.scores)
