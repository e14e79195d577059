"""What the window's process and an inference host say to each other over their pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pathview.annotations.objects import Objects
from pathview.core.geometry import Box
from pathview.inference.facts import HeatmapFacts
from pathview.inference.grid import PatchGrid
from pathview.inference.known_tissue import Wanted
from pathview.inference.order import Cells
from pathview.inference.run_status import RunStatus
from pathview.inference.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Start:
    """To the host: perform a run; `run` names it from here on."""

    run: int
    spec: RunSpec


@dataclass(frozen=True, slots=True)
class Focus:
    """To the host: look next near the middle of a level-0 box."""

    run: int
    box: Box


@dataclass(frozen=True, slots=True)
class Pause:
    """To the host."""

    run: int


@dataclass(frozen=True, slots=True)
class Resume:
    """To the host."""

    run: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the host."""

    run: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """To the host: a run on this slide may be next."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Close:
    """To the host: stop what runs and exit."""


Command = Start | Focus | Pause | Resume | Cancel | Prepare | Close


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """From the host: the heatmap as it stands when the run begins."""

    run: int
    grid: PatchGrid
    facts: HeatmapFacts
    scores: NDArray[np.float32]
    state: NDArray[np.uint8]
    extras: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class NewCells:
    """From the host: (n, 2) cells that have changed, with what `Heatmap.mirror` takes."""

    run: int
    cells: Cells
    scores: NDArray[np.float32]
    state: NDArray[np.uint8]
    reasons: dict[tuple[int, int], str]
    extras: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class NewPixels:
    """From the host: (n, 2) cells in and about which the dense map on disk is another now."""

    run: int
    cells: Cells


@dataclass(frozen=True, slots=True, eq=False)
class NewObjects:
    """From the host: objects that a detector has found; the first ones after `Started` were found before."""

    run: int
    objects: Objects


@dataclass(frozen=True, slots=True)
class Told:
    """From the host: a status, its error as text (an exception may not survive pickling)."""

    run: int
    status: RunStatus
    reason: str = ""
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """From the host, each second, also while torch is imported; `busy_s` is the age of the step in hand."""

    busy_s: float


Frame = Started | NewCells | NewPixels | NewObjects | Told | Heartbeat
