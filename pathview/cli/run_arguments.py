"""The arguments of `pathview run`, and what cannot be asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pathview.core.place import Place, place_of

if TYPE_CHECKING:
    from pathview.inference.parameter import Parameter, Value

Slides = Annotated[
    list[Place],
    typer.Argument(
        metavar="SLIDE...",
        parser=place_of,
        show_default=False,
        help="Slide files, folders of slides, patterns, or addresses.",
    ),
]
Model = Annotated[
    str, typer.Option("--model", "-m", help="A name of `pathview models list`, or a model folder.")
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="Results go to DIR/SLIDE/MODEL/.", metavar="DIR")
]
RegionFile = Annotated[
    Path | None, typer.Option(help="Only cells that touch the shapes of this GeoJSON file.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda:N or mps.")]
Backend = Annotated[
    str, typer.Option(help="auto, torch, compile or openvino: the engine; auto finds the fastest once.")
]
Mpp = Annotated[
    float | None, typer.Option(help="um/px of slides that do not state it; recorded.", min=0.02, max=100)
]
Batch = Annotated[int | None, typer.Option(help="Patches at a time.", min=1, max=4096)]
Tta = Annotated[
    bool, typer.Option("--tta", help="Ask about each patch turned and mirrored; gives uncertainty too.")
]
CoarseFirst = Annotated[
    bool, typer.Option("--coarse-first", help="A rough map of the whole slide first, then ever finer.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Start afresh instead of going on.")]
Resume = Annotated[bool, typer.Option("--resume", help="Leave slides alone that were finished before.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="A parameter of the model, as listed.", metavar="NAME=VALUE"),
]
AllowCode = Annotated[
    bool, typer.Option("--allow-code", help="Run weights that are a program (TorchScript, .pt2).")
]
Workers = Annotated[
    int | None,
    typer.Option(help="Processes that do a slide each; default one for each GPU.", min=1, max=256),
]
Dask = Annotated[
    str | None,
    typer.Option(help="Run on the Dask cluster of this scheduler.", metavar="ADDRESS|slurm:FILE.toml"),
]
Shard = Annotated[
    str | None, typer.Option(help="Only the I-th of N parts of the slides: job arrays.", metavar="I/N")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the records of the runs as JSON.")]


def shard_of(word: str | None) -> tuple[int, int] | None:
    """Return (number, how many) of ``I/N``; None for None."""
    if word is None:
        return None
    number, _, count = word.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        reason = f"{word!r} is not I/N, the I-th of N parts from 1/N to N/N"
        raise typer.BadParameter(reason, param_hint="--shard")
    return int(number), int(count)


def values_of(words: list[str], parameters: Iterable[Parameter]) -> dict[str, Value]:
    """Return what ``NAME=VALUE`` sets of a model's parameters."""
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


def slides_of(places: list[Place]) -> list[Place]:
    """Return the slides that the user names, each once."""
    from pathview.slides.find import find_slides, without_doubles

    found: list[Place] = []
    for place in places:
        here = find_slides(place)
        if isinstance(place, Path) and place.is_dir():
            # One without slides fails alone, as whoever opens it says.
            here = here or [place]
        if not here:
            raise typer.BadParameter(f"{place}: nothing fits", param_hint="SLIDE")
        found += here
    return without_doubles(found)


def refuse_odd_scale(mpp: float | None) -> None:
    """Refuse what is no number."""
    if mpp is not None and not math.isfinite(mpp):
        raise typer.BadParameter("must be a number of micrometres", param_hint="--mpp")


def refuse_odd_backend(backend: str) -> None:
    """Refuse an engine that there is not."""
    from pathview.inference.engines.choice import BACKENDS

    if backend not in BACKENDS:
        raise typer.BadParameter(f"must be one of {', '.join(BACKENDS)}", param_hint="--backend")


def refuse_contradictions(*, workers: int | None, dask: str | None, overwrite: bool, resume: bool) -> None:
    """Refuse options of which one takes the other back."""
    if workers is not None and dask is not None:
        raise typer.BadParameter("give --workers, for this machine, or --dask, for a cluster; not both")
    if overwrite and resume:
        raise typer.BadParameter("give --overwrite or --resume, not both")


def refuse_shared_folders(slides: list[Place], output: Path, model: str) -> None:
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
