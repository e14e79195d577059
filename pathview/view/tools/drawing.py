"""From strokes to annotations: what the drawing tools share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from uuid import UUID

from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.view.tools.tool import ToolStep

XY = tuple[float, float]
"""A level-0 position"""

# On the screen, in logical pixels: what is smaller was not meant, strokes are sampled this densely and
# thinned by this little, and this near to its first corner an outline closes.
SMALLEST = 3.0
STROKE_STEP = 2.0
STROKE_TOLERANCE = 0.35
CLOSING = 8.0


class Drawing:
    """A tool that draws; the base of those that do."""

    name: str
    cursor = "cross"

    def __init__(self) -> None:
        self.class_name: str | None = None
        self.selection: frozenset[UUID] = frozenset()

    def finish(self, shape: BaseGeometry | None, downsample: float) -> ToolStep:
        """Return the step that adds `shape` and selects it; next to nothing only ends the gesture."""
        if shape is None or not large_enough(shape, downsample):
            return ToolStep(done=True)
        annotation = Annotation(shape, self.class_name)
        edit = Edit.add(f"Draw {self.name}", annotation)
        return ToolStep(edit, done=True, selection=frozenset({annotation.id}))


def large_enough(shape: BaseGeometry, downsample: float) -> bool:
    """Tell whether a shape is at least some pixels large on the screen."""
    if shape.is_empty:
        return False
    x0, y0, x1, y1 = shape.bounds
    return max(x1 - x0, y1 - y0) >= SMALLEST * downsample


def apart(a: XY, b: XY, downsample: float, pixels: float) -> bool:
    """Tell whether two level-0 positions are at least so many `pixels` apart on the screen."""
    return math.dist(a, b) >= pixels * downsample


def trace(points: Sequence[XY]) -> BaseGeometry | None:
    """Return an unfinished outline as something to preview."""
    if not points:
        return None
    return Point(points[0]) if len(set(points)) == 1 else LineString(points)
