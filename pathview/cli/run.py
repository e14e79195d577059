"""`pathview run`: a model over slides, in this process."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pathview.cli.each_slide import SlideFiles, each_slide
from pathview.cli.messages import say
from pathview.core.errors import HeatmapMismatchError, PathViewError, UnknownScaleError
from pathview.core.place import Place

if TYPE_CHECKING:
    from pathview.inference.parameter import Parameter, Value


def run(
    slides: SlideFiles,
    model: Annotated[
        str, typer.Option("--model", "-m", help="A name of `pathview models list`, or a model folder.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Results go to DIR/SLIDE/MODEL/.", metavar="DIR")
    ],
    region: Annotated[
        Path | None, typer.Option(help="Only cells that touch the shapes of this GeoJSON file.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda:N or mps.")] = "auto",
    backend: Annotated[
        str, typer.Option(help="auto, torch or openvino: the engine; auto finds the fastest once.")
    ] = "auto",
    mpp: Annotated[
        float | None, typer.Option(help="um/px of slides that do not state it; recorded.", min=0.02, max=100)
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Patches at a time.", min=1, max=4096)] = None,
    tta: Annotated[
        bool, typer.Option("--tta", help="Ask about each patch turned and mirrored; gives uncertainty too.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start afresh instead of going on.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the model, as listed.", metavar="NAME=VALUE"),
    ] = None,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Run weights that are a program (TorchScript, .pt2).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the records of the runs as JSON.")] = False,
) -> None:
    """Run a model over slides and write heatmap, table, preview and record; goes on where it was stopped."""
    _refuse_odd_scale(mpp)
    _refuse_odd_backend(backend)
    from pathview.cli.run_slide import RunOptions, run_slide, use_device
    from pathview.startup.find_model import allowed, find_model
    from pathview.startup.registry import load_registry
    from pathview.startup.settings import load_settings

    settings = load_settings()
    registry = load_registry(folders=map(Path, settings.models))
    source = allowed(find_model(model, registry), settings.allowed_code, now=allow_code)
    source = source.with_values(_values(set_ or [], source.card.parameters))
    name = source.card.name
    _refuse_shared_folders(slides, output, name)
    colours = settings.convert_colours
    place = use_device(device, name)
    options = RunOptions(output, place, backend, region, mpp, batch, tta, overwrite, colours)
    records = each_slide(
        slides,
        lambda slide: run_slide(slide, source, options),
        refused=lambda slide, error: say(_in_words(error)),
        show=lambda record: None,  # it is in the run's folder
        as_json=as_json,
    )
    if len(records) < len(slides):
        raise typer.Exit(1)


def _values(words: list[str], parameters: Iterable[Parameter]) -> dict[str, Value]:
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, Value] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"{word!r} is not NAME=VALUE", param_hint="--set")
        try:
            # One that the model does not have is refused with those that it has.
            values[name] = known[name].parsed(text) if name in known else text
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--set") from error
    return values


def _refuse_odd_scale(mpp: float | None) -> None:
    if mpp is not None and not math.isfinite(mpp):
        raise typer.BadParameter("must be a number of micrometres", param_hint="--mpp")


def _refuse_odd_backend(backend: str) -> None:
    from pathview.inference.engines.choice import BACKENDS

    if backend not in BACKENDS:
        raise typer.BadParameter(f"must be one of {', '.join(BACKENDS)}", param_hint="--backend")


def _refuse_shared_folders(slides: list[Place], output: Path, model: str) -> None:
    """Refuse slides of one name: in one folder, the second would replace the first's results."""
    from pathview.export.run_folder import RunFolder

    taken: dict[Path, Place] = {}
    for slide in slides:
        first = taken.setdefault(RunFolder.of(output, slide, model).folder, slide)
        if first is not slide:
            raise typer.BadParameter(
                f"{first} and {slide} have the same name and would share a folder; "
                "give each a command with an --output of its own",
                param_hint="SLIDE",
            )


def _in_words(error: PathViewError) -> str:
    """Return an error's text with the option that helps."""
    if isinstance(error, UnknownScaleError):
        return (
            f"{error.path} does not state its pixel size, which {error.purpose} needs; state it with --mpp UM"
        )
    return f"{error}; --overwrite starts afresh" if isinstance(error, HeatmapMismatchError) else str(error)
