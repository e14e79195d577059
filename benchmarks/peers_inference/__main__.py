"""PathView against WSInfer and TIAToolbox: one slide, one network, the same patches, the same two cores.

Each is one command in an environment of its own (`benchmarks/peers/set_up.sh`), with the settings that were
fastest for it here. They take turns, so that each turn gives ratios; the first turn fills caches. The loop
goes from asking for the first patch to the last score; the whole is the command, its start and its files
included. Scores are compared patch by patch, with each other and with float32 torch on PathView's patches.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.peers.environment import environment_of
from benchmarks.peers_inference.made import mosaic, scan, write_model
from benchmarks.peers_inference.programs import (
    Program,
    ProgramFailed,
    Ran,
    TiaToolbox,
    WsInfer,
    emptied,
    float32,
    pathview,
)

OURS = "PathView"
EXACT = "float32 torch on PathView's patches"
# Of all turns; the one in hand is ended.
BUDGET_S = 330.0
MOST_TURNS = 5

TIMES = {
    "loop_s": "time in the loop",
    "loop_processor_s": "processor time in the loop",
    "whole_s": "time of the whole",
    "whole_processor_s": "processor time of the whole",
}

Turn = dict[str, Ran]


def programs(model: Path) -> dict[str, Program]:
    """Return what could be installed here, by name."""
    found: dict[str, Program] = {OURS: pathview}
    wsinfer, tiatoolbox = environment_of("wsinfer"), environment_of("tiatoolbox")
    if wsinfer is not None:
        found["WSInfer"] = WsInfer(wsinfer, model)
    if tiatoolbox is not None:
        found["TIAToolbox"] = TiaToolbox(tiatoolbox, model)
    return found


def take_turns(
    slides: Mapping[str, Path], running: Mapping[str, Program], folder: Path
) -> dict[str, list[Turn]]:
    """Return the turns on each slide, at least one."""
    turns: dict[str, list[Turn]] = {name: [] for name in slides}
    began = time.monotonic()
    for number in range(MOST_TURNS):
        for name, slide in slides.items():
            if number and time.monotonic() - began > BUDGET_S:
                return turns
            # Each begins once, so that none always has the processor that the other has warmed.
            order = sorted(running, key=lambda one: (list(running).index(one) + number) % len(running))
            turns[name].append({one: running[one](slide, emptied(folder)) for one in order})
    return turns


def difference(a: Ran, b: Ran) -> tuple[int, float, float, float]:
    """Return how many patches both looked at, and of their differences the largest, 99 % and the median."""
    places = {(round(x), round(y)): score for (x, y), score in zip(b.places, b.scores, strict=True)}
    pairs = [
        (score, other)
        for (x, y), score in zip(a.places, a.scores, strict=True)
        if (other := _near(places, round(x), round(y))) is not None
    ]
    scores = np.array(pairs).reshape(-1, 2)
    apart = np.abs(scores[:, 0] - scores[:, 1]) if len(scores) else np.full(1, np.nan)
    return len(pairs), float(apart.max()), float(np.quantile(apart, 0.99)), float(np.median(apart))


def _near(places: Mapping[tuple[int, int], float], x: int, y: int) -> float | None:
    """Return what was said of a place, or of one a pixel beside it: one of them counts in whole pixels."""
    around = ((x + dx, y + dy) for dx in (0, -1, 1) for dy in (0, -1, 1))
    return next((places[place] for place in around if place in places), None)


def report(slide: str, turns: list[Turn], exact: Ran) -> None:
    """Print the medians, the ratios turn by turn, and how far scores are apart."""
    last = turns[-1]
    print(f"  {slide}, {len(turns)} turns:")
    for name in last:
        loops = statistics.median(len(turn[name].scores) / turn[name].loop_s for turn in turns)
        whole = statistics.median(turn[name].whole_s for turn in turns)
        processor = statistics.median(turn[name].whole_processor_s for turn in turns)
        print(
            f"    {name}: {len(last[name].scores)} patches, {loops:.0f} a second in the loop; "
            f"the whole {whole:.1f} s, {processor:.1f} s of processor"
        )
    others = [name for name in last if name != OURS]
    for what, words in TIMES.items():
        shown = [f"{name} / {OURS} {_ratios(turns, name, what)}" for name in others]
        print(f"    {words} a patch: {', '.join(shown)}")
    compared = {**last, EXACT: exact}
    pairs = [*((OURS, name) for name in (*others, EXACT)), *((name, EXACT) for name in others)]
    for first, second in pairs:
        count, largest, high, middle = difference(compared[first], compared[second])
        print(
            f"    scores of {count} patches, {first} and {second}: at most {largest:.4f} apart, "
            f"99 % within {high:.4f}, half within {middle:.5f}"
        )


def _ratios(turns: list[Turn], name: str, what: str) -> str:
    ratios = [_each(turn[name], what) / _each(turn[OURS], what) for turn in turns]
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"


def _each(ran: Ran, what: str) -> float:
    return float(getattr(ran, what)) / len(ran.scores)


def main(data: Path) -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as name:
        home, work = Path(name), Path(name) / "work"
        os.environ["PATHVIEW_HOME"] = str(home / "home")
        running = programs(write_model(home / "model"))
        slides = {
            "tiles at the model's pixel size": mosaic(data, home / "mosaic.svs"),
            "a scan at twice that resolution": scan(data, home / "scan.svs"),
        }
        try:
            # The first run on a machine compares engines, and loads what later ones find loaded.
            exact = {slide: float32(path, emptied(work)) for slide, path in slides.items()}
            for program in running.values():
                program(slides["a scan at twice that resolution"], emptied(work))
            for slide, turns in take_turns(slides, running, work).items():
                report(slide, turns, exact[slide])
        except ProgramFailed as error:
            sys.exit(f"  a program failed: {error}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
