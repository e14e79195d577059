"""preview.png: the slide's thumbnail with the heatmap over it and a legend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pathview.annotations.objects import Objects
from pathview.core.files import atomic_write
from pathview.core.palette import class_color, colormap_table
from pathview.inference.card import ModelCard, Task
from pathview.inference.heatmap import Heatmap
from pathview.slides.colour import DisplayColour
from pathview.slides.slide import Slide

_EDGE = 1400
_LEGEND = 92
_INK = (32, 33, 36)
_LOOKED_AT = (0, 114, 178)
_FAINT = (95, 99, 104)


def write_preview(
    slide: Slide,
    heatmap: Heatmap,
    card: ModelCard,
    target: Path,
    *,
    colour: DisplayColour,
    colormap: str = "heat",
    objects: Objects | None = None,
) -> None:
    """Write a picture of the whole slide under the heatmap of the model's positive class.

    Cells that were not run are hatched, and so, the other way and darker, are those unlike the training
    tissue; glass is left as it is. The scale is always 0 to 1.

    Parameters
    ----------
    slide, heatmap, card
        What was run on what, and the result.
    target
        The PNG file to write.
    colour
        What is done to the slide's colours.
    colormap
        Name of the heatmap's colours in `core.palette`.
    objects
        What a detector has found: they are shown as dots in place of the map.

    Raises
    ------
    OSError
        If the file cannot be written.
    TileReadError
        If the slide cannot be read.
    """
    thumbnail = colour.apply(slide.thumbnail(_EDGE)).astype(np.float32)
    overlay, alpha = _overlay(slide, heatmap, card, thumbnail.shape[:2], colormap)
    if objects is not None:
        _dot(overlay, alpha, objects, heatmap)
    blended = thumbnail * (1 - alpha[..., None]) + overlay * alpha[..., None]
    picture = Image.fromarray(np.rint(blended).astype(np.uint8))
    page = Image.new("RGB", (max(picture.width, 640), picture.height + _LEGEND), "white")
    page.paste(picture, ((page.width - picture.width) // 2, 0))
    _legend(page, picture.height, heatmap, card, colormap, objects)
    with atomic_write(target) as file:
        page.save(file, "PNG")


def _overlay(
    slide: Slide, heatmap: Heatmap, card: ModelCard, shape: tuple[int, ...], colormap: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return colour (h, w, 3) and opacity (h, w) of the heatmap in thumbnail pixels."""
    height, width = shape
    if not heatmap.state.size:
        return np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    x = (np.arange(width) + 0.5) * slide.info.size[0] / width
    y = (np.arange(height) + 0.5) * slide.info.size[1] / height
    rows, columns = heatmap.state.shape
    column = np.floor((x - heatmap.grid.origin[0]) / heatmap.grid.stride).astype(int)
    row = np.floor((y - heatmap.grid.origin[1]) / heatmap.grid.stride).astype(int)
    inside = ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns))[None, :]
    at = np.ix_(np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1))
    state = np.where(inside, heatmap.state[at], 2)
    if card.classes:
        score = np.nan_to_num(_sampled(heatmap, heatmap.facts.classes.index(card.positive), x, y))
        color = colormap_table(colormap)[np.rint(score * 255).astype(np.uint8)].astype(np.float32)
        # Low probabilities are nearly clear, so that the tissue under them stays readable.
        # Where objects are shown, the map would hide the tissue that they are compared with.
        alpha = np.where((state == 1) & (card.task is not Task.DETECT), 0.15 + 0.5 * score, 0.0)
    else:
        color = np.full((*state.shape, 3), _LOOKED_AT, np.float32)
        alpha = np.where(state == 1, 0.3, 0.0)
    unlike = inside & heatmap.unlike()[at]
    color[unlike] = (color[unlike] + 160) / 2
    diagonal = np.subtract.outer(np.arange(height), np.arange(width))
    hatch = (np.add.outer(np.arange(height), np.arange(width)) % 8 == 0) & ((state == 0) | (state == 3))
    falling = unlike & (diagonal % 6 == 0)
    color[hatch] = (90, 90, 90)
    color[falling] = (30, 30, 36)
    return color, np.where(hatch, 0.5, np.where(falling, 0.75, alpha)).astype(np.float32)


def _sampled(
    heatmap: Heatmap, index: int, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the values (h, w) at level-0 positions: of pixels where there are any, else of cells."""
    values, grid = heatmap.field(index)()
    at = [
        np.clip(np.floor((places - first) / grid.stride).astype(int), 0, count - 1)
        for places, first, count in ((y, grid.origin[1], grid.shape[0]), (x, grid.origin[0], grid.shape[1]))
    ]
    return values[np.ix_(at[0], at[1])]


def _unlike_words(heatmap: Heatmap) -> str:
    count = int(heatmap.unlike().sum())
    return f"; {count} hatched: unlike the training tissue" if count else ""


def _dot(
    overlay: NDArray[np.float32], alpha: NDArray[np.float32], objects: Objects, heatmap: Heatmap
) -> None:
    """Put objects over what hatches cells, in the colours of their classes."""
    height, width = alpha.shape
    colors = np.array([class_color(name) for name in heatmap.facts.classes], np.float32)
    across, down = heatmap.facts.slide_size
    x, y = objects.centers.T
    for right, below in ((0, 0), (1, 0), (0, 1), (1, 1)):
        cols = np.clip((x * width / across).astype(int) + right, 0, width - 1)
        rows = np.clip((y * height / down).astype(int) + below, 0, height - 1)
        overlay[rows, cols] = colors[objects.classes]
        alpha[rows, cols] = 1


def _class_list(page: Image.Image, top: int, heatmap: Heatmap, objects: Objects) -> None:
    draw = ImageDraw.Draw(page)
    font, small = ImageFont.load_default(15), ImageFont.load_default(12)
    draw.text((16, top + 10), f"{len(objects)} objects", font=font, fill=_INK)
    counts = np.bincount(objects.classes, minlength=len(heatmap.facts.classes))
    for number, (name, count) in enumerate(zip(heatmap.facts.classes[:3], counts, strict=False)):
        line = top + 34 + 17 * number
        draw.ellipse((16, line + 2, 26, line + 12), fill=class_color(name))
        draw.text((34, line), f"{name}: {count}", font=small, fill=_INK)


def _legend(
    page: Image.Image,
    top: int,
    heatmap: Heatmap,
    card: ModelCard,
    colormap: str,
    objects: Objects | None,
) -> None:
    draw = ImageDraw.Draw(page)
    font, small = ImageFont.load_default(15), ImageFont.load_default(12)
    if objects is not None:
        _class_list(page, top, heatmap, objects)
    elif card.classes:
        _color_bar(page, top, card, colormap)
    else:
        draw.rectangle((16, top + 12, 32, top + 28), fill=_LOOKED_AT)
        draw.text((42, top + 10), f"{card.features} features each", font=font, fill=_INK)
    done, skipped = int((heatmap.state == 1).sum()), int((heatmap.state == 2).sum())
    failed, waiting = int((heatmap.state == 3).sum()), int((heatmap.state == 0).sum())
    lines = (
        f"{card.title or card.name}, version {card.version}, weights {card.sha256[:12] or 'none'}",
        f"{done} cells scored, {skipped} skipped, {failed} failed, {waiting} not run"
        f"{f'; threshold {card.threshold:g}' if card.classes else ''}{_unlike_words(heatmap)}",
        "Research use only. The heatmap assists; people decide.",
    )
    for number, line in enumerate(lines):
        draw.text((310, top + 10 + 22 * number), line, font=small, fill=_INK if number == 0 else _FAINT)


def _color_bar(page: Image.Image, top: int, card: ModelCard, colormap: str) -> None:
    draw = ImageDraw.Draw(page)
    font, small = ImageFont.load_default(15), ImageFont.load_default(12)
    bar = Image.fromarray(np.repeat(colormap_table(colormap)[None, :, :], 16, axis=0))
    page.paste(bar, (16, top + 34))
    draw.rectangle((15, top + 33, 272, top + 50), outline=_FAINT)
    draw.text((16, top + 10), f"Probability of {card.positive}", font=font, fill=_INK)
    for value in (0.0, 0.5, 1.0):
        draw.text((16 + 256 * value, top + 54), f"{value:g}", font=small, fill=_FAINT, anchor="ma")
    mark = 16 + 256 * card.threshold
    draw.line((mark, top + 30, mark, top + 53), fill=_INK, width=2)
