"""One model over one slide, to the end, with the results in a folder."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from pathview.annotations.geojson import read_geojson
from pathview.cli.messages import ProgressLine, say
from pathview.core.errors import AnnotationFormatError, ExportError, ModelError, PathViewError
from pathview.core.inbox import Inbox
from pathview.core.place import Place
from pathview.export.run_folder import RunFolder
from pathview.inference.device import prepare_process, resolve_device
from pathview.inference.parameter import Value
from pathview.inference.run import InferenceRun
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec, build_run
from pathview.slides.open import open_slide
from pathview.slides.slide import Slide


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


def use_device(wanted: str, model: str) -> str:
    """Return the device that `wanted` means here, before anything is opened or made for it.

    Raises
    ------
    ModelError
        If there is no such device.
    """
    prepare_process()
    return resolve_device(wanted, model=model)


def run_slide(path: Place, source: ModelSource, options: RunOptions) -> dict[str, Any]:
    """Run a model over one slide and return its record.

    Parameters
    ----------
    path
        The slide, or its address.
    source
        The model.
    options
        Where and how.

    Raises
    ------
    PathViewError
        If the slide, the model or the folder cannot be used; what was computed stays and can be gone on with.
    """
    place = RunFolder.of(options.output, path, source.card.name)
    try:
        # A plugin may print what it likes; stdout is for data.
        with open_slide(path) as slide, contextlib.redirect_stdout(sys.stderr):
            _mention_other_scale(slide, options.mpp)
            region = None if options.region is None else _outline(options.region, slide)
            spec = RunSpec(
                slide=path,
                model=source,
                heatmap=place.heatmap,
                device=options.device,
                backend=options.backend,
                region=region,
                mpp=None if options.mpp is None else (options.mpp, options.mpp),
                mpp_source="stated with --mpp",
                batch=options.batch,
                tta=options.tta,
            )
            return _run(slide, place, spec, options)
    except OSError as error:
        raise ExportError(place.folder, error.strerror or str(error)) from error


def _run(slide: Slide, place: RunFolder, spec: RunSpec, options: RunOptions) -> dict[str, Any]:
    inbox = Inbox()
    started = time.perf_counter()
    place.folder.mkdir(parents=True, exist_ok=True)
    old = _put_aside(place) if options.overwrite else None
    current: InferenceRun | None = None
    try:
        current = build_run(spec, inbox)
        before = current.heatmap.progress.done
        _step_to_the_end(current, inbox, spec.slide.name)
        defaults = {one.name: one.default for one in spec.model.card.parameters}
        parameters = defaults | dict(spec.model.values)
        facts = _facts(current, options, time.perf_counter() - started, before, parameters)
        record = place.publish(
            slide, current.heatmap, spec.model.card, facts, convert_colours=options.convert_colours
        )
    except BaseException:
        _settle(place, old, current)
        raise
    current.close()
    if old is not None:
        _remove(old)
    cells = record["cells"]
    for note in current.notes:
        say(f"model {spec.model.card.name}: {note}")
    counts = f"{cells['done']} tiles done, {cells['skipped']} without tissue, {cells['failed']} failed"
    unlike = cells["unlike_training"]
    counts += f", {unlike} unlike the training tissue" if unlike else ""
    say(f"{counts}: {place.folder}")
    return record


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
    error = current.status.error
    if isinstance(error, PathViewError | OSError):
        raise error
    if error is not None:
        raise ModelError(current.model.card.name, str(error)) from error


def _facts(
    current: InferenceRun, options: RunOptions, seconds: float, before: int, parameters: dict[str, Value]
) -> dict[str, Any]:
    status = current.status
    computed = status.done - before
    return {
        "device": options.device,
        "engine": str(getattr(current.model, "engine", "")) or None,
        "preflight": list(current.notes),
        "parameters": parameters,
        "stated_mpp": options.mpp,
        "region_file": None if options.region is None else options.region.name,
        "resumed_with": before,
        "seconds": round(seconds, 3),
        "tiles_per_second": round(computed / seconds, 1) if computed else None,
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "state": status.state.value,
    }


def _mention_other_scale(slide: Slide, stated: float | None) -> None:
    known = slide.info.mpp
    if stated is not None and known is not None and any(abs(stated / axis - 1) > 0.01 for axis in known):
        say(
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


def _put_aside(place: RunFolder) -> Path | None:
    """Move old results out of the way; they are deleted when new ones are there."""
    if not place.heatmap.exists():
        return None
    old = place.heatmap.with_name(f".{place.heatmap.name}.old")
    _remove(old)
    place.heatmap.rename(old)
    return old


def _settle(place: RunFolder, old: Path | None, current: InferenceRun | None) -> None:
    """Leave the folder in order after a run that did not reach its end.

    A run that computed nothing, since its model cannot be loaded for example, leaves nothing behind, and old
    results come back. Of one that computed something the new values stay, to be gone on with, and the files
    made from the old ones go.
    """
    if current is not None:
        current.close()
        if current.heatmap.progress.done:
            for path in (place.table, place.preview, place.record, old):
                if old is not None and path is not None:
                    _remove(path)
            return
    if current is not None or old is not None:
        _remove(place.heatmap)
    if old is not None:
        old.rename(place.heatmap)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
