"""Runs in another process, with the face of runs in this one. Nothing here imports torch or a plugin."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from psygnal import Signal

from pathview.annotations.detections import Detections
from pathview.core.errors import ModelError
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.core.memory import default_cap
from pathview.inference.card import Task
from pathview.inference.child import HostChild
from pathview.inference.frames import (
    Cancel,
    Command,
    Focus,
    Frame,
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
from pathview.inference.known_tissue import Wanted
from pathview.inference.phases import Phase
from pathview.inference.run_status import RunState, RunStatus
from pathview.inference.spec import RunSpec

_log = logging.getLogger(__name__)

_RESTARTS = 1


class RemoteRun:
    """A run in an inference host; everything here belongs to the main thread.

    Attributes
    ----------
    spec
        What was asked for.
    heatmap
        A copy in memory of what the host has so far; None until `started`.
    detections
        What a detector has found so far; None until `started`, and for models of other tasks.
    """

    changed = Signal(RunStatus)
    """The status has changed."""
    started = Signal(Heatmap)
    """The host has opened the slide and laid the grid; comes once."""
    restarted = Signal(str)
    """The host died of the given reason, and a new one goes on with the run."""

    def __init__(self, number: int, spec: RunSpec, send: Callable[[RemoteRun, Command], None]) -> None:
        self.number = number
        self.spec = spec
        self.heatmap: Heatmap | None = None
        self.detections: Detections | None = None
        self.deaths = 0
        self.paused = False
        self.cancelled = False
        self.last_focus: Box | None = None
        self._send = send
        self._status = RunStatus(RunState.READY)

    @property
    def status(self) -> RunStatus:
        """The newest status."""
        return self._status

    def focus(self, box: Box) -> None:
        """Look next at what is near the middle of this level-0 box."""
        if box != self.last_focus:
            self.last_focus = box
            self._send(self, Focus(self.number, box))

    def pause(self) -> None:
        """Stop after the batch in hand, until `resume`; a waiting run lets others go first until then."""
        self.paused = True
        self._send(self, Pause(self.number))

    def resume(self) -> None:
        """Go on after `pause`."""
        self.paused = False
        self._send(self, Resume(self.number))

    def cancel(self) -> None:
        """Stop for good; what is done stays."""
        self.cancelled = True
        self._send(self, Cancel(self.number))

    def tell(self, status: RunStatus) -> None:
        """Take a new status; for the host."""
        self._status = status
        self.changed.emit(status)

    def take(self, frame: Started | NewCells | NewPixels | NewObjects) -> None:
        """Take values into the copy; for the host."""
        if isinstance(frame, NewObjects):
            if self.detections is not None:
                self.detections.extend(frame.objects)
        elif isinstance(frame, NewPixels):
            if self.heatmap is not None:
                self.heatmap.note_dense(frame.cells)
        elif isinstance(frame, NewCells):
            if self.heatmap is not None:
                self.heatmap.mirror(frame.cells, frame.scores, frame.state, frame.reasons, frame.extras)
        elif self.heatmap is None:
            layers = {name: len(values) for name, values in frame.extras.items()}
            self.heatmap = Heatmap(frame.grid, frame.facts, extras=layers)
            self.heatmap.take_over(frame.scores, frame.state, {}, frame.extras)
            if self.spec.heatmap is not None and self.spec.model.card.task is Task.SEGMENT:
                self.heatmap.attach_dense(self.spec.heatmap)
            if self.spec.model.card.task is Task.DETECT:
                self.detections = Detections(frame.facts.classes)
            self.started.emit(self.heatmap)
        else:
            # The new host tells of all objects that are on disk, and finds the others again.
            if self.detections is not None:
                self.detections.clear()
            # After a restart the disk is a second behind; what was seen since stays on the screen.
            cells = np.argwhere((frame.state != CellState.NOT_RUN) & (self.heatmap.state != CellState.DONE))
            rows, cols = cells.T
            extras = {name: values[:, rows, cols].T for name, values in frame.extras.items()}
            self.heatmap.mirror(cells, frame.scores[:, rows, cols].T, frame.state[rows, cols], {}, extras)


class InferenceHost:
    """The inference host of one device: a child process that performs one run at a time.

    The child is spawned on first use and kept, with its model loaded, for the next run. A child that dies is
    replaced once a run, and the run resumes from its heatmap on disk. Belongs to the main thread.

    Parameters
    ----------
    device
        What runs here get, whatever their spec says.
    inbox
        Takes frames to the main thread.
    silence_s
        A child that says nothing for so long counts as dead; a crash is noticed at once, so this only has to
        catch a frozen one, and a busy machine must not look like that.
    stuck_s
        So does one whose model does not come back from one step for so long.
    memory_bytes
        And one that holds more; default: three quarters of the machine's memory.
    """

    def __init__(
        self,
        device: str,
        inbox: Inbox,
        *,
        silence_s: float = 30.0,
        stuck_s: float = 300.0,
        memory_bytes: int | None = None,
    ) -> None:
        self.device = device
        self._inbox = inbox
        self._limits = (silence_s, stuck_s)
        self._memory_bytes = memory_bytes or default_cap()
        self._child: HostChild | None = None
        self._generation = 0
        self._numbers = 0
        self._active: RemoteRun | None = None
        self._waiting: deque[RemoteRun] = deque()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, or None while there is none."""
        return self._child.pid if self._child else None

    def start(self, spec: RunSpec) -> RemoteRun:
        """Queue a run; it begins when those before it have ended.

        Raises
        ------
        RuntimeError
            If the host has been closed.
        """
        if self._closed:
            raise RuntimeError("the inference host is closed")
        self._numbers += 1
        run = RemoteRun(self._numbers, replace(spec, device=self.device), self._command)
        self._waiting.append(run)
        self._next()
        if run in self._waiting:
            run.tell(RunStatus(RunState.READY, phase=Phase.WAITING))
        return run

    def prepare(self, wanted: Wanted) -> None:
        """Have the tissue of a slide found on which a run may be started; nothing is spawned for that."""
        if self._child is not None:
            self._child.send(Prepare(wanted))

    @property
    def waiting(self) -> tuple[RemoteRun, ...]:
        """The runs that have not begun, the next one first."""
        return tuple(self._waiting)

    def move(self, run: RemoteRun, steps: int) -> None:
        """Let a waiting run begin `steps` earlier (negative) or later, as far as there is room."""
        if run in self._waiting:
            place = self._waiting.index(run) + steps
            self._waiting.remove(run)
            self._waiting.insert(max(0, place), run)

    def close(self) -> None:
        """Cancel everything and end the child, within about two seconds."""
        if self._closed:
            return
        self._closed = True
        self._end_child()
        runs = [*self._waiting, *([self._active] if self._active else [])]
        self._waiting.clear()
        self._active = None
        for run in runs:
            run.tell(replace(run.status, state=RunState.CANCELLED))

    def _command(self, run: RemoteRun, command: Command) -> None:
        if run is self._active and self._child is not None:
            self._child.send(command)
        elif run not in self._waiting:
            return
        elif run.cancelled:
            self._waiting.remove(run)
            run.tell(replace(run.status, state=RunState.CANCELLED))
        elif isinstance(command, Pause | Resume):
            run.tell(replace(run.status, state=RunState.PAUSED if run.paused else RunState.READY))
            self._next()

    def _next(self) -> None:
        ready = next((run for run in self._waiting if not run.paused), None)
        if self._active is None and ready is not None and not self._closed:
            self._waiting.remove(ready)
            self._active = ready
            self._launch(ready)
            ready.tell(replace(ready.status, phase=Phase.SCORING))

    def _launch(self, run: RemoteRun) -> None:
        child = self._child or self._spawn()
        child.send(Start(run.number, run.spec))
        if run.last_focus is not None:
            child.send(Focus(run.number, run.last_focus))
        if run.paused:
            child.send(Pause(run.number))

    def _spawn(self) -> HostChild:
        self._generation += 1
        silence_s, stuck_s = self._limits
        self._child = HostChild(
            self._inbox,
            partial(self._on_frame, self._generation),
            partial(self._on_death, self._generation),
            silence_s=silence_s,
            stuck_s=stuck_s,
            memory_bytes=self._memory_bytes,
        )
        return self._child

    def _end_child(self) -> None:
        # What the old child still has in the inbox is not for anyone any more.
        self._generation += 1
        if self._child is not None:
            self._child.close()
            self._child = None

    def _on_frame(self, generation: int, frame: Frame) -> None:
        run = self._active
        if generation != self._generation or run is None:
            return
        if isinstance(frame, Started | NewCells | NewPixels | NewObjects):
            if frame.run == run.number:
                run.take(frame)
        elif isinstance(frame, Told) and frame.run == run.number:
            self._on_told(run, frame)

    def _on_told(self, run: RemoteRun, frame: Told) -> None:
        status = frame.status
        if frame.reason:
            error = ModelError(run.spec.model.card.name, frame.reason)
            error.add_note(frame.trace)
            status = replace(status, error=error)
            _log.error("%s\n%s", frame.reason, frame.trace)
        if status.state.final:
            self._active = None
        run.tell(status)
        self._next()

    def _on_death(self, generation: int, reason: str) -> None:
        if generation != self._generation:
            return
        self._end_child()
        run = self._active
        _log.error("The inference host on %s %s", self.device, reason)
        if run is None:
            return
        if run.cancelled:
            self._give_up(run, replace(run.status, state=RunState.CANCELLED))
        elif run.deaths < _RESTARTS:
            run.deaths += 1
            self._launch(run)
            run.restarted.emit(reason)
        else:
            error = ModelError(run.spec.model.card.name, f"the process it runs in {reason}, twice")
            self._give_up(run, replace(run.status, state=RunState.FAILED, error=error))

    def _give_up(self, run: RemoteRun, status: RunStatus) -> None:
        self._active = None
        run.tell(status)
        self._next()
