"""The same structure on two slides: what such pairs of places say of how one slide maps onto the other."""

from __future__ import annotations

import json
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import LinkError
from pathview.view.linking import Transform
from pathview.view.viewport import Viewport

Fit = Literal["rigid", "similarity", "affine"]
"""What may happen to a section: turn and shift; and shrink; and be sheared and stretched as well."""

Point = tuple[float, float]
"""Level-0 pixels (x, y)."""

FITS: tuple[Fit, ...] = get_args(Fit)
_NEEDED: dict[Fit, int] = {"rigid": 1, "similarity": 2, "affine": 3}
# Landmarks that are nearer to each other than this, in level-0 pixels, give no direction.
_NEAR_PX = 2.0
# Of the spread along a line, what the spread across it must be to say anything: clicks are not exact.
_LINE = 0.02
_MIRROR = 0.1


class Pair(NamedTuple):
    """One structure, where it lies on slide A and where on slide B."""

    a: Point
    b: Point


class Glass(NamedTuple):
    """What must be known of a slide: (width, height) in level-0 px, and (x, y) um/px or None."""

    size: tuple[int, int]
    mpp: tuple[float, float] | None

    @property
    def middle(self) -> Point:
        """The middle of the slide."""
        return self.size[0] / 2, self.size[1] / 2


@dataclass(frozen=True, slots=True)
class Link:
    """How two slides are laid on each other.

    Attributes
    ----------
    pairs
        The landmarks; without any the corners of the slides are one, or their middles where they are turned.
    fit
        What the transform may do; it does less where there are too few pairs for it.
    turn, mirrored
        How slide A must be turned, degrees clockwise, and mirrored after that, to lie as slide B does. Two
        pairs and more say the turn themselves, and three the mirroring unless they lie on a line.
    scale
        Level-0 pixels of B by one of A, where a pixel size is unknown and pairs are too few to tell.
    placed
        Whether its one pair is where two views were laid on each other, and no landmark.
    """

    pairs: tuple[Pair, ...] = ()
    fit: Fit = "rigid"
    turn: float = 0.0
    mirrored: bool = False
    scale: float | None = None
    placed: bool = False

    def transform(self, a: Glass, b: Glass) -> Transform:
        """Return the map from A to B.

        Raises
        ------
        LinkError
            If the landmarks do not say it.
        """
        corners = Pair((0.0, 0.0), (0.0, 0.0))
        lying = self.turn or self.mirrored
        pairs = self.pairs or (Pair(a.middle, b.middle) if lying else corners,)
        _check(pairs)
        fit = self.possible_fit(a, b)
        if len(pairs) == 1:
            return self._laid(pairs[0], a, b)
        if fit == "affine":
            return _affine(pairs)
        return _orthogonal(pairs, a, b, scaled=fit == "similarity", mirrored=self.mirrored)

    def possible_fit(self, a: Glass, b: Glass) -> Fit:
        """Return `fit`, or what is nearest to it with these pairs and what is known of the slides."""
        known = a.mpp is not None and b.mpp is not None
        fits = [fit for fit in FITS if _NEEDED[fit] <= len(self.pairs) and (known or fit != "rigid")]
        if self.fit in fits:
            return self.fit
        # A similarity stands in for a rigid fit where there is no measure, and for an affine of two pairs.
        return "similarity" if "similarity" in fits else "rigid"

    def residuals(self, a: Glass, b: Glass) -> tuple[float, ...]:
        """Return for each pair how far the landmark of A comes to lie from that of B.

        In um on slide B, or in its level-0 pixels where the pixel size is unknown.

        Raises
        ------
        LinkError
            If the landmarks do not say how the slides lie.
        """
        transform, (mx, my) = self.transform(a, b), b.mpp or (1.0, 1.0)
        placed = ((transform.apply(*pair.a), pair.b) for pair in self.pairs)
        return tuple(math.hypot((x - at[0]) * mx, (y - at[1]) * my) for (x, y), at in placed)

    def with_pair(self, pair: Pair) -> Link:
        """Return the link with one landmark pair more, or the first where views were only laid together."""
        return replace(self, pairs=(pair,) if self.placed else (*self.pairs, pair), placed=False)

    def without_pairs(self, numbers: Container[int]) -> Link:
        """Return the link without the pairs of those numbers, from 0."""
        kept = tuple(pair for number, pair in enumerate(self.pairs) if number not in numbers)
        return replace(self, pairs=kept, placed=self.placed and bool(kept))

    def swapped(self) -> Link:
        """Return the same link as seen from slide B."""
        turn = self.turn if self.mirrored else -self.turn
        return Link(
            tuple(Pair(pair.b, pair.a) for pair in self.pairs),
            self.fit,
            turn % 360.0,
            self.mirrored,
            None if self.scale is None else 1 / self.scale,
            self.placed,
        )

    def to_json(self) -> str:
        """Return the link as text that `from_json` reads."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> Link:
        """Return the link that `to_json` has written.

        Raises
        ------
        ValueError
            If the text is not one.
        """
        try:
            kept = json.loads(text)
            pairs = tuple(Pair(_point(a), _point(b)) for a, b in kept["pairs"])
            scale = None if kept["scale"] is None else float(kept["scale"])
            link = cls(
                pairs, kept["fit"], float(kept["turn"]), bool(kept["mirrored"]), scale, bool(kept["placed"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a link: {text[:80]}") from error
        usable = math.isfinite(link.turn) and (scale is None or (math.isfinite(scale) and scale > 0))
        if link.fit not in FITS or not usable:
            raise ValueError(f"not a link: {text[:80]}")
        return link

    def _laid(self, pair: Pair, a: Glass, b: Glass) -> Transform:
        """Lay the landmark of A on that of B, turned as was chosen, in true size."""
        turned = np.array(_turned(self.turn, self.mirrored)).reshape(2, 2)
        if a.mpp is not None and b.mpp is not None:
            turned = turned * a.mpp / np.array(b.mpp)[:, None]
        elif self.scale is not None:
            turned = turned * self.scale
        else:
            raise LinkError("the pixel size of a slide is unknown; state it, or set two pairs of landmarks")
        return _through(turned, np.array(pair.a), np.array(pair.b))


def as_they_are(a: Viewport, b: Viewport, glass_a: Glass, glass_b: Glass) -> Link:
    """Return the link under which two views, as they are now, show the same place.

    The magnification of one follows from the other's by the pixel sizes; where one is unknown, the two are
    kept as they are to each other.
    """
    (axx, axy, ayx, ayy), (bxx, bxy, byx, byy) = a.matrix, b.matrix
    # Turned back from the screen as B is: the transpose of B's matrix after that of A.
    xx, xy = bxx * axx + byx * ayx, bxx * axy + byx * ayy
    yx, yy = bxy * axx + byy * ayx, bxy * axy + byy * ayy
    mirrored = xx * yy - xy * yx < 0
    angle = math.atan2(xy + yx, yy - xx) if mirrored else math.atan2(yx - xy, xx + yy)
    known = glass_a.mpp is not None and glass_b.mpp is not None
    return Link(
        (Pair(a.center, b.center),),
        turn=round(math.degrees(angle), 9) % 360.0,
        mirrored=mirrored,
        scale=None if known else b.downsample / a.downsample,
        placed=True,
    )


def _affine(pairs: Sequence[Pair]) -> Transform:
    """Fit an affine map by least squares; pixels of A and B need no measure for it."""
    a, b = _points(pairs)
    middle = a.mean(0)
    if _flatness(a - middle) < _LINE:
        raise LinkError("the landmarks lie on one line; set one beside it, or choose another fit")
    if _flatness(b - b.mean(0)) < _LINE:
        raise LinkError("the landmarks of the second slide lie on one line; set one beside it")
    matrix = np.linalg.lstsq(a - middle, b - b.mean(0), rcond=None)[0].T
    return _through(matrix, middle, b.mean(0))


def _orthogonal(pairs: Sequence[Pair], a: Glass, b: Glass, *, scaled: bool, mirrored: bool) -> Transform:
    """Fit turn, shift and, where `scaled`, one scale by least squares.

    The turn is Kabsch's (1976, Acta Crystallographica A32, 922), from the singular vectors of the covariance;
    scale and the treatment of mirror images are Umeyama's (1991, IEEE PAMI 13(4), 376). In micrometres, so
    that pixels that are no squares do not count as a distortion.
    """
    of_a, of_b = np.array(a.mpp or (1.0, 1.0)), np.array(b.mpp or (1.0, 1.0))
    pixels_a, pixels_b = _points(pairs)
    middle_a, middle_b = pixels_a.mean(0), pixels_b.mean(0)
    from_a, from_b = (pixels_a - middle_a) * of_a, (pixels_b - middle_b) * of_b
    for number, points in enumerate((pixels_a - middle_a, pixels_b - middle_b)):
        if np.linalg.norm(points, axis=1).max() < _NEAR_PX:
            raise LinkError(f"all landmarks of the {('first', 'second')[number]} slide are in one place")
    left, singular, right = np.linalg.svd(from_b.T @ from_a)
    sign = np.sign(np.linalg.det(left) * np.linalg.det(right))
    # Few pairs, or pairs nearly on a line, fit a mirror image as well as the thing itself.
    telling = len(pairs) > 2 and min(_flatness(from_a), _flatness(from_b)) > _MIRROR
    wanted = sign if telling else (-1.0 if mirrored else 1.0)
    kept = np.array([1.0, sign * wanted])
    turned = left * kept @ right
    if scaled:
        turned = turned * (singular @ kept) / (from_a**2).sum()
    return _through(turned * of_a / of_b[:, None], middle_a, middle_b)


def _check(pairs: Sequence[Pair]) -> None:
    if not np.isfinite(np.array(pairs)).all():
        raise LinkError("a landmark has no place")


def _points(pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.array(pairs, float)
    return points[:, 0], points[:, 1]


def _flatness(points: NDArray[np.float64]) -> float:
    """Return the spread across by the spread along, of points about their middle: 0 on a line."""
    along, across = np.linalg.svd(points, compute_uv=False)
    return float(across / along) if along > 0 else 0.0


def _through(matrix: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]) -> Transform:
    (xx, xy), (yx, yy) = matrix.tolist()
    dx, dy = (b - matrix @ a).tolist()
    return Transform(xx, xy, yx, yy, dx, dy)


def _turned(degrees: float, mirrored: bool) -> tuple[float, float, float, float]:
    return Viewport((0.0, 0.0), 1.0, (1, 1), degrees, mirrored).matrix


def _point(values: Sequence[float]) -> Point:
    x, y = values
    return float(x), float(y)
