"""summary.csv: one row for each slide that a model ran over, whoever ran it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from pathview.core.files import write_text
from pathview.core.lock import WriterLock

NAME = "summary.csv"
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class SlideRow:
    """What came of one slide, as text; "" where something is not known.

    Attributes
    ----------
    slide
        The file's name.
    model
        The model's id.
    state
        "done", "done before" or "failed".
    tiles, without_tissue, failed_tiles
        How many.
    over_threshold
        Tiles whose probability of the positive class is at least the model's threshold.
    product
        What else the model's task left, in words.
    seconds, tiles_per_second
        Of this run.
    device
        Where it ran.
    worker
        Process and machine.
    finished_at
        UTC, ISO 8601: of two rows on one slide the later one counts.
    folder
        Of the results, inside the output folder.
    reason
        Why it failed.
    """

    slide: str
    model: str
    state: str
    tiles: str = ""
    without_tissue: str = ""
    failed_tiles: str = ""
    over_threshold: str = ""
    product: str = ""
    seconds: str = ""
    tiles_per_second: str = ""
    device: str = ""
    worker: str = ""
    finished_at: str = ""
    folder: str = ""
    reason: str = ""


_COLUMNS = tuple(field.name for field in fields(SlideRow))


def add_to_summary(output: Path, rows: Iterable[SlideRow], shard: tuple[int, int] | None = None) -> Path:
    """Add rows to the summary of an output folder, and to that of a shard.

    Several processes may do so at a time, on several machines: what each shard has written is in a file of
    its own, and whoever adds to the folder's summary takes all of them in. So a row that was lost because
    two wrote at once on a drive without locks comes back with the next.

    Parameters
    ----------
    output
        The folder that the results go to; made where it is missing.
    rows
        What came of slides.
    shard
        (number, how many), or None.

    Returns
    -------
    Path
        The summary.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    output.mkdir(parents=True, exist_ok=True)
    new = list(rows)
    if shard is not None:
        own = output / f"summary-{shard[0]}-of-{shard[1]}.csv"
        _write(own, merged(read_summary(own), new))
    lock = WriterLock.acquire(output / ".summary.lock", patience_s=_PATIENCE_S)
    try:
        shards = [read_summary(path) for path in sorted(output.glob("summary-*-of-*.csv"))]
        _write(output / NAME, merged(read_summary(output / NAME), *shards, new))
    finally:
        if lock is not None:
            lock.release()
    return output / NAME


def merged(*tables: Iterable[SlideRow]) -> list[SlideRow]:
    """Return one row for each slide and model, the one that was finished last, by the folders' names."""
    newest: dict[tuple[str, str], SlideRow] = {}
    for row in (row for table in tables for row in table):
        known = newest.get((row.folder, row.model))
        if known is None or row.finished_at >= known.finished_at:
            newest[row.folder, row.model] = row
    return sorted(newest.values(), key=lambda row: (row.folder, row.model))


def read_summary(path: Path) -> list[SlideRow]:
    """Return the rows of a summary; none where there is no such file, and none that are not ours."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if rows.fieldnames is None or not {"slide", "model", "folder"} <= set(rows.fieldnames):
        return []
    return [SlideRow(**{name: row.get(name) or "" for name in _COLUMNS}) for row in rows]


def _write(path: Path, rows: Iterable[SlideRow]) -> None:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows([getattr(row, name) for name in _COLUMNS] for row in rows)
    write_text(path, text.getvalue())
