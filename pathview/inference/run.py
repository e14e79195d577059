"""The loop: choose cells, read them, ask the model, write down what it says."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import ClassVar, Protocol

import numpy as np
from psygnal import Signal

from pathview.core.errors import ModelError, PathViewError
from pathview.core.geometry import Box
from pathview.core.inbox import Inbox
from pathview.inference.batch import BatchSize
from pathview.inference.boundary import load
from pathview.inference.device import default_batch, resolve_device
from pathview.inference.forecast import Forecast, Stopwatch, device_word
from pathview.inference.grid import PatchGrid
from pathview.inference.heatmap import Heatmap
from pathview.inference.model import Patches, TileModel
from pathview.inference.order import CellOrder, Cells, coarse_count
from pathview.inference.phases import Phase, announce
from pathview.inference.read_ahead import Loaded, ReadAhead
from pathview.inference.run_status import RunState, RunStatus
from pathview.inference.sink import Sink
from pathview.inference.tasks.table import kind_of
from pathview.slides.slide import Slide

# A step never sleeps longer than this, so that pause and cancel take effect at once.
_NAP_S = 0.05
_STATUS_S = 0.1
_RATE_S = 5.0


class Run(Protocol):
    """What the window, the command line and a batch queue hold, wherever the model runs."""

    changed: ClassVar[Signal]
    """`RunStatus`, on the main thread."""

    @property
    def status(self) -> RunStatus:
        """The newest status."""
        ...

    def focus(self, box: Box) -> None:
        """Look next at what is near the middle of this level-0 box."""
        ...

    def pause(self) -> None:
        """Stop after the batch in hand, until `resume`."""
        ...

    def resume(self) -> None:
        """Go on after `pause`."""
        ...

    def cancel(self) -> None:
        """Stop for good after the batch in hand; what is done stays."""
        ...


class InferenceRun:
    """One model over one slide, a batch at a time: ``while run.step(): pass``.

    `step` and `close` belong to one thread, which also gets the heatmap's signal; `focus`, `pause`, `resume`
    and `cancel` may be called from any. `changed` comes through the inbox.

    Parameters
    ----------
    slide
        Open; stays the caller's to close.
    model
        Loaded by the first step; stays the caller's to unload, so that the next run may use it again.
    grid, heatmap
        Where to look and where to write; cells that the heatmap has already are not looked at again.
    inbox
        Takes status changes to the main thread.
    batch
        Most patches at a time, None for what suits the device; fewer where a batch would take so long that a
        pause had to wait for it, or where the device has no room.
    readers
        Threads that read patches.
    device
        Where the model is loaded, as `resolve_device` takes it.
    owns_slide
        Close the slide at the end of the run, whichever.
    check
        The pre-flight: called once with the loaded model, refuses it with a `ModelError` or returns notes.
        None for a model that has passed it.
    notes
        What the pre-flight said then.
    coarse
        Edge, in cells, of the blocks of a coarse map that comes first, see `order.coarse_stages`; 1 for none.
    sink
        Takes what the model's task gives beyond the cells, before the heatmap takes these.
    """

    changed = Signal(RunStatus)

    def __init__(
        self,
        slide: Slide,
        model: TileModel,
        grid: PatchGrid,
        heatmap: Heatmap,
        inbox: Inbox,
        *,
        batch: int | None = None,
        readers: int = 2,
        device: str = "cpu",
        owns_slide: bool = False,
        check: Callable[[TileModel], tuple[str, ...]] | None = None,
        notes: tuple[str, ...] = (),
        coarse: int = 1,
        sink: Sink | None = None,
    ) -> None:
        self.model = model
        self._kind = kind_of(model.card)
        self._sink = sink
        if sink is not None:
            heatmap.flush_first(sink.flush)
        self.notes = notes
        self._check = check
        self.heatmap = heatmap
        self._device = device
        self._inbox = inbox
        self._batch = batch
        self._size = BatchSize(batch or default_batch("cpu"))
        pending = heatmap.pending()
        self._order = CellOrder(grid, pending, batch or default_batch("cpu"), coarse=coarse)
        self._coarse = (coarse > 1, coarse_count(pending))
        self._watch = Stopwatch()
        self._forecast: Forecast | None = None
        self._owned = slide if owns_slide else None
        self._ahead = ReadAhead(slide, grid, readers=readers)
        self._loaded: deque[Loaded] = deque()
        self._focus: Box | None = None
        self._focused: Box | None = None
        self._going = threading.Event()
        self._going.set()
        self._cancelled = threading.Event()
        self._rate: deque[tuple[float, int]] = deque()
        self._tried = 0
        self._ready = False
        self._status = self._measure(RunState.READY)
        self._told_at = 0.0

    @property
    def status(self) -> RunStatus:
        """The newest status; any thread."""
        return self._status

    @property
    def sink(self) -> Sink | None:
        """What takes what the model's task gives beyond the cells."""
        return self._sink

    @property
    def checked(self) -> bool:
        """Whether the model has passed its pre-flight, in this run or before."""
        return self._check is None

    def focus(self, box: Box) -> None:
        """Look next at what is near the middle of this level-0 box; any thread."""
        self._focus = box

    def pause(self) -> None:
        """Stop after the batch in hand, until `resume`; any thread."""
        self._going.clear()

    def resume(self) -> None:
        """Go on after `pause`; any thread."""
        self._going.set()

    def cancel(self) -> None:
        """Stop for good after the batch in hand; what is done stays; any thread."""
        self._cancelled.set()
        self._going.set()

    def step(self) -> bool:
        """Look at one batch, or wait a moment for it (or for `resume`).

        Returns
        -------
        bool
            False when the run has come to its end, whichever; `status` says which.
        """
        if self._status.state.final:
            return False
        try:
            return self._advance()
        except (PathViewError, OSError) as error:
            return self._finish(RunState.FAILED, error)

    def close(self) -> None:
        """Stop where it stands: flush the heatmap and end the reading threads."""
        if not self._status.state.final:
            self._finish(RunState.CANCELLED)

    def _advance(self) -> bool:
        if self._cancelled.is_set():
            return self._finish(RunState.CANCELLED)
        if not self._going.is_set():
            return self._rest()
        if self._status.state is not RunState.RUNNING:
            self._tell(self._measure(RunState.RUNNING))
        if not self._ready:
            self._make_ready()
        self._read_on()
        if not self._loaded and not len(self._ahead):
            return self._finish(RunState.DONE)
        batch = self._collect()
        if batch is not None:
            self._look(*batch)
            self._read_on()
        if time.monotonic() - self._told_at >= _STATUS_S:
            self._tell(self._measure(RunState.RUNNING))
        return True

    def _rest(self) -> bool:
        if self._status.state is not RunState.PAUSED:
            self.heatmap.flush()
            self._rate.clear()
            self._watch.stop()
            self._tell(self._measure(RunState.PAUSED))
        self._going.wait(_NAP_S)
        return True

    def _make_ready(self) -> None:
        # Reading starts before loading, which may take seconds the first time.
        self._read_on()
        device = resolve_device(self._device, model=self.model.card.name)
        self._device = device
        self._size = BatchSize(self._batch or default_batch(device))
        announce(Phase.LOADING)
        load(self.model, device)
        if self._check is not None:
            announce(Phase.CHECKING)
            self.notes, self._check = self._check(self.model), None
        engine = getattr(self.model, "engine", "")
        self.heatmap.note(engine=str(engine or device))
        self._ready = True
        self._rate.append((time.monotonic(), self._tried))

    def _read_on(self) -> None:
        focus = self._focus
        if focus is not self._focused and focus is not None:
            self._order.focus(focus)
            self._focused = focus
            self._call_back()
        # What is asked for is read in vain once the focus is elsewhere, so it is only what two batches take.
        while len(self._order) and len(self._ahead) < 2 * self._size.now:
            self._ahead.ask(self._order.take())

    def _call_back(self) -> None:
        """Leave what was read ahead for later where something in view has not even been asked for."""
        if not self._order.in_view:
            return
        back = self._ahead.call_back(lambda cells: bool(self._order.seen(cells).any()))
        loaded, self._loaded = self._loaded, deque()
        for block in loaded:
            seen = self._order.seen(block.cells)
            if seen.any():
                self._loaded.append(Loaded(block.cells[seen], block.patches[seen]))
            if not seen.all():
                back.append(block.cells[~seen])
        self._order.give_back(back)

    def _collect(self) -> tuple[Cells, Patches] | None:
        """Return up to a batch of patches that have been read, or None when there is none yet."""
        wanted = self._size.now
        while sum(len(block.cells) for block in self._loaded) < wanted and len(self._ahead):
            loaded = self._ahead.take(_NAP_S)
            if loaded is None:
                break
            for cells, reason in loaded.failures:
                self.heatmap.fail(cells, reason)
            if len(loaded.cells):
                self._loaded.append(loaded)
        if not self._loaded:
            return None
        if len(self._loaded[0].cells) < wanted and len(self._loaded) > 1:
            cells = np.concatenate([block.cells for block in self._loaded])
            patches = np.concatenate([block.patches for block in self._loaded])
            self._loaded = deque([Loaded(cells, patches)])
        first = self._loaded.popleft()
        if len(first.cells) > wanted:
            self._loaded.appendleft(Loaded(first.cells[wanted:], first.patches[wanted:]))
        return first.cells[:wanted], first.patches[:wanted]

    def _look(self, cells: Cells, patches: Patches) -> None:
        began = time.monotonic()
        try:
            said = self._kind.ask(self.model, patches, self.heatmap.facts.views)
        except MemoryError as error:
            if not self._size.shrink():
                name = self.model.card.name
                raise ModelError(name, f"out of memory on {self._device} with one patch: {error}") from error
            self._loaded.appendleft(Loaded(cells, patches))
            return
        self._size.learn(len(cells), time.monotonic() - began)
        if self._sink is not None:
            self._sink.put(cells, said.payload)
        self.heatmap.write(cells, said.scores, said.extras)
        self._tried += len(cells)
        if self._watch.lap(len(cells)):
            self._forecast = self._expect(self._watch.rate or math.inf)

    def _expect(self, rate: float) -> Forecast:
        """Return what a rate in patches a second means for the whole of the run."""
        progress = self.heatmap.progress
        left = progress.total - progress.done - progress.failed
        first, coarse = self._coarse
        return Forecast((left + self._tried) / rate, coarse / rate, first, device_word(self._device))

    def _measure(self, state: RunState, error: Exception | None = None) -> RunStatus:
        now = time.monotonic()
        if self._ready and state is not RunState.PAUSED:
            self._rate.append((now, self._tried))
            while len(self._rate) > 2 and self._rate[1][0] < now - _RATE_S:
                self._rate.popleft()
        rate = 0.0
        if len(self._rate) > 1:
            (then, before), (last, after) = self._rate[0], self._rate[-1]
            rate = (after - before) / (last - then) if last > then else 0.0
        progress = self.heatmap.progress
        left = progress.total - progress.done - progress.failed
        seconds_left = left / rate if rate else None
        return RunStatus(state, *progress, rate, seconds_left, error, self.notes, forecast=self._forecast)

    def _tell(self, status: RunStatus) -> None:
        self._status = status
        self._told_at = time.monotonic()
        self._inbox.post(lambda: self.changed.emit(status))

    def _finish(self, state: RunState, error: Exception | None = None) -> bool:
        self._ahead.close()
        self._loaded.clear()
        if self._owned is not None:
            self._owned.close()
        try:
            self.heatmap.flush()
            if self._sink is not None:
                # Once more: it lets go of what it held until the states were on disk.
                self._sink.flush()
        except OSError as full:
            state, error = RunState.FAILED, error or full
        self._tell(self._measure(state, error))
        return False
