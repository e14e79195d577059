"""How links between slides are put into words."""

from __future__ import annotations

from collections.abc import Sequence

from pathview.view.landmarks import Fit, Link

FITS: dict[Fit, tuple[str, str]] = {
    "rigid": ("Rigid", "Turned and shifted, in true size"),
    "similarity": ("Similarity", "Turned, shifted and evenly shrunk or stretched"),
    "affine": ("Affine", "Sheared and unevenly stretched as well; needs three pairs"),
}
"""What each fit is called, and what it allows."""


def off_by(residual: float, in_um: bool) -> str:
    """Return how far a landmark is off, "3.2 µm off" or "6.0 px off"."""
    return f"{residual:.1f} {'µm' if in_um else 'px'} off"


def summary(link: Link, residuals: Sequence[float], in_um: bool, clicked: str | None) -> str:
    """Return how two slides are linked, as sentences.

    Parameters
    ----------
    link
        How the slides lie.
    residuals
        How far each pair is off.
    in_um
        Whether that is in um, else in pixels.
    clicked
        The slide on which half a pair was clicked, or None.
    """
    if clicked is not None:
        return f"Clicked on {clicked}. Now click the same structure on the other slide. "
    if link.placed:
        return "Linked as the views lay. "
    if not link.pairs:
        return "No landmarks: the corners of the slides lie on each other. "
    if len(residuals) == 1:
        return "One pair: the slides are shifted so that it meets. "
    mean = sum(residuals) / len(residuals)
    return f"{len(residuals)} pairs, {off_by(mean, in_um)} on average. "


def fit_words(link: Link, fit: Fit) -> str:
    """Return why the fit is another one than was chosen, or ""."""
    if fit == link.fit or len(link.pairs) < 2 or link.placed:
        return ""
    if link.fit == "affine":
        return "Three pairs are needed for an affine fit."
    return "Without pixel sizes the scale is taken from the landmarks."
