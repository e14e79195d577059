"""The child process that models run in."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from queue import SimpleQueue

import numpy as np

from pathview.annotations.objects import Objects
from pathview.core.inbox import Inbox
from pathview.core.pyramid import TileKey
from pathview.inference.child_output import speak_into
from pathview.inference.dense_sink import DenseSink
from pathview.inference.detection_sink import DetectionSink
from pathview.inference.device import prepare_process
from pathview.inference.frames import (
    Cancel,
    Close,
    Command,
    Focus,
    Frame,
    Heartbeat,
    NewCells,
    NewObjects,
    NewPixels,
    Pause,
    Prepare,
    Resume,
    Start,
    Started,
    Told,
)
from pathview.inference.heatmap import CellState, Heatmap
from pathview.inference.heatmap_channel import TILE
from pathview.inference.kept_model import KeptModel
from pathview.inference.known_tissue import Wanted
from pathview.inference.order import Cells
from pathview.inference.phases import Phase, heard_by
from pathview.inference.run import InferenceRun
from pathview.inference.run_status import RunState, RunStatus
from pathview.inference.sink import Sink

_FRAME_S = 0.1
_HEARTBEAT_S = 1.0
_LAST_WORDS_S = 2.0
_NICE = 5
_AT_ONCE = 8_192


def host_main(connection: Connection, said: Connection | None = None) -> None:
    """Serve runs over `connection` until it closes: the target of the child process.

    Parameters
    ----------
    connection
        The child's end of the pipe.
    said
        Takes what is printed here, the trace of a crash too; None leaves that where it goes.
    """
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # what a model starts belongs to this process, and ends with it
    speak_into(said)
    faulthandler.enable()
    if hasattr(os, "nice"):
        # The window and its tile readers come first; a run takes what is left.
        os.nice(_NICE)
    prepare_process()
    Host(connection).serve()


class Host:
    """Performs one run after another.

    The main thread steps runs; one thread obeys commands, so that a pause or a cancel acts while a batch or
    an import is under way; one thread finds the tissue of slides that may be next; one sends heartbeats.

    Parameters
    ----------
    connection
        The child's end of the pipe.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._inbox = Inbox()
        self._starts: SimpleQueue[Start | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._early: list[Command] = []
        self._run: tuple[int, InferenceRun] | None = None
        self._kept = KeptModel()
        self._asked: SimpleQueue[Wanted] = SimpleQueue()
        self._step_began: float | None = None
        self._closing = False

    def serve(self) -> None:
        """Perform what is started, in order, until the pipe closes or a `Close` comes."""
        for work in (self._obey, self._beat, partial(self._kept.tissue.serve, self._asked)):
            threading.Thread(target=work, daemon=True).start()
        while not self._closing and (start := self._starts.get()) is not None:
            self._perform(start)
            self._step_began = None

    def _perform(self, start: Start) -> None:
        self._step_began = time.monotonic()
        try:
            with heard_by(partial(self._say, start.run)):
                run = self._build(start)
                try:
                    self._step_through(start.run, run)
                finally:
                    run.close()
                    self._run = None
        except OSError as error:
            if self._closing:
                return
            self._fail(start.run, error)
        except Exception as error:  # noqa: BLE001  the host's loop: whatever it is, the window must hear of it
            self._fail(start.run, error)

    def _build(self, start: Start) -> InferenceRun:
        run = self._kept.build(start.spec, self._inbox)
        with self._lock:
            self._run = (start.run, run)
            early, self._early = self._early, []
        for command in early:
            self._apply(command)
        return run

    def _step_through(self, number: int, run: InferenceRun) -> None:
        heatmap = run.heatmap
        arrays = (heatmap.scores, heatmap.state, heatmap.extras)
        self._send(Started(number, heatmap.grid, heatmap.facts, *arrays))
        mirror = _Mirror(number, heatmap)
        if isinstance(run.sink, DenseSink):
            run.sink.blended.connect(lambda cells: self._send(NewPixels(number, cells)))
        herald = _Herald(number, run.sink)
        told: RunStatus | None = None
        sent_at = 0.0
        going = True
        while going:
            self._step_began = time.monotonic()
            going = run.step()
            # Nobody listens to the run's signal here: its status goes out with the cells.
            self._inbox.drain()
            if going and time.monotonic() - sent_at < _FRAME_S:
                continue
            sent_at = time.monotonic()
            if (news := mirror.news()) is not None:
                self._send(news)
            for found in herald.news():
                self._send(found)
            if run.status is not told:
                told = run.status
                self._send(_told(number, told))
        if run.status.state is RunState.FAILED:
            self._kept.forget()

    def _obey(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while not isinstance(command := self._connection.recv(), Close):
                if isinstance(command, Start):
                    self._starts.put(command)
                elif isinstance(command, Prepare):
                    self._asked.put(command.wanted)
                else:
                    self._apply(command)
        self._leave()

    def _apply(self, command: Command) -> None:
        with self._lock:
            current = self._run
            if current is None:
                self._early.append(command)
                return
        number, run = current
        if isinstance(command, Start | Prepare | Close) or command.run != number:
            return
        match command:
            case Focus(box=box):
                run.focus(box)
            case Pause():
                run.pause()
            case Resume():
                run.resume()
            case Cancel():
                run.cancel()

    def _leave(self) -> None:
        """Let the batch in hand end and be flushed, then exit whatever a model is doing."""
        self._closing = True
        self._starts.put(None)
        if (current := self._run) is not None:
            current[1].cancel()
        time.sleep(_LAST_WORDS_S)
        os._exit(0)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                began = self._step_began
                self._send(Heartbeat(0.0 if began is None else time.monotonic() - began))
                time.sleep(_HEARTBEAT_S)

    def _send(self, frame: Frame) -> None:
        with self._sending:
            self._connection.send(frame)

    def _say(self, number: int, phase: Phase) -> None:
        """Send what is being done at once: the step that does it may take seconds."""
        current = self._run
        status = RunStatus(RunState.READY) if current is None else current[1].status
        self._send(Told(number, replace(status, phase=phase, error=None)))

    def _fail(self, number: int, error: Exception) -> None:
        status = RunStatus(RunState.FAILED, error=error)
        with contextlib.suppress(OSError):
            self._send(_told(number, status))


class _Herald:
    """Collects the objects that have been found since it was last asked, and first those from before."""

    def __init__(self, number: int, sink: Sink | None) -> None:
        self._number = number
        self._found: list[Objects] = []
        if isinstance(sink, DetectionSink):
            self._found.append(sink.objects)
            sink.added.connect(self._found.append)

    def news(self) -> Iterator[NewObjects]:
        found = Objects.joined(self._found)
        self._found.clear()
        # In pieces, so that the window need not take a million at once.
        for start in range(0, len(found), _AT_ONCE):
            piece = found.take(np.arange(start, min(start + _AT_ONCE, len(found))))
            yield NewObjects(self._number, piece)


class _Mirror:
    """Finds the cells that have changed since it was last asked."""

    def __init__(self, number: int, heatmap: Heatmap) -> None:
        self._number = number
        self._heatmap = heatmap
        self._known = heatmap.state.copy()
        self._stale: set[TileKey] = set()
        heatmap.changed.connect(self._note)

    def news(self) -> NewCells | None:
        heatmap = self._heatmap
        found = [self._differing(key) for key in self._stale]
        self._stale.clear()
        cells = np.concatenate(found) if found else np.empty((0, 2), np.intp)
        if not len(cells):
            return None
        rows, cols = cells.T
        self._known[rows, cols] = state = heatmap.state[rows, cols]
        failed = (tuple(map(int, cell)) for cell in cells[state == CellState.FAILED])
        reasons = {(row, col): heatmap.failures.get((row, col), "") for row, col in failed}
        scores, extras = heatmap.scores[:, rows, cols].T, heatmap.extras_of(cells)
        return NewCells(self._number, cells, scores, state, reasons, extras)

    def _note(self, keys: frozenset[TileKey]) -> None:
        self._stale |= {key for key in keys if key.level == 0}

    def _differing(self, key: TileKey) -> Cells:
        corner = np.array([key.row, key.col]) * TILE
        window = np.s_[corner[0] : corner[0] + TILE, corner[1] : corner[1] + TILE]
        # A cell that is done never changes again, so the states say it all.
        cells: Cells = np.argwhere(self._heatmap.state[window] != self._known[window]) + corner
        return cells


def _told(number: int, status: RunStatus) -> Told:
    if status.error is None:
        return Told(number, status)
    trace = "".join(traceback.format_exception(status.error))
    return Told(number, replace(status, error=None), str(status.error), trace)
