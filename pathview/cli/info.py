"""`pathview info`: what a slide file says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pathview.cli.each_slide import SlideFiles, each_slide, opened
from pathview.cli.messages import say

if TYPE_CHECKING:
    from pathview.slides.slide import Slide


def info(
    slides: SlideFiles,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: an object a slide, in a list.")
    ] = False,
) -> None:
    """Print format, levels, pixel size, bounds, associated images and fingerprint of slides."""
    described = each_slide(
        slides,
        opened(describe),
        refused=lambda path, error: say(str(error)),
        show=lambda known: print(_page(known)),
        as_json=as_json,
    )
    if len(described) < len(slides):
        raise typer.Exit(1)


def describe(slide: Slide) -> dict[str, Any]:
    """Return what is known about an open slide as JSON values.

    Raises
    ------
    TileReadError
        If an associated image cannot be read.
    """
    known = slide.info
    bounds = known.bounds
    return {
        "path": str(known.path),
        "format": known.format,
        "width": known.size[0],
        "height": known.size[1],
        "levels": [
            {
                "width": level.size[0],
                "height": level.size[1],
                "downsample": level.downsample,
                "tile": level.tile,
            }
            for level in known.levels
        ],
        "mpp": known.mpp,
        "mpp_source": known.mpp_source,
        "objective_power": known.objective_power,
        "channels": [channel.name for channel in known.channels],
        "planes": known.planes,
        "plane_um": known.plane_um,
        "bounds": [bounds.x0, bounds.y0, bounds.x1, bounds.y1],
        "associated_images": {
            name: {"width": width, "height": height}
            for name, (width, height) in slide.associated_sizes().items()
        },
        "icc_profile": slide.icc_profile() is not None,
        "colour": slide.display_colour.state,
        "fingerprint": known.fingerprint,
    }


def _depth(known: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows of what only some slides have."""
    rows = [("channels", ", ".join(known["channels"]))] if known["channels"] else []
    if known["planes"] > 1:
        step = known["plane_um"]
        distance = "unknown distance" if step is None else f"{step:g} um"
        rows.append(("planes", f"{known['planes']}, {distance} apart"))
    return rows


def _page(known: dict[str, Any]) -> str:
    mpp = known["mpp"]
    scale = "unknown" if mpp is None else f"{mpp[0]:.6g} x {mpp[1]:.6g} um/px"
    power = known["objective_power"]
    bounds = ", ".join(f"{edge:g}" for edge in known["bounds"])
    images = [
        f"{name} ({size['width']} x {size['height']})" for name, size in known["associated_images"].items()
    ]
    rows = [
        ("format", known["format"]),
        ("size", f"{known['width']} x {known['height']} px"),
        ("pixel size", f"{scale} ({known['mpp_source']})"),
        ("objective", "unknown" if power is None else f"{power:g}x"),
        ("bounds", bounds),
        *_depth(known),
        ("associated", ", ".join(images) or "none"),
        ("colour", known["colour"]),
        ("fingerprint", known["fingerprint"]),
    ]
    lines = [known["path"], *(f"  {name:<12} {value}" for name, value in rows), "  levels"]
    for number, level in enumerate(known["levels"]):
        size = f"{level['width']} x {level['height']}"
        tile = f"{level['tile'][0]} x {level['tile'][1]}"
        lines.append(f"    {number:>2}  {size:>17} px   downsample {level['downsample']:<10.6g} tile {tile}")
    return "\n".join(lines)
