"""What an exporter gets: what is known of a slide at one moment, as values that nobody changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pathview.annotations.annotation import Annotation
from pathview.slides.reader import SlideInfo

Color = tuple[int, int, int]
"""(red, green, blue), 0 to 255."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatmapValues:
    """A heatmap as arrays.

    Attributes
    ----------
    name
        What the window calls it.
    model, model_version, weights_sha256
        What made it.
    mpp
        um/px that the model saw.
    classes, positive, threshold
        Its classes, the one that matters, and from which probability on a cell counts as that.
    origin
        (x, y) of the top-left corner of cell (0, 0), level-0 pixels.
    stride, patch
        Edges of a cell, and of what the model saw about the cell's middle; level-0 pixels.
    scores
        (classes, rows, columns) float32; NaN where there is no value.
    """

    name: str
    model: str
    model_version: str
    weights_sha256: str
    mpp: float
    classes: tuple[str, ...]
    positive: str
    threshold: float
    origin: tuple[float, float]
    stride: float
    patch: float
    scores: NDArray[np.float32] = field(repr=False)

    def cell_box(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Return the (x0, y0, x1, y1) of a cell in level-0 pixels."""
        x, y = self.origin[0] + column * self.stride, self.origin[1] + row * self.stride
        return x, y, x + self.stride, y + self.stride


@dataclass(frozen=True, slots=True, eq=False)
class ExportValues:
    """All that an exporter may write down.

    Attributes
    ----------
    slide
        What is known about the slide; its ``mpp`` is the stated one where the user stated one.
    annotations
        In drawing order, level-0 pixels.
    colors
        By class, None for unclassified; every class of `annotations` is there.
    heatmaps
        Those that are shown, the topmost last.
    """

    slide: SlideInfo
    annotations: tuple[Annotation, ...] = ()
    colors: Mapping[str | None, Color] = field(default_factory=dict)
    heatmaps: tuple[HeatmapValues, ...] = ()
