"""Which stains colour a section, and how their amounts are told apart (colour deconvolution).

Stains absorb light, so what adds up where they overlap is their optical density, not their colour (Beer and
Lambert): ``OD = -ln(I / I0)``. With the density vectors of two stains and, for what neither explains, the
direction at right angles to both, three measured channels give three amounts by a 3 x 3 matrix. The method
and the vectors are those of A. C. Ruifrok and D. A. Johnston, "Quantification of histochemical staining by
color deconvolution", Anal Quant Cytol Histol 2001; 23: 291-299.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import EstimateError

Vector = tuple[float, float, float]
"""Optical density in red, green and blue."""
Part = Literal["all", "first", "second", "residual"]
"""What of a stained picture is shown: everything, one stain alone, or what neither explains."""

DARKEST = 1 / 255
"""Light is never taken for less than one grey level: the density of black would be infinite."""

# Two vectors nearer than two degrees to each other cannot be told apart: noise would become stain.
_LEAST_SINE = 0.035


@dataclass(frozen=True, slots=True)
class Stains:
    """Two stains and the colours they have.

    Attributes
    ----------
    title
        What a list shows.
    names
        Of the first and the second stain.
    first, second
        Their optical densities in red, green and blue; made one long.

    Raises
    ------
    ValueError
        If the vectors are no finite numbers, absorb nothing, or point in nearly the same direction.
    """

    title: str
    names: tuple[str, str]
    first: Vector
    second: Vector

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", _unit(self.first))
        object.__setattr__(self, "second", _unit(self.second))
        if np.linalg.norm(np.cross(self.first, self.second)) < _LEAST_SINE:
            raise ValueError("the two stains have the same colour")

    @property
    def vectors(self) -> NDArray[np.float64]:
        """(3, 3): unit densities of the first stain, the second and the residual, row by row."""
        across = np.cross(self.first, self.second)
        # Either direction is at right angles; the one that absorbs more than it gives has a colour.
        across *= math.copysign(1.0, float(across.sum())) / float(np.linalg.norm(across))
        return np.array([self.first, self.second, across])

    def shown(self, part: Part, *, grey: bool) -> NDArray[np.float64]:
        """Return the (3, 3) matrix M of a view: ``density @ M`` is the density to show.

        Parameters
        ----------
        part
            What is shown. Of the residual's colour only what absorbs can be: the rest counts as nothing.
        grey
            In grey instead of the stain's own colour; an amount of 1 is then as dark as a density of 1.
        """
        if part == "all":
            return np.eye(3)
        number = ("first", "second", "residual").index(part)
        colour = np.ones(3) if grey else self.colour(part)
        return np.outer(np.linalg.inv(self.vectors)[:, number], colour)

    def colour(self, part: Part) -> NDArray[np.float64]:
        """Return the (3,) unit density in which a stain, or the residual, is shown."""
        absorbs = np.maximum(self.vectors[("first", "second", "residual").index(part)], 0.0)
        return np.asarray(absorbs / np.linalg.norm(absorbs))


def _unit(vector: Vector) -> Vector:
    length = math.hypot(*vector)
    if not math.isfinite(length) or length < 1e-6 or len(vector) != 3:
        raise ValueError(f"{vector} is no optical density of a stain")
    if math.isclose(length, 1.0, rel_tol=1e-12):
        return vector  # to the bit, so that what is stored and read again is equal
    red, green, blue = (part / length for part in vector)
    return red, green, blue


HAEMATOXYLIN: Vector = (0.65, 0.70, 0.29)
EOSIN: Vector = (0.07, 0.99, 0.11)
DAB: Vector = (0.27, 0.57, 0.78)

HE = Stains("Haematoxylin and eosin", ("Haematoxylin", "Eosin"), HAEMATOXYLIN, EOSIN)
"""Haematoxylin (0.65, 0.70, 0.29) and eosin (0.07, 0.99, 0.11), Ruifrok and Johnston 2001."""
H_DAB = Stains("Haematoxylin and DAB", ("Haematoxylin", "DAB"), HAEMATOXYLIN, DAB)
"""Haematoxylin (0.65, 0.70, 0.29) and diaminobenzidine (0.27, 0.57, 0.78), Ruifrok and Johnston 2001."""


def density(light: NDArray[Any]) -> NDArray[np.float64]:
    """Return the optical density of light, (..., 3) with 1.0 for glass and at least `DARKEST`."""
    return -np.log(np.maximum(np.asarray(light, np.float64), DARKEST))


def amounts(light: NDArray[Any], stains: Stains) -> NDArray[np.float64]:
    """Return how much of the first stain, the second and the residual there is, for (..., 3) light 0 to 1."""
    return np.asarray(density(light) @ np.linalg.inv(stains.vectors))


def mixed(amount: NDArray[Any], stains: Stains) -> NDArray[np.float64]:
    """Return the light, (..., 3) with 1.0 for glass, that (..., 3) amounts of stain let through."""
    return np.asarray(np.exp(-np.asarray(amount, np.float64) @ stains.vectors))


# Macenko's beta is 0.15 for logarithms to the base 10.
_PALE = 0.15 * math.log(10)
_ENDS = (1.0, 99.0)
_FEWEST = 500


def estimated(light: NDArray[Any], title: str = "Estimated from this slide") -> Stains:
    """Return the stains of a sample of tissue.

    The method of M. Macenko et al., "A method for normalizing histology slides for quantitative analysis",
    IEEE ISBI 2009, 1107-1110: densities under 0.15 (base 10) are left out, the rest is projected on the plane
    of its two largest singular vectors, and the directions at the 1st and the 99th percentile of the angles
    in it are the stains. The one nearer to haematoxylin comes first. "Under" goes by the length of the
    density vector: by channels, as others do it, pure eosin, which absorbs little red, would be left out.

    Parameters
    ----------
    light
        (n, 3) from 0 to 1, glass at 1.
    title
        Of the result.

    Raises
    ------
    EstimateError
        If fewer than 500 pixels are stained, or all in one colour.
    """
    measured = density(light)
    measured = measured[np.linalg.norm(measured, axis=1) > _PALE]
    if len(measured) < _FEWEST:
        raise EstimateError("judge the stains", "there is too little stained tissue on the slide")
    # Eigenvectors of the second moments are the right singular vectors; columns, largest last.
    plane = np.linalg.eigh(measured.T @ measured)[1][:, :0:-1]
    plane = plane * np.where(plane.sum(axis=0) < 0, -1.0, 1.0)
    across = measured @ plane
    angles = np.percentile(np.arctan2(across[:, 1], across[:, 0]), _ENDS)
    ends = [np.maximum(plane @ (math.cos(angle), math.sin(angle)), 0.0) for angle in angles]
    ends.sort(key=lambda end: float(end @ HAEMATOXYLIN / np.linalg.norm(end)), reverse=True)
    try:
        return Stains(title, ("First stain", "Second stain"), _vector(ends[0]), _vector(ends[1]))
    except ValueError as error:
        raise EstimateError("judge the stains", "the tissue has one colour only") from error


def _vector(values: NDArray[np.float64]) -> Vector:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
