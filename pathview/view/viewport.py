"""The viewport: which part of the slide the screen shows, and how large."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pathview.core.geometry import Box


@dataclass(frozen=True, slots=True)
class Viewport:
    """A window onto the slide.

    Attributes
    ----------
    center
        Level-0 position (x, y) in the middle of the screen.
    downsample
        Level-0 pixels per physical screen pixel, > 0; small values are magnified.
    size
        Physical screen pixels (width, height).
    rotation
        Degrees by which the slide is turned clockwise.
    flipped
        Whether the turned slide is seen in a mirror, left and right swapped.
    """

    center: tuple[float, float]
    downsample: float
    size: tuple[int, int]
    rotation: float = 0.0
    flipped: bool = False

    def box(self) -> Box:
        """Return the level-0 bounding box of what is visible, also when rotated."""
        width, height = self.size
        corners = [self.to_slide(sx, sy) for sx in (0, width) for sy in (0, height)]
        xs, ys = zip(*corners, strict=True)
        return Box(min(xs), min(ys), max(xs), max(ys))

    def to_slide(self, sx: float, sy: float) -> tuple[float, float]:
        """Map a screen position (physical px, y down) to level-0 pixels."""
        dx, dy = self._to_slide_vector(sx - self.size[0] / 2, sy - self.size[1] / 2)
        return self.center[0] + dx, self.center[1] + dy

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Map a level-0 position to physical screen pixels, y down."""
        xx, xy, yx, yy = self.matrix
        dx = (x - self.center[0]) / self.downsample
        dy = (y - self.center[1]) / self.downsample
        return self.size[0] / 2 + xx * dx + xy * dy, self.size[1] / 2 + yx * dx + yy * dy

    def zoomed(self, factor: float, at: tuple[float, float]) -> Viewport:
        """Return the view magnified by `factor` (> 1 is closer); the slide point under screen `at` stays."""
        x, y = self.to_slide(*at)
        scale = 1 / factor
        center = (x + (self.center[0] - x) * scale, y + (self.center[1] - y) * scale)
        return replace(self, center=center, downsample=self.downsample * scale)

    def panned(self, dx: float, dy: float) -> Viewport:
        """Return the view after dragging the slide by (dx, dy) screen pixels; the slide follows the hand."""
        vx, vy = self._to_slide_vector(dx, dy)
        return self.centered(self.center[0] - vx, self.center[1] - vy)

    def resized(self, size: tuple[int, int]) -> Viewport:
        """Return the view on a screen of another size; centre and magnification stay."""
        return replace(self, size=(max(1, size[0]), max(1, size[1])))

    def centered(self, x: float, y: float) -> Viewport:
        """Return the view with the level-0 point (x, y) in the middle."""
        return replace(self, center=(x, y))

    def rotated(self, degrees: float) -> Viewport:
        """Return the view turned by `degrees` more about its middle, clockwise as it is seen."""
        seen = -degrees if self.flipped else degrees
        return replace(self, rotation=(self.rotation + seen) % 360.0)

    @property
    def turned(self) -> float:
        """Degrees, 0 to 360, by which the slide, mirrored first where it is, is seen turned clockwise."""
        return (-self.rotation if self.flipped else self.rotation) % 360.0

    def mirrored(self) -> Viewport:
        """Return the view with left and right swapped, as through the back of the glass."""
        return replace(self, flipped=not self.flipped)

    def upright(self) -> Viewport:
        """Return the view neither turned nor mirrored."""
        return replace(self, rotation=0.0, flipped=False)

    def fitted(self, box: Box, margin: float = 0.03) -> Viewport:
        """Return the view that shows all of `box`, with `margin` of the screen free on every side."""
        xx, xy, yx, yy = (abs(value) for value in self.matrix)
        width = max(xx * box.width + xy * box.height, 1e-9)
        height = max(yx * box.width + yy * box.height, 1e-9)
        free = 1 - 2 * margin
        downsample = max(width / (self.size[0] * free), height / (self.size[1] * free))
        return replace(self, center=box.center, downsample=downsample)

    def clamped(
        self, slide_box: Box, min_downsample: float = 1 / 16, max_downsample: float | None = None
    ) -> Viewport:
        """Return the nearest view in which one cannot get lost.

        Parameters
        ----------
        slide_box
            Level-0 extent of the slide; the middle of the screen stays inside it.
        min_downsample
            The closest look, in level-0 pixels per screen pixel.
        max_downsample
            The widest look; None allows twice what fits the whole slide.
        """
        if max_downsample is None:
            max_downsample = max(2 * self.fitted(slide_box).downsample, min_downsample)
        x = min(max(self.center[0], slide_box.x0), slide_box.x1)
        y = min(max(self.center[1], slide_box.y0), slide_box.y1)
        downsample = min(max(self.downsample, min_downsample), max_downsample)
        return replace(self, center=(x, y), downsample=downsample)

    def snapped(self) -> Viewport:
        """Return the view moved by up to half a screen pixel, so that slide pixels meet the screen's.

        Only where they are as large as screen pixels, at 1:1, 2:1, 4:1 ... and upright; there an unaligned
        picture would be blurred for nothing. Elsewhere the view is returned as it is.
        """
        octave = math.log2(self.downsample)
        if self.rotation % 360.0 or octave < -1e-6 or abs(octave - round(octave)) > 1e-6:
            return self
        pixel = 2.0 ** round(octave)
        x, y = (
            round(at / pixel - edge / 2) * pixel + edge / 2 * pixel
            for at, edge in zip(self.center, self.size, strict=True)
        )
        return self.centered(x, y)

    @property
    def matrix(self) -> tuple[float, float, float, float]:
        """What turns and mirrors a vector of the slide, row by row; its transpose takes it back."""
        cos, sin = self._turn
        return (-cos, sin, sin, cos) if self.flipped else (cos, -sin, sin, cos)

    @property
    def _turn(self) -> tuple[float, float]:
        """Cosine and sine of the rotation."""
        # Quarter turns are exact: cos(90 degrees) is not zero in floating point.
        quarter = self.rotation % 360.0 / 90.0
        if quarter == int(quarter):
            return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
        angle = math.radians(self.rotation)
        return math.cos(angle), math.sin(angle)

    def _to_slide_vector(self, dx: float, dy: float) -> tuple[float, float]:
        xx, xy, yx, yy = self.matrix
        return (xx * dx + yx * dy) * self.downsample, (xy * dx + yy * dy) * self.downsample
