"""One model over one slide, to the end, with the results in a folder."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from pathview.annotations.geojson import read_geojson
from pathview.cli.messages import ProgressLine, say
from pathview.cli.slide_folder import alone, put_aside, remove, settle
from pathview.core.errors import AnnotationFormatError, ExportError, ModelError, PathViewError
from pathview.core.files import sha256_of
from pathview.core.inbox import Inbox
from pathview.core.place import Place
from pathview.export.run_folder import RunFolder
from pathview.inference.device import prepare_process, resolve_device
from pathview.inference.forecast import Forecast, duration, in_words
from pathview.inference.kept_model import KeptModel
from pathview.inference.phases import heard_by
from pathview.inference.run import InferenceRun
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec
from pathview.inference.views import VIEWS
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide

_LONG_S = 60.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says of a run.

    Attributes
    ----------
    output
        Results go to a folder in this one, see `RunFolder`.
    device
        "auto", "cpu", "cuda:N" or "mps".
    backend
        The engine, one of `pathview.inference.engines.choice.BACKENDS`.
    region
        GeoJSON file of the outlines to look at; None for the whole slide.
    mpp
        um/px of level 0, in place of what the slide says or does not say.
    batch
        Most patches at a time; None for what suits the device.
    tta
        Ask the model about each patch turned and mirrored in all ways.
    overwrite
        Put new results in the place of old ones.
    convert_colours
        Show the slide in sRGB in the preview, where it has an ICC profile; the model never sees that.
    coarse_first
        Make a coarse map of the whole slide first.
    resume
        Leave a slide alone that was finished before, by this model and under these options.
    patience_s
        How long to wait for another process that works on the same slide.
    readers
        Threads that read patches; None for what suits the machine.
    """

    output: Path
    device: str = "auto"
    backend: str = "auto"
    region: Path | None = None
    mpp: float | None = None
    batch: int | None = None
    tta: bool = False
    overwrite: bool = False
    convert_colours: bool = True
    resume: bool = False
    coarse_first: bool = False
    patience_s: float = 0.0
    readers: int | None = None


def use_device(wanted: str, model: str) -> str:
    """Return the device that `wanted` means here, before anything is opened or made for it.

    Raises
    ------
    ModelError
        If there is no such device.
    """
    prepare_process()
    return resolve_device(wanted, model=model)


def run_slide(
    path: Place,
    source: ModelSource,
    options: RunOptions,
    *,
    kept: KeptModel | None = None,
    tell: Callable[[str], None] = say,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run a model over one slide and return its record; ``"finished_before"`` in it says that it was done.

    Parameters
    ----------
    path
        The slide, or its address.
    source
        The model.
    options
        Where and how.
    kept
        The model of the slide before, used again where it is the same.
    tell
        Takes what there is to say to people.
    stopped
        Whether to end here as Ctrl-C does; asked after each batch.

    Raises
    ------
    PathViewError
        If the slide, the model or the folder cannot be used, or another process works on the slide; what was
        computed stays and can be gone on with.
    """
    place = RunFolder.of(options.output, path, source.card.name)
    job = _Job(path, place, source, options, kept or KeptModel(), tell, stopped)
    try:
        # A plugin may print what it likes; stdout is for data.
        with open_slide(path) as slide, contextlib.redirect_stdout(sys.stderr):
            region = None if options.region is None else _outline(options.region, slide)
            with alone(path, place, options.patience_s):
                if options.resume and (record := _finished(slide, job)) is not None:
                    return record | {"finished_before": True}
                _mention_other_scale(slide, options.mpp, tell)
                return _run(slide, job, _spec(region, job))
    except OSError as error:
        raise ExportError(place.folder, error.strerror or str(error)) from error


@dataclass(frozen=True, slots=True)
class _Job:
    """What to do with one slide."""

    slide: Place
    place: RunFolder
    source: ModelSource
    options: RunOptions
    kept: KeptModel
    tell: Callable[[str], None]
    stopped: Callable[[], bool]


def _spec(region: bytes | None, job: _Job) -> RunSpec:
    options = job.options
    return RunSpec(
        slide=job.slide,
        model=job.source,
        heatmap=job.place.heatmap,
        device=options.device,
        backend=options.backend,
        region=region,
        mpp=None if options.mpp is None else (options.mpp, options.mpp),
        mpp_source="stated with --mpp",
        batch=options.batch,
        tta=options.tta,
        coarse_first=options.coarse_first,
        readers=options.readers,
    )


def _finished(slide: Slide, job: _Job) -> dict[str, Any] | None:
    facts = _stated(job.options) | {"views": VIEWS if job.options.tta else 1}
    return job.place.finished(slide.info.fingerprint, job.source.card, facts)


def _stated(options: RunOptions) -> dict[str, Any]:
    """Return what the record says of those options that other results would come of."""
    region = options.region
    return {
        "stated_mpp": options.mpp,
        "region_file": None if region is None else region.name,
        "region_sha256": None if region is None else sha256_of(region),
    }


def _run(slide: Slide, job: _Job, spec: RunSpec) -> dict[str, Any]:
    inbox = Inbox()
    started = time.perf_counter()
    place, card = job.place, job.source.card
    place.folder.mkdir(parents=True, exist_ok=True)
    old = put_aside(place) if job.options.overwrite else None
    current: InferenceRun | None = None
    try:
        line = ProgressLine()
        with heard_by(lambda phase: line.show(f"{spec.slide.name}: {phase} ...")):
            current = job.kept.build(spec, inbox)
            before = current.heatmap.progress.done
            _step_to_the_end(current, inbox, job, line)
        facts = _facts(current, job, time.perf_counter() - started, before)
        colours = job.options.convert_colours
        record = place.publish(slide, current.heatmap, card, facts, convert_colours=colours)
    except BaseException:
        job.kept.forget()
        settle(place, old, current)
        raise
    current.close()
    if old is not None:
        remove(old)
    cells = record["cells"]
    for note in current.notes:
        job.tell(f"model {card.name}: {note}")
    counts = f"{cells['done']} tiles done, {cells['skipped']} without tissue, {cells['failed']} failed"
    unlike = cells["unlike_training"]
    counts += f", {unlike} unlike the training tissue" if unlike else ""
    job.tell(f"{counts}: {place.folder}")
    product = record.get("product", {})
    for words in (product.get("words"), product.get("missing")):
        if words:
            job.tell(words)
    return record


def _step_to_the_end(current: InferenceRun, inbox: Inbox, job: _Job, line: ProgressLine) -> None:
    name = job.slide.name
    foreseen = False
    try:
        while current.step():
            inbox.drain()
            if job.stopped():
                raise KeyboardInterrupt
            status = current.status
            if status.forecast is not None and not foreseen:
                foreseen = True
                _foretell(status.forecast, job, line)
            if not status.patches_per_s:
                continue
            left = "" if status.seconds_left is None else f", {duration(status.seconds_left)} left"
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
    error = current.status.error
    if isinstance(error, PathViewError | OSError):
        raise error
    if error is not None:
        raise ModelError(current.model.card.name, str(error)) from error


def _foretell(forecast: Forecast, job: _Job, line: ProgressLine) -> None:
    """Say how long it will take, where that is long enough to do something else meanwhile."""
    if forecast.seconds >= _LONG_S:
        line.clear()
        job.tell(f"{job.slide.name}: {in_words(forecast)}")


def _facts(current: InferenceRun, job: _Job, seconds: float, before: int) -> dict[str, Any]:
    status = current.status
    computed = status.done - before
    defaults = {one.name: one.default for one in job.source.card.parameters}
    return {
        "device": job.options.device,
        "engine": str(getattr(current.model, "engine", "")) or None,
        "preflight": list(current.notes),
        "parameters": defaults | dict(job.source.values),
        **_stated(job.options),
        "resumed_with": before,
        "seconds": round(seconds, 3),
        "tiles_per_second": round(computed / seconds, 1) if computed else None,
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "state": status.state.value,
    }


def _mention_other_scale(slide: Slide, stated: float | None, tell: Callable[[str], None]) -> None:
    known = slide.info.mpp
    if stated is not None and known is not None and any(abs(stated / axis - 1) > 0.01 for axis in known):
        tell(
            f"{slide.info.path} states {known[0]:.4g} x {known[1]:.4g} um/px; "
            f"the {stated:g} of --mpp is used in its place"
        )


def _outline(path: Path, slide: Slide) -> bytes:
    """Return the shapes of a GeoJSON file as one outline, WKB in level-0 pixels.

    Raises
    ------
    AnnotationFormatError
        If the file cannot be read, or none of its shapes lies on the slide.
    """
    outline = shapely.union_all([annotation.geometry for annotation in read_geojson(path)])
    if not outline.intersects(shapely.box(0, 0, *slide.info.size)):
        raise AnnotationFormatError(
            path, "the whole file", f"none of its shapes lies on {slide.info.path.name}"
        )
    return bytes(shapely.to_wkb(outline))
