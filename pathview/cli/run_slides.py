"""Slides handed to an executor, and what comes of each: messages, the summary's rows, the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from queue import Empty, SimpleQueue

from pathview.cli.messages import ProgressLine, say
from pathview.cli.slide_task import Outcome, SlideTask, do_task, gave_up
from pathview.export.run_summary import NAME, SlideRow, add_to_summary

_POLL_S = 0.5
_COLUMNS = {
    "slide": "slide",
    "state": "state",
    "tiles": "tiles",
    "without_tissue": "without tissue",
    "failed_tiles": "failed",
    "over_threshold": "over threshold",
    "seconds": "seconds",
}


def run_slides(
    tasks: Sequence[SlideTask], executor: Executor, output: Path, shard: tuple[int, int] | None = None
) -> list[Outcome]:
    """Do all tasks and return their outcomes in the order of the tasks.

    The summary in the output folder grows with each slide, so that it is true whenever the run ends.

    Parameters
    ----------
    tasks
        One a slide.
    executor
        Does them; ended by whoever made it.
    output
        The folder of the summary.
    shard
        Whose summary the rows go to, too.

    Raises
    ------
    KeyboardInterrupt
        If it is interrupted; nothing is begun any more.
    """
    finished: SimpleQueue[Future[Outcome]] = SimpleQueue()
    numbers: dict[Future[Outcome], int] = {}
    outcomes: dict[int, Outcome] = {}
    line = ProgressLine()

    def take(future: Future[Outcome]) -> None:
        number = numbers[future]
        line.clear()
        outcomes[number] = outcome = _outcome(tasks[number], future)
        for text in outcome.said:
            say(text)
        if len(tasks) == 1 and shard is None and outcome.failed and not output.exists():
            return  # what cannot even be opened leaves nothing behind
        try:
            add_to_summary(output, [outcome.row], shard)
        except OSError as error:
            # What keeps results from being written has been said with the slide.
            if not outcome.failed:
                say(f"{output / NAME} cannot be written: {error.strerror or error}")

    for number, task in enumerate(tasks):
        future = executor.submit(do_task, task)
        numbers[future] = number
        future.add_done_callback(finished.put)
        while not finished.empty():
            take(finished.get())
    while len(outcomes) < len(tasks):
        failed = sum(outcome.failed for outcome in outcomes.values())
        line.show(f"{len(outcomes)} of {len(tasks)} slides{f', {failed} failed' if failed else ''}")
        try:
            take(finished.get(timeout=_POLL_S))
        except Empty:
            continue
    line.clear()
    return [outcomes[number] for number in range(len(tasks))]


def _outcome(task: SlideTask, future: Future[Outcome]) -> Outcome:
    error = future.exception()
    if isinstance(error, KeyboardInterrupt):
        raise error
    return future.result() if error is None else gave_up(task, error)


def table(rows: Iterable[SlideRow]) -> str:
    """Return rows as lines of a table for people, and below it how many slides are in which state."""
    shown = list(rows)
    cells = [list(_COLUMNS.values()), *([getattr(row, name) for name in _COLUMNS] for row in shown)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_COLUMNS))]
    words = 2
    lines = [
        "  ".join(
            text.ljust(width) if column < words else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    states = [row.state for row in shown]
    counts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    return "\n".join([*lines, "", f"{len(shown)} slides: {', '.join(counts)}"])
