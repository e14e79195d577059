from __future__ import annotations

import pytest

from pathview.inference.forecast import Forecast, Stopwatch, device_word, duration, in_words


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list whose last number is the time."""
    times = [100.0]
    monkeypatch.setattr("pathview.inference.forecast.time.monotonic", lambda: times[-1])
    return times


def lap(clock: list[float], watch: Stopwatch, patches: int, seconds: float) -> bool:
    clock.append(clock[-1] + seconds)
    return watch.lap(patches)


def test_the_rate_is_that_of_the_patches_after_the_first_batch(clock: list[float]) -> None:
    watch = Stopwatch()
    assert not lap(clock, watch, 16, 9.0)
    assert not lap(clock, watch, 16, 1.0)
    assert not watch.rate
    assert lap(clock, watch, 16, 1.0)
    assert watch.rate == 16.0
    assert not lap(clock, watch, 16, 50.0), "it is known, and told once"
    assert watch.rate == 16.0


def test_a_fast_model_is_timed_for_longer(clock: list[float]) -> None:
    watch = Stopwatch()
    lap(clock, watch, 64, 0.1)
    assert [lap(clock, watch, 64, 0.125) for _ in range(4)] == [False, False, False, True]
    assert watch.rate == 512.0


def test_a_pause_does_not_count(clock: list[float]) -> None:
    watch = Stopwatch()
    lap(clock, watch, 16, 1.0)
    lap(clock, watch, 16, 1.0)
    watch.stop()
    assert not lap(clock, watch, 16, 3600.0)
    assert lap(clock, watch, 32, 2.0)
    assert watch.rate == 16.0


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (
            Forecast(10_800, 240, True, "CPU"),
            "about 3.0 h on this CPU, 4 min of it for a coarse map first",
        ),
        (
            Forecast(600, 10, False, "GPU"),
            "about 10 min on this GPU; coarse first, a rough map would stand after 10 s",
        ),
    ],
)
def test_a_forecast_in_words(forecast: Forecast, words: str) -> None:
    assert in_words(forecast) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (47, "47 s"), (89, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "1.5 h")],
)
def test_a_time_is_told_no_finer_than_it_is_known(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_device_has_a_word() -> None:
    assert [device_word(name) for name in ("cpu", "cuda:1", "mps")] == ["CPU", "GPU", "GPU"]
