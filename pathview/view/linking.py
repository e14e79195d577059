"""What maps one slide onto another, and how a view of one follows a view of the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pathview.view.viewport import Viewport

# A quarter turn that is not one to the last bit would be drawn unaligned to the slide's pixels.
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Transform:
    """An affine map from level-0 pixels of slide A to level-0 pixels of slide B.

    ``x_b = xx * x_a + xy * y_a + dx`` and ``y_b = yx * x_a + yy * y_a + dy``.

    Attributes
    ----------
    xx, xy, yx, yy
        Pixels of B by pixels of A.
    dx, dy
        Pixels of B.
    """

    xx: float = 1.0
    xy: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    dx: float = 0.0
    dy: float = 0.0

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Return where the place (x, y) of slide A lies on slide B."""
        return self.xx * x + self.xy * y + self.dx, self.yx * x + self.yy * y + self.dy

    def inverse(self) -> Transform:
        """Return what maps B onto A.

        Raises
        ------
        ZeroDivisionError
            If this one maps a plane onto a line, as none does that was fitted to landmarks.
        """
        scale = 1 / self.determinant
        xx, xy, yx, yy = self.yy * scale, -self.xy * scale, -self.yx * scale, self.xx * scale
        return Transform(xx, xy, yx, yy, -(xx * self.dx + xy * self.dy), -(yx * self.dx + yy * self.dy))

    def then(self, later: Transform) -> Transform:
        """Return what does this and `later` after it: A to B and B to C is A to C."""
        dx, dy = later.apply(self.dx, self.dy)
        return Transform(
            later.xx * self.xx + later.xy * self.yx,
            later.xx * self.xy + later.xy * self.yy,
            later.yx * self.xx + later.yy * self.yx,
            later.yx * self.xy + later.yy * self.yy,
            dx,
            dy,
        )

    @property
    def determinant(self) -> float:
        """Area on B of one square pixel of A; negative where one is the mirror image of the other."""
        return self.xx * self.yy - self.xy * self.yx


def followed(viewport: Viewport, transform: Transform, size: tuple[int, int] | None = None) -> Viewport:
    """Return the view of slide B that shows what `viewport` shows of slide A.

    The middles show the same place, and a structure is as large and lies as it does on A. Under a map that
    shears or stretches, which no view can follow, B is turned as little as possible off the true direction
    and magnified so that areas are the same.

    Parameters
    ----------
    viewport
        Of slide A.
    transform
        Slide A to slide B.
    size
        Physical screen pixels of the view of B, default that of A; the middle counts, not a corner.
    """
    # What is at v on A appears at M_a v; it lies at L v on B, so that B must be drawn by M_a L^-1.
    mxx, mxy, myx, myy = viewport.matrix
    back = transform.inverse()
    xx, xy = mxx * back.xx + mxy * back.yx, mxx * back.xy + mxy * back.yy
    yx, yy = myx * back.xx + myy * back.yx, myx * back.xy + myy * back.yy
    flipped = xx * yy - xy * yx < 0
    angle = math.atan2(xy + yx, yy - xx) if flipped else math.atan2(yx - xy, xx + yy)
    return Viewport(
        center=transform.apply(*viewport.center),
        downsample=viewport.downsample * math.sqrt(abs(transform.determinant)),
        size=size or viewport.size,
        rotation=round(math.degrees(angle), _DIGITS) % 360.0,
        flipped=flipped,
    )
