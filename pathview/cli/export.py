"""`pathview export`: annotations, regions and cells as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pathview.cli.messages import ProgressLine, say
from pathview.core.errors import ExportError, PathViewError
from pathview.core.files import data_folder
from pathview.core.geometry import Box
from pathview.slides.open import open_slide

app = typer.Typer(
    help="Write annotations, regions or cells to files.", no_args_is_help=True, rich_markup_mode=None
)

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it exists.")]
SlideFile = Annotated[Path, typer.Argument(metavar="SLIDE", help="A slide file.", show_default=False)]


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
    from pathview.study.study import Study

    _check(output, overwrite)
    with open_slide(slide) as opened, Study.open(study or data_folder() / "study", read_only=True) as opened_study:
        found = opened_study.journal.load(opened.info.fingerprint)
    _write(output, lambda: write_geojson(found, output))
    say(f"wrote {len(found)} annotations to {output}")


@app.command("region")
def export_a_region(
    slide: SlideFile,
    output: Output,
    box: Annotated[
        str | None, typer.Option(help="X,Y,WIDTH,HEIGHT in full-resolution pixels; default: the whole slide.")
    ] = None,
    mpp: Annotated[
        float | None, typer.Option(help="um per exported pixel; default: full resolution.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a region of a slide as PNG or TIFF, by the ending of the output's name."""
    from pathview.export.region_image import export_region

    _check(output, overwrite)
    line = ProgressLine()
    with open_slide(slide) as opened:
        area = opened.info.box if box is None else _box(box)
        downsample = 1.0 if mpp is None else opened.downsample_for(mpp)
        export_region(
            opened, area, output, downsample=downsample, progress=lambda share: line.show(f"{share:.0%}")
        )
    line.clear()
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

    _check(output, overwrite)
    opened = Heatmap.open(heatmap)
    _write(output, lambda: write_heatmap_table(opened, output))
    say(f"wrote {opened.state.size} cells to {output}")


def _check(output: Path, overwrite: bool) -> None:
    if output.exists() and not overwrite:
        raise ExportError(output, "it exists; --overwrite replaces it")


def _write(output: Path, work: Callable[[], None]) -> None:
    try:
        work()
    except PathViewError:
        raise
    except OSError as error:
        raise ExportError(output, error.strerror or str(error)) from error


def _box(text: str) -> Box:
    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not X,Y,WIDTH,HEIGHT", param_hint="--box") from error
    if width <= 0 or height <= 0:
        raise typer.BadParameter("width and height must be positive", param_hint="--box")
    return Box(x, y, x + width, y + height)
