"""`pathview run`: a model over slides, in this process, in several, or on a cluster."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import typer

from pathview.cli import run_arguments as arguments
from pathview.cli.messages import as_json_text, say
from pathview.core.place import Place

if TYPE_CHECKING:
    from pathview.cli.run_slide import RunOptions
    from pathview.cli.slide_task import Outcome
    from pathview.inference.source import ModelSource

# A worker of a cluster that is taken for dead may still be writing; its lock goes with it.
_PATIENCE_S = 60.0


def run(
    slides: arguments.Slides,
    model: arguments.Model,
    output: arguments.Output,
    region: arguments.RegionFile = None,
    device: arguments.Device = "auto",
    backend: arguments.Backend = "auto",
    mpp: arguments.Mpp = None,
    batch: arguments.Batch = None,
    tta: arguments.Tta = False,
    coarse_first: arguments.CoarseFirst = False,
    overwrite: arguments.Overwrite = False,
    resume: arguments.Resume = False,
    set_: arguments.Settings = None,
    allow_code: arguments.AllowCode = False,
    workers: arguments.Workers = None,
    dask: arguments.Dask = None,
    shard: arguments.Shard = None,
    as_json: arguments.AsJson = False,
) -> None:
    """Run a model over slides and write heatmap, table, preview and record; goes on where it was stopped."""
    arguments.refuse_odd_scale(mpp)
    arguments.refuse_odd_backend(backend)
    arguments.refuse_contradictions(workers=workers, dask=dask, overwrite=overwrite, resume=resume)
    part = arguments.shard_of(shard)
    from pathview.cli.run_slide import RunOptions
    from pathview.startup.settings import load_settings

    source = _model(model, set_ or [], allow_code)
    found = arguments.slides_of(slides)
    arguments.refuse_shared_folders(found, output, source.card.name)
    mine = found if part is None else found[part[0] - 1 :: part[1]]
    if not mine:
        say(f"part {shard} of {len(found)} slides is empty")
        return
    colours = load_settings().convert_colours
    options = RunOptions(
        output, device, backend, region, mpp, batch, tta, overwrite, colours, resume, coarse_first
    )
    outcomes = _run_all(mine, source, options, workers=workers, dask=dask, shard=part)
    if as_json:
        print(as_json_text([outcome.record for outcome in outcomes if outcome.record is not None]))
    elif len(outcomes) > 1:
        from pathview.cli.run_slides import table

        print(table(outcome.row for outcome in outcomes))
    if any(outcome.failed for outcome in outcomes):
        raise typer.Exit(1)


def _model(name: str, values: list[str], allow_code: bool) -> ModelSource:
    from pathview.startup.find_model import allowed, find_model
    from pathview.startup.registry import known_registry
    from pathview.startup.settings import load_settings

    settings = load_settings()
    registry = known_registry(settings)
    source = allowed(find_model(name, registry), settings.allowed_code, now=allow_code)
    return source.with_values(arguments.values_of(values, source.card.parameters))


def _run_all(
    slides: list[Place],
    source: ModelSource,
    options: RunOptions,
    *,
    workers: int | None,
    dask: str | None,
    shard: tuple[int, int] | None,
) -> list[Outcome]:
    from pathview.cli.executors import default_workers, executor_of, readers_of
    from pathview.cli.run_slide import use_device
    from pathview.cli.run_slides import run_slides
    from pathview.cli.slide_task import SlideTask

    count = min(len(slides), workers or default_workers(options.device))
    if dask is not None:
        options, slides = _anywhere(options), [_absolute(slide) for slide in slides]
        options = replace(options, patience_s=_PATIENCE_S)
    elif count > 1:
        options = replace(options, readers=readers_of(count))
    else:
        # Before anything is opened or made for a device that is not there.
        options = replace(options, device=use_device(options.device, source.card.name))
    command = uuid4().hex
    tasks = [SlideTask(slide, source, options, command) for slide in slides]
    with executor_of(count, options.device, dask) as executor:
        return run_slides(tasks, executor, options.output, shard)


def _anywhere(options: RunOptions) -> RunOptions:
    """Return options whose paths hold whatever folder a process works in."""
    region = None if options.region is None else options.region.absolute()
    return replace(options, output=options.output.absolute(), region=region)


def _absolute(slide: Place) -> Place:
    return Path(os.path.abspath(slide)) if isinstance(slide, Path) else slide
