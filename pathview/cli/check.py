"""`pathview check`: whether a slide file is sound, and what to know before measuring on it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pathview.cli.each_slide import Report, SlideFiles, each_slide, opened
from pathview.cli.messages import ProgressLine, say
from pathview.core.errors import PathViewError, TileReadError
from pathview.core.geometry import Box
from pathview.core.place import Place
from pathview.core.region import Region

if TYPE_CHECKING:
    from pathview.slides.reader import Level
    from pathview.slides.slide import Slide

# A few seconds of level 0; coarser levels are small, and all of their tiles are read.
_SAMPLE = 400
_COARSE = 4096
_LISTED = 20


@dataclass(frozen=True, slots=True)
class TileCheck:
    """What reading a level's native tiles showed.

    Attributes
    ----------
    tiles, tried
        How many there are, and how many were read.
    unreadable
        Level-0 boxes (x, y, width, height) that could not be read, each with its reason.
    """

    tiles: int
    tried: int
    unreadable: tuple[tuple[tuple[int, int, int, int], str], ...]


def check(
    slides: SlideFiles,
    full: Annotated[
        bool, typer.Option("--full", help="Read every tile of every level, however long it takes.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: an object a slide, in a list.")
    ] = False,
) -> None:
    """Read slides through and report damage, a blank scan and doubts about the scale."""
    reports = each_slide(
        slides,
        opened(lambda slide: examine(slide, full)),
        refused=_refused,
        show=_show,
        as_json=as_json,
    )
    if not all(report["healthy"] for report in reports):
        raise typer.Exit(1)


def examine(slide: Slide, full: bool) -> dict[str, Any]:
    """Return the health report of an open slide as JSON values.

    Parameters
    ----------
    slide
        An open slide.
    full
        Read every tile instead of a sample of those of large levels.
    """
    from pathview.slides.scale import scale_warnings

    known = slide.info
    line = ProgressLine()
    checks = []
    for number in range(len(known.levels)):
        line.show(f"{known.path.name}: reading level {number}")
        checks.append(_read_level(slide, number, full))
    line.clear()
    problems = _damage(checks) + scale_warnings(known)
    blank = _is_blank(slide)
    if blank:
        problems.append("no tissue was found: a blank scan, or a stain that is hardly there")
    images = _images(slide)
    return {
        "path": str(known.path),
        "healthy": not problems,
        "problems": problems,
        "format": known.format,
        "width": known.size[0],
        "height": known.size[1],
        "levels": [
            {
                "width": level.size[0],
                "height": level.size[1],
                "downsample": level.downsample,
                "tiles": found.tiles,
                "tried": found.tried,
                "unreadable": len(found.unreadable),
                "first_unreadable": [
                    {"box": box, "reason": reason} for box, reason in found.unreadable[:_LISTED]
                ],
            }
            for level, found in zip(known.levels, checks, strict=True)
        ],
        "blank": blank,
        "mpp": known.mpp,
        "mpp_source": known.mpp_source,
        "objective_power": known.objective_power,
        "label": "label" in images,
        "macro": "macro" in images,
        "fingerprint": known.fingerprint,
    }


def _refused(path: Place, error: PathViewError) -> Report:
    return {"path": str(path), "healthy": False, "problems": [str(error)], "format": None}


def _read_level(slide: Slide, number: int, full: bool) -> TileCheck:
    level = slide.info.levels[number]
    columns, rows = (-(-size // edge) for size, edge in zip(level.size, level.tile, strict=True))
    total = columns * rows
    cells: range | list[int] = range(total)
    if not full and total > (_SAMPLE if number == 0 else _COARSE):
        # The same tiles each time, so that two reports of one file can be compared.
        cells = sorted(random.Random(total).sample(cells, _SAMPLE))
    return TileCheck(total, len(cells), tuple(_failures(slide, level, cells, columns)))


def _failures(
    slide: Slide, level: Level, cells: range | list[int], columns: int
) -> Iterator[tuple[tuple[int, int, int, int], str]]:
    scale = level.downsample
    for cell in cells:
        row, column = divmod(cell, columns)
        x0, y0 = column * level.tile[0], row * level.tile[1]
        x1, y1 = min(x0 + level.tile[0], level.size[0]), min(y0 + level.tile[1], level.size[1])
        box = Box(x0 * scale, y0 * scale, x1 * scale, y1 * scale)
        try:
            slide.read(Region(box, scale))
        except TileReadError as error:
            yield (round(box.x0), round(box.y0), round(box.width), round(box.height)), error.reason


def _damage(checks: list[TileCheck]) -> list[str]:
    return [
        f"level {number}: {len(found.unreadable)} of {found.tried} tiles cannot be read"
        for number, found in enumerate(checks)
        if found.unreadable
    ]


def _is_blank(slide: Slide) -> bool | None:
    """Tell whether there is no tissue; None where the slide cannot be read well enough to say."""
    from pathview.inference.tissue import tissue_mask

    try:
        return not tissue_mask(slide).mask.any()
    except TileReadError:
        return None


def _images(slide: Slide) -> frozenset[str]:
    try:
        return frozenset(slide.associated_images())
    except TileReadError:
        return frozenset()


def _show(report: dict[str, Any]) -> None:
    if report["format"] is None:
        say(report["problems"][0])
        return
    size = f"{report['width']} x {report['height']} px"
    mpp = report["mpp"]
    source = report["mpp_source"]
    scale = source if mpp is None else f"{mpp[0]:.6g} x {mpp[1]:.6g} um/px ({source})"
    images = [name for name in ("label", "macro") if report[name]]
    print(report["path"])
    rows = [
        ("health", "good" if report["healthy"] else f"{len(report['problems'])} problem(s)"),
        ("format", f"{report['format']}, {size}, {len(report['levels'])} level(s)"),
        ("pixel size", scale),
        ("images", " and ".join(images) or "neither label nor macro"),
        ("fingerprint", report["fingerprint"]),
    ]
    for name, value in rows:
        print(f"  {name:<12} {value}")
    for number, level in enumerate(report["levels"]):
        print(
            f"  level {number:<6} {level['tried']} of {level['tiles']} tiles read, {level['unreadable']} bad"
        )
        for bad in level["first_unreadable"]:
            x, y, width, height = bad["box"]
            print(f"    at ({x}, {y}), {width} x {height} px: {bad['reason']}")
    for problem in report["problems"]:
        print(f"  problem: {problem}")
