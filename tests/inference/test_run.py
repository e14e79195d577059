from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pathview.core.errors import ModelError
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.inference.batch import BatchSize
from pathview.inference.boundary import check_prediction
from pathview.inference.card import ModelCard
from pathview.inference.forecast import BENCHMARK, Forecast
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.phases import Phase, heard_by
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState, RunStatus
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide

MakeRun = Callable[..., InferenceRun]
Scores = np.ndarray


def run_through(run: InferenceRun) -> None:
    while run.step():
        pass


def test_the_heatmap_equals_direct_computation(make_run: MakeRun, expected: Scores) -> None:
    run = make_run()
    run_through(run)
    assert run.status.state is RunState.DONE
    assert run.status.done == run.status.total == expected[0].size
    np.testing.assert_array_equal(run.heatmap.scores, expected)
    assert (run.heatmap.state == CellState.DONE).all()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.integers(0, 40), focus=st.tuples(st.floats(-100, 2000), st.floats(-100, 2000)))
def test_cancel_anywhere_then_resume_gives_the_same(
    make_run: MakeRun,
    expected: Scores,
    tmp_path_factory: pytest.TempPathFactory,
    steps: int,
    focus: tuple[float, float],
) -> None:
    path = tmp_path_factory.mktemp("cancelled") / "heatmap.zarr"
    first = make_run(path)
    first.focus(Box(*focus, *focus))
    for _ in range(steps):
        first.step()
    first.cancel()
    first.step()
    assert first.status.state.final
    kept = int((Heatmap.open(path).state == CellState.DONE).sum())
    assert kept == first.status.done

    second = make_run(path)
    second.model.sizes.clear()  # type: ignore[attr-defined]
    run_through(second)
    assert sum(second.model.sizes) == expected[0].size - kept  # type: ignore[attr-defined]
    stored = Heatmap.open(path)
    np.testing.assert_array_equal(stored.scores, expected)
    assert (stored.state == CellState.DONE).all()


def test_the_focus_comes_first_and_changes_no_value(make_run: MakeRun, expected: Scores) -> None:
    run = make_run(batch=4)
    run.focus(Box(1400, 1000, 1410, 1010))
    while not (run.heatmap.state == CellState.DONE).any():
        run.step()
    row, col = np.argwhere(run.heatmap.state == CellState.DONE).mean(axis=0)
    assert row > run.heatmap.grid.shape[0] / 2
    assert col > run.heatmap.grid.shape[1] / 2
    run.focus(Box(0, 0, 10, 10))
    run_through(run)
    np.testing.assert_array_equal(run.heatmap.scores, expected)


def test_after_a_jump_nothing_out_of_view_comes_first(make_run: MakeRun, expected: Scores) -> None:
    run = make_run(batch=4)
    grid, state = run.heatmap.grid, run.heatmap.state
    run.focus(Box(0, 0, 300, 300))
    while run.heatmap.progress.done < 8:
        run.step()
    before = state.copy()
    view = Box(900, 600, 1500, 1100)
    run.focus(view)
    cells = run.heatmap.pending()
    x0, y0, x1, y1 = grid.cell_boxes(cells).T
    wanted = cells[(x1 > view.x0) & (x0 < view.x1) & (y1 > view.y0) & (y0 < view.y1)]
    assert len(wanted) > 8
    while not (state[tuple(wanted.T)] == CellState.DONE).all():
        assert run.step()
    others = (state != before).sum() - len(wanted)
    assert others <= 4, "more than what a last batch has room for"
    run_through(run)
    np.testing.assert_array_equal(run.heatmap.scores, expected)


def test_pause_holds_and_resume_goes_on(make_run: MakeRun) -> None:
    run = make_run()
    while run.heatmap.progress.done == 0:
        run.step()
    run.pause()
    assert run.step()
    paused = run.status.state
    assert paused is RunState.PAUSED
    done = run.heatmap.progress.done
    run.step()
    assert run.heatmap.progress.done == done
    # From another thread, while the stepping one waits.
    timer = Timer(0.02, run.resume)
    timer.start()
    run_through(run)
    timer.join()
    assert run.status.state is RunState.DONE


def test_cancel_wins_over_pause(make_run: MakeRun) -> None:
    run = make_run()
    run.pause()
    run.step()
    run.cancel()
    assert not run.step()
    assert run.status.state is RunState.CANCELLED
    assert not run.step()


def test_statuses_come_through_the_inbox(
    slide: Slide, model: object, grid: PatchGrid, card: ModelCard
) -> None:
    inbox = Inbox()
    seen: list[RunStatus] = []
    heatmap = Heatmap.create(None, grid, card, slide.info)
    run = InferenceRun(slide, model, grid, heatmap, inbox, device="cpu")  # type: ignore[arg-type]
    run.changed.connect(seen.append)
    run_through(run)
    assert not seen
    inbox.drain()
    assert [seen[0].state, seen[-1].state] == [RunState.RUNNING, RunState.DONE]
    assert seen[-1].seconds_left in (None, 0)
    assert model.loaded == "cpu"  # type: ignore[attr-defined]


def test_too_little_memory_halves_the_batch(make_run: MakeRun, model: object, expected: Scores) -> None:
    model.fits = 3  # type: ignore[attr-defined]
    model.sizes.clear()  # type: ignore[attr-defined]
    run = make_run(batch=64)
    run_through(run)
    assert run.status.state is RunState.DONE
    assert max(model.sizes) == 2  # type: ignore[attr-defined]
    np.testing.assert_array_equal(run.heatmap.scores, expected)


def test_no_memory_for_one_patch_fails(make_run: MakeRun, model: object) -> None:
    model.fits = 0  # type: ignore[attr-defined]
    run = make_run()
    run_through(run)
    assert run.status.state is RunState.FAILED
    assert "out of memory" in str(run.status.error)


def test_a_model_error_keeps_what_is_done(make_run: MakeRun, model: object, tmp_path: Path) -> None:
    predict = model.predict  # type: ignore[attr-defined]

    def breaks(patches: np.ndarray) -> np.ndarray:
        if len(model.sizes) >= 3:  # type: ignore[attr-defined]
            raise ZeroDivisionError("by zero")
        return predict(patches)  # type: ignore[no-any-return]

    model.predict = breaks  # type: ignore[attr-defined]
    run = make_run(tmp_path / "heatmap.zarr")
    run_through(run)
    assert run.status.state is RunState.FAILED
    assert isinstance(run.status.error, ModelError)
    assert isinstance(run.status.error.__cause__, ZeroDivisionError)
    assert 0 < run.status.done == Heatmap.open(tmp_path / "heatmap.zarr").progress.done


def test_unreadable_patches_fail_alone(
    make_run: MakeRun, reader: MadeReader, tmp_path: Path, expected: Scores
) -> None:
    path = tmp_path / "heatmap.zarr"
    reader.failing.add((0, 2, 1))
    run = make_run(path)
    run_through(run)
    assert run.status.state is RunState.DONE
    bad = run.heatmap.state == CellState.FAILED
    # Tile (2, 1) of 256 px spans 512-768 by 256-512: cells of 64 px.
    assert bad[4:8, 8:12].all()
    assert bad.sum() == 16 == run.status.failed
    assert run.status.done == run.status.total - 16
    np.testing.assert_array_equal(run.heatmap.scores[:, ~bad], expected[:, ~bad])
    value = Heatmap.open(path).value_at(600, 300)
    assert value is not None
    assert value.state is CellState.FAILED
    assert "made to fail" in value.reason

    reader.failing.clear()
    again = make_run(path)
    run_through(again)
    np.testing.assert_array_equal(again.heatmap.scores, expected)
    assert not Heatmap.open(path).failures


@pytest.mark.parametrize(
    ("prediction", "words"),
    [
        ([[0.5, 0.5]], "not an array"),
        (np.zeros((3, 2), np.float32), "shape"),
        (np.zeros((2, 2), np.float64), "float32"),
        (np.full((2, 2), np.nan, np.float32), "not finite"),
        (np.full((2, 2), 1.5, np.float32), "probabilities"),
        (np.full((2, 2), -0.5, np.float32), "probabilities"),
    ],
)
def test_bad_predictions_are_refused(card: ModelCard, prediction: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        check_prediction(prediction, 2, card)


def test_a_slow_model_gets_small_batches() -> None:
    size = BatchSize(64)
    size.learn(16, 1.6)
    assert size.now == 1
    for _ in range(10):
        size.learn(size.now, 0.001 * size.now)
    assert size.now == 64
    assert size.shrink()
    size.learn(32, 0.001)
    assert size.now == 32


def test_a_coarse_map_stands_early_and_the_outcome_is_the_same(make_run: MakeRun, expected: Scores) -> None:
    run = make_run(batch=4, coarse=8)
    run.focus(Box(0, 0, 10, 10))
    rows, cols = run.heatmap.grid.shape
    blocks = -(-rows // 8) * -(-cols // 8)
    while (run.heatmap.state == CellState.DONE).sum() < blocks:
        assert run.step()
    done = np.argwhere(run.heatmap.state == CellState.DONE)
    # Each block has one; no more than the batch in hand has more.
    assert len(np.unique(done // 8, axis=0)) >= blocks - 1
    assert len(done) <= blocks + 4
    run_through(run)
    np.testing.assert_array_equal(run.heatmap.scores, expected)
    assert (run.heatmap.state == CellState.DONE).all()


def test_the_first_patches_say_how_long_it_will_take(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathview.inference.forecast.LEAST_S", 0.0)
    run = make_run(batch=8, coarse=8)
    told: list[Forecast] = []
    while run.step():
        if run.status.forecast is not None:
            assert run.status.done >= BENCHMARK
            told.append(run.status.forecast)
    assert run.status.forecast is not None
    (forecast,) = {*told, run.status.forecast}
    assert (forecast.coarse_first, forecast.device) == (True, "CPU")
    blocks = 9  # of 8 x 8 in a grid of 18 x 24 cells, all of which take the same time
    assert forecast.coarse_seconds / forecast.seconds == pytest.approx(blocks / 432, rel=0.2)


def test_loading_and_checking_are_announced(make_run: MakeRun) -> None:
    heard: list[Phase] = []
    run = make_run(check=lambda model: ("checked",))
    with heard_by(heard.append):
        run_through(run)
    assert heard == [Phase.LOADING, Phase.CHECKING]
    assert run.status.notes == ("checked",)


def test_the_product_of_a_cell_is_on_disk_before_its_state(
    slide: Slide, card: ModelCard, grid: PatchGrid, model: Any, tmp_path: Path
) -> None:
    put: set[tuple[int, int]] = set()
    seen = []

    class Watching:
        def put(self, cells: np.ndarray, payload: object) -> None:
            assert payload is None  # a classifier says nothing beyond its cells
            put.update((int(row), int(col)) for row, col in cells)

        def flush(self) -> None:
            states = Heatmap.open(tmp_path / "h.zarr").state
            on_disk = {(int(row), int(col)) for row, col in np.argwhere(states == CellState.DONE)}
            seen.append(len(on_disk))
            assert on_disk <= put

    heatmap = Heatmap.create(tmp_path / "h.zarr", grid, card, slide.info)
    run = InferenceRun(slide, model, grid, heatmap, Inbox(), batch=16, sink=Watching())
    while run.step():
        heatmap.flush()
    assert len(put) == grid.shape[0] * grid.shape[1]
    assert seen[-1] > 0
