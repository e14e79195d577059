"""`pathview export`: annotations, regions and cells as files."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pathview.cli.messages import ProgressLine, say
from pathview.core.errors import ExportError, UnknownScaleError
from pathview.core.geometry import Box
from pathview.core.place import Place, place_of

if TYPE_CHECKING:
    from pathview.slides.slide import Slide

app = typer.Typer(
    help="Write annotations, regions or cells to files.", no_args_is_help=True, rich_markup_mode=None
)

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")]
SlideFile = Annotated[
    Place,
    typer.Argument(
        metavar="SLIDE", parser=place_of, help="A slide file, or the address of one.", show_default=False
    ),
]


@app.command("annotations")
def export_annotations(
    slide: SlideFile,
    output: Output,
    study: Annotated[
        Path | None, typer.Option("--study", help="Study folder; default: the one that the window uses.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a slide's annotations as GeoJSON that QuPath reads."""
    from pathview.annotations.geojson import write_geojson
    from pathview.core.files import data_folder
    from pathview.slides.open import open_slide
    from pathview.study.study import Study

    _check(output, overwrite, slide)
    with open_slide(slide) as opened, Study.open(study or data_folder() / "study", read_only=True) as kept:
        found = kept.journal.load(opened.info.fingerprint)
    with _writing(output):
        write_geojson(found, output)
    say(f"wrote {len(found)} annotations to {output}")


@app.command("region")
def export_a_region(
    slide: SlideFile,
    output: Output,
    box: Annotated[
        str | None, typer.Option(help="X,Y,WIDTH,HEIGHT in full-resolution pixels; default: the whole slide.")
    ] = None,
    mpp: Annotated[
        float | None, typer.Option(help="um per exported pixel; default: full resolution.", min=0.001)
    ] = None,
    srgb: Annotated[
        bool,
        typer.Option(
            "--srgb", help="Convert colours to sRGB; default: the file's own, with its ICC profile."
        ),
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Write a region of a slide as PNG or TIFF, by the ending of the output's name."""
    from pathview.export.region_image import export_region
    from pathview.slides.open import open_slide

    wanted = None if box is None else _box(box)
    if mpp is not None and not math.isfinite(mpp):
        raise typer.BadParameter("must be a number of micrometres", param_hint="--mpp")
    _check(output, overwrite, slide)
    line = ProgressLine()
    with open_slide(slide) as opened:
        downsample = 1.0 if mpp is None else _downsample(opened, mpp, output)
        try:
            export_region(
                opened,
                wanted or opened.info.box,
                output,
                downsample=downsample,
                to_srgb=srgb,
                progress=lambda share: line.show(f"{share:.0%}"),
            )
        finally:
            line.clear()
    say(f"wrote {output}")


@app.command("plugin")
def export_with_plugin(
    slide: SlideFile,
    output: Output,
    name: Annotated[
        str, typer.Option("--format", "-f", help="An exporter of `pathview plugins list`.", metavar="NAME")
    ],
    heatmap: Annotated[
        list[Path] | None, typer.Option("--heatmap", help="A run's heatmap of this slide.", metavar="ZARR")
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", help="Study folder; default: the one that the window uses.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the exporter.", metavar="NAME=VALUE"),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a slide's annotations and heatmaps in a format that a plugin knows."""
    from pathview.cli.export_values import values_for_export
    from pathview.cli.run_arguments import values_of
    from pathview.startup.registry import known_registry
    from pathview.startup.settings import load_settings

    source = known_registry(load_settings()).exporter(name)
    settings = values_of(set_ or [], source.parameters)
    _check(output, overwrite, slide)
    if not output.name.lower().endswith(source.suffix):
        raise ExportError(output, f"the exporter {name} writes {source.suffix}; name the file so")
    source.export(values_for_export(slide, heatmap or [], study), output, settings)
    say(f"wrote {output}")


@app.command("cells")
def export_cells(
    heatmap: Annotated[
        Path, typer.Argument(metavar="HEATMAP.zarr", help="A run's heatmap.", show_default=False)
    ],
    output: Output,
    overwrite: Overwrite = False,
) -> None:
    """Write the cells of a heatmap as CSV."""
    from pathview.export.heatmap_table import write_heatmap_table
    from pathview.inference.heatmap import Heatmap

    _check(output, overwrite, heatmap)
    opened = Heatmap.open(heatmap)
    with _writing(output):
        write_heatmap_table(opened, output)
    say(f"wrote {opened.state.size} cells to {output}")


@app.command("features")
def export_features(
    heatmap: Annotated[
        Path,
        typer.Argument(
            metavar="HEATMAP.zarr", help="The heatmap of a model that embeds.", show_default=False
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder for all slides.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option(help="Of the slide; default: that of the run's folder.")] = None,
) -> None:
    """Write the features of a run as HDF5, in TRIDENT's and CLAM's folders; older files are replaced."""
    from pathview.export.features_h5 import write_features

    named = name or heatmap.absolute().parent.parent.name
    for file in write_features(heatmap, output, named):
        say(f"wrote {file}")


def _check(output: Path, overwrite: bool, source: Place) -> None:
    if isinstance(source, Path) and source.exists() and output.exists() and output.samefile(source):
        raise ExportError(output, "it is the file that is read; slides and results are never replaced")
    if output.exists() and not overwrite:
        raise ExportError(output, "it exists; --overwrite replaces it")


@contextlib.contextmanager
def _writing(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExportError(output, error.strerror or str(error)) from error


def _downsample(slide: Slide, mpp: float, output: Path) -> float:
    try:
        return slide.downsample_for(mpp)
    except UnknownScaleError as error:
        reason = f"{error.path} does not state its pixel size, so --mpp has no meaning; leave it out"
        raise ExportError(output, reason) from error


def _box(text: str) -> Box:
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not X,Y,WIDTH,HEIGHT", param_hint="--box") from error
    if not all(map(math.isfinite, (x, y, width, height))) or width <= 0 or height <= 0:
        raise typer.BadParameter(
            "all four must be numbers, width and height positive ones", param_hint="--box"
        )
    return Box(x, y, x + width, y + height)
