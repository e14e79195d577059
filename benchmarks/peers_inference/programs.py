"""The programs, each as one command on one slide: what it took, and what it said of which patch."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.environment import compiling

ROOT = Path(__file__).parents[2]
_LOOPS = 3
_LOOP = (sys.executable, "-m", "benchmarks.peers_inference.pathview_loop")
_MODEL = "pcam-tumour-lite0"


@dataclass(frozen=True, slots=True, eq=False)
class Ran:
    """One command.

    Attributes
    ----------
    places, scores
        (n, 2) level-0 pixels of the patches' top-left corners, and the (n,) probability of tumour.
    loop_s
        From asking for the first patch to the last score.
    whole_s
        From the start of the command to its end.
    loop_processor_s, whole_processor_s
        The processor time that it and its children took for them, which other work on the machine changes
        less.
    """

    places: NDArray[np.float64]
    scores: NDArray[np.float64]
    loop_s: float
    loop_processor_s: float
    whole_s: float
    whole_processor_s: float


Program = Callable[[Path, Path], Ran]
"""Takes the slide and an empty folder."""


class ProgramFailed(Exception):
    """A command ended with an error; the text is its last lines."""


def pathview(slide: Path, folder: Path) -> Ran:
    """`pathview run` for the whole; then the loop alone, the middle one of three, with the model loaded."""
    output = folder / "run"
    command = [sys.executable, "-m", "pathview", "run", str(slide), "-m", _MODEL, "-o", str(output)]
    whole = _call([*command, "--device", "cpu"])
    looped = _call([*_LOOP, slide, folder, str(_LOOPS)])
    return _read(folder, whole, _told(looped))


def float32(slide: Path, folder: Path) -> Ran:
    """What float32 torch says of the patches as PathView reads them; no time is taken."""
    ended = _call([*_LOOP, slide, folder, "0"])
    return _read(folder, ended, _told(ended))


@dataclass(frozen=True, slots=True)
class WsInfer:
    """`wsinfer run` with a local model.

    Attributes
    ----------
    python
        Of its environment.
    model
        Folder of `torchscript_model.pt` and `config.json`.
    batch, workers, speedup
        Its options.
    """

    python: Path
    model: Path
    batch: int = 32
    workers: int = 1
    speedup: bool = True

    def __call__(self, slide: Path, folder: Path) -> Ran:
        """Run it; the loop is what its progress bar counts."""
        slides, home = folder / "slides", folder / "home"
        slides.mkdir()
        (slides / slide.name).symlink_to(slide)
        # It asks a hub for its list of models before anything else; an empty list keeps it from that.
        registry = home / ".wsinfer-zoo" / "wsinfer-zoo-registry.json"
        registry.parent.mkdir(parents=True)
        registry.write_text('{"models": {}}')
        command = [
            self.python.with_name("wsinfer"), "run", "-i", slides, "-o", folder / "results",
            "-c", self.model / "config.json", "-p", self.model / "torchscript_model.pt",
            "-b", self.batch, "-n", self.workers, *(["--speedup"] if self.speedup else []),
        ]  # fmt: skip
        # Its own bar says when the loop begins and ends.
        ended = _call(command, HOME=str(home), WSINFER_FORCE_CPU="1")
        with (folder / "results" / "model-outputs-csv" / f"{slide.stem}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        places = np.array([[float(row["minx"]), float(row["miny"])] for row in rows])
        scores = np.array([float(row["prob_Tumor"]) for row in rows])
        (began, before), (there, after) = ended.heard("0%|"), ended.heard("100%|")
        return Ran(places, scores, there - began, after - before, ended.seconds, ended.processor_s)


@dataclass(frozen=True, slots=True)
class TiaToolbox:
    """TIAToolbox's PatchPredictor with the network as a torch module.

    Attributes
    ----------
    python
        Of its environment.
    model
        Folder of `weights.safetensors` and `card.json`.
    batch, workers
        Its options.
    """

    python: Path
    model: Path
    batch: int = 32
    workers: int = 0

    def __call__(self, slide: Path, folder: Path) -> Ran:
        """Run it; the loop is its own call for a whole slide."""
        script = Path(__file__).with_name("tiatoolbox_run.py")
        ended = _call([self.python, script, slide, self.model, folder, self.batch, self.workers])
        return _read(folder, ended, _told(ended))


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@dataclass(frozen=True, slots=True)
class _Ended:
    """A command that has ended well: seconds, and what it said when (clock and processor time)."""

    seconds: float
    processor_s: float
    said: tuple[tuple[tuple[float, float], str], ...]

    def heard(self, mark: str) -> tuple[float, float]:
        """Return when `mark` was said first."""
        return next(moment for moment, part in self.said if f" {mark}" in part or f"\r{mark}" in part)


def _told(ended: _Ended) -> dict[str, float]:
    """Return the line of JSON that was said."""
    lines = "".join(part for _, part in ended.said).splitlines()
    told: dict[str, float] = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
    return told


def _read(folder: Path, ended: _Ended, told: Mapping[str, float]) -> Ran:
    with np.load(folder / "scores.npz") as kept:
        places, scores = kept["places"].astype(float), kept["scores"].astype(float)
    return Ran(places, scores, told["loop_s"], told["loop_processor_s"], ended.seconds, ended.processor_s)


def _call(command: Sequence[object], **environment: str) -> _Ended:
    # Waiting threads that spin cost all of them dear where readers want the same two cores.
    calm = {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
    surroundings = compiling({**os.environ, "PYTHONPATH": str(ROOT)}) | calm | environment
    began = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)), env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    said = []
    while part := os.read(process.stdout.fileno(), 1 << 16):
        moment = time.perf_counter(), _used(process.pid)
        said.append((moment, part.decode(errors="replace")))
    _, state, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(state)
    if process.returncode:
        raise ProgramFailed("".join(part for _, part in said)[-600:])
    return _Ended(time.perf_counter() - began, used.ru_utime + used.ru_stime, tuple(said))


def _used(pid: int) -> float:
    """Return the processor seconds of a process and its children, also those that have ended; 0 if it has."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    ticks = sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK") + sum(_used(int(child)) for child in children)
