"""`pathview run`: a model over slides, in this process."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pathview.cli.messages import ProgressLine, say
from pathview.core.errors import ExportError, ModelError, PathViewError
from pathview.core.inbox import Inbox
from pathview.export.run_folder import RunFolder
from pathview.inference.model import ModelSource
from pathview.startup.registry import load_registry

if TYPE_CHECKING:
    from pathview.inference.run import InferenceRun


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says of a run; see the options' help."""

    output: Path
    device: str = "auto"
    region: Path | None = None
    mpp: float | None = None
    batch: int | None = None
    overwrite: bool = False


def run(
    slides: Annotated[
        list[Path], typer.Argument(metavar="SLIDE...", help="Slide files.", show_default=False)
    ],
    model: Annotated[str, typer.Option("--model", "-m", help="A name from `pathview models list`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Results go to DIR/SLIDE/MODEL/.", metavar="DIR")
    ],
    region: Annotated[
        Path | None, typer.Option(help="Only cells that touch the shapes of this GeoJSON file.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:N or mps.")] = "auto",
    mpp: Annotated[
        float | None, typer.Option(help="um/px of slides that do not state it; recorded.", min=0.02, max=100)
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Patches at a time.", min=1, max=4096)] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start afresh instead of going on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records of the runs as JSON.")] = False,
) -> None:
    """Run a model over slides and write heatmap, table, preview and record; goes on where it was stopped."""
    options = RunOptions(output, device, region, mpp, batch, overwrite)
    source = load_registry().model(model)
    records: list[dict[str, Any]] = []
    for slide in slides:
        try:
            records.append(run_slide(slide, source, options))
        except PathViewError as error:
            say(str(error))
    if as_json:
        print(json.dumps(records, indent=2, ensure_ascii=False))
    if len(records) < len(slides):
        raise typer.Exit(1)


def run_slide(slide: Path, source: ModelSource, options: RunOptions) -> dict[str, Any]:
    """Run a model over one slide and return its record.

    Raises
    ------
    PathViewError
        If the slide, the model or the folder cannot be used; what was computed stays and can be gone on with.
    """
    from pathview.inference.spec import RunSpec, build_run

    place = RunFolder.of(options.output, slide, source.card.name)
    _prepare(place, options.overwrite)
    spec = RunSpec(
        slide=slide,
        model=source,
        heatmap=place.heatmap,
        device=options.device,
        region=_region(options.region),
        mpp=options.mpp,
        batch=options.batch,
    )
    inbox = Inbox()
    started = time.perf_counter()
    current = build_run(spec, inbox)
    before = current.heatmap.progress.done
    try:
        _step_to_the_end(current, inbox, slide.name)
        facts = _facts(current, options, time.perf_counter() - started, before)
        return _publish(place, slide, current, source, facts)
    finally:
        current.close()


def _step_to_the_end(current: InferenceRun, inbox: Inbox, name: str) -> None:
    line = ProgressLine()
    try:
        while current.step():
            inbox.drain()
            status = current.status
            left = "" if status.seconds_left is None else f", {status.seconds_left:.0f} s left"
            line.show(
                f"{name}: {status.done} of {status.total} tiles, {status.patches_per_s:.0f} tiles/s{left}"
            )
    except KeyboardInterrupt:
        # What is done goes to disk before the process ends, so that the next run goes on from here.
        current.cancel()
        current.step()
        raise
    finally:
        line.clear()
    inbox.drain()
    if current.status.error is not None:
        error = current.status.error
        raise error if isinstance(error, PathViewError) else ModelError("of this run", str(error)) from error


def _publish(
    place: RunFolder, path: Path, current: InferenceRun, source: ModelSource, facts: dict[str, Any]
) -> dict[str, Any]:
    from pathview.slides.open import open_slide

    try:
        with open_slide(path) as slide:
            record = place.publish(slide, current.heatmap, source.card, facts)
    except OSError as error:
        raise ExportError(place.folder, error.strerror or str(error)) from error
    cells = record["cells"]
    counts = f"{cells['done']} tiles done, {cells['skipped']} without tissue, {cells['failed']} failed"
    say(f"{counts}: {place.folder}")
    return record


def _facts(current: InferenceRun, options: RunOptions, seconds: float, before: int) -> dict[str, Any]:
    status = current.status
    computed = status.done - before
    return {
        "device": options.device,
        "engine": str(getattr(current.model, "engine", "")) or None,
        "stated_mpp": options.mpp,
        "region_file": None if options.region is None else options.region.name,
        "resumed_with": before,
        "seconds": round(seconds, 3),
        "tiles_per_second": round(computed / seconds, 1) if computed else None,
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "state": status.state.value,
    }


def _region(path: Path | None) -> bytes | None:
    if path is None:
        return None
    import shapely

    from pathview.annotations.geojson import read_geojson

    shapes = [annotation.geometry for annotation in read_geojson(path)]
    return bytes(shapely.to_wkb(shapely.union_all(shapes)))


def _prepare(place: RunFolder, overwrite: bool) -> None:
    try:
        if overwrite and place.heatmap.exists():
            shutil.rmtree(place.heatmap)
        place.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(place.folder, error.strerror or str(error)) from error
