"""One slide of many, as something that any process can do and tell of."""

from __future__ import annotations

import os
import platform
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pathview.cli.run_slide import RunOptions, run_slide, use_device
from pathview.cli.worker_processes import stopped
from pathview.core.errors import HeatmapMismatchError, PathViewError, UnknownScaleError
from pathview.core.place import Place
from pathview.core.plugins.offered import has_offer
from pathview.export.run_folder import RunFolder
from pathview.export.run_summary import SlideRow
from pathview.inference.kept_model import KeptModel
from pathview.inference.source import ModelSource
from pathview.startup.offer import offer_readers

# The model of the slide before, and the command that it was made for: a worker may outlive commands, and the
# files of a model may be others when the next one comes.
_kept: tuple[str, KeptModel] = ("", KeptModel())
# A Dask worker may be told to do several things at once, and a model is used from one thread.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class SlideTask:
    """A model over one slide; picklable.

    Attributes
    ----------
    slide, source, options
        As `run_slide` takes them; the device is found where the task is done.
    command
        What tells the tasks of one command from those of others.
    """

    slide: Place
    source: ModelSource
    options: RunOptions
    command: str

    @property
    def row(self) -> SlideRow:
        """What is known of it beforehand, as a row of the summary."""
        folder = RunFolder.of(Path(), self.slide, self.source.card.name).folder
        return SlideRow(_as_text(self.slide.name), self.source.card.name, "", folder=_as_text(str(folder)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a slide.

    Attributes
    ----------
    row
        For the summary.
    record
        What `run.json` says, or None where the slide failed.
    said
        Messages for people, in order.
    """

    row: SlideRow
    record: dict[str, Any] | None = None
    said: tuple[str, ...] = field(default=())

    @property
    def failed(self) -> bool:
        """Whether there are no results."""
        return self.record is None


def do_task(task: SlideTask) -> Outcome:
    """Do one slide in this process, with the model of the slide before where it is the same.

    Raises
    ------
    KeyboardInterrupt
        If it was stopped; what is done is on disk.
    """
    said: list[str] = []
    with _turn:
        if not has_offer():
            offer_readers()
        try:
            device = use_device(task.options.device, task.source.card.name)
            options = replace(task.options, device=device)
            record = run_slide(
                task.slide, task.source, options, kept=_kept_for(task), tell=said.append, stopped=stopped
            )
        except PathViewError as error:
            return Outcome(_failed(task, in_words(error)), None, (*said, in_words(error)))
    return Outcome(_done(task, record), record, tuple(said))


def _kept_for(task: SlideTask) -> KeptModel:
    global _kept
    if _kept[0] != task.command:
        _kept[1].close()
        _kept = (task.command, KeptModel())
    return _kept[1]


def gave_up(task: SlideTask, error: BaseException) -> Outcome:
    """Return the outcome of a task whose process failed."""
    reason = f"{task.slide}: {' '.join(str(error).split()) or type(error).__name__}"
    return Outcome(_failed(task, reason), None, (reason,))


def in_words(error: PathViewError) -> str:
    """Return an error's text with the option that helps."""
    if isinstance(error, UnknownScaleError):
        return (
            f"{error.path} does not state its pixel size, which {error.purpose} needs; state it with --mpp UM"
        )
    return f"{error}; --overwrite starts afresh" if isinstance(error, HeatmapMismatchError) else str(error)


def _failed(task: SlideTask, reason: str) -> SlideRow:
    return replace(_row(task), state="failed", reason=" ".join(reason.split()))


def _done(task: SlideTask, record: dict[str, Any]) -> SlideRow:
    cells = record["cells"]
    before = record.pop("finished_before", False)
    rate = record["tiles_per_second"]
    return replace(
        _row(task),
        state="done before" if before else "done",
        tiles=str(cells["done"]),
        without_tissue=str(cells["skipped"]),
        failed_tiles=str(cells["failed"]),
        over_threshold="" if record.get("over_threshold") is None else str(record["over_threshold"]),
        product=str(record.get("product", {}).get("words", "")),
        seconds=str(record["seconds"]),
        tiles_per_second="" if rate is None else str(rate),
        device=str(record["engine"] or record["device"]),
    )


def _row(task: SlideTask) -> SlideRow:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    worker = f"process {os.getpid()} on {platform.node() or 'this machine'}"
    return replace(task.row, worker=worker, finished_at=at)


def _as_text(name: str) -> str:
    # On POSIX a file name is bytes, and those that are no UTF-8 cannot be written to a text file.
    return os.fsencode(name).decode("utf-8", "replace")
