"""Tiles that a model brings along with what it should say of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard

_UM_PER_INCH = 25_400
_SAME_MPP = 0.01


@dataclass(frozen=True, slots=True)
class Reference:
    """A tile whose answer is known.

    Attributes
    ----------
    file
        A PNG of the card's patch size; its pHYs chunk, if there is one, states its um/px.
    label
        The class that it shows.
    score
        What the model says of that class, 0 to 1; None where only the class is known.
    """

    file: Path
    label: str
    score: float | None = None


def read_reference(reference: Reference, card: ModelCard) -> NDArray[np.uint8]:
    """Return the tile's pixels, (patch, patch, 3).

    Raises
    ------
    ModelError
        If it cannot be read, or has another size or resolution than the card says.
    """
    from PIL import Image

    name = reference.file.name
    try:
        with Image.open(reference.file, formats=["PNG"]) as picture:
            size, dpi = picture.size, picture.info.get("dpi")
            # Sizes come first: a picture of a gigabyte is not decoded to find that it has the wrong one.
            pixels = np.asarray(picture.convert("RGB")) if size == (card.patch, card.patch) else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ModelError(card.name, f"its reference tile {name} cannot be read as PNG: {error}") from error
    if pixels is None:
        raise ModelError(
            card.name,
            f"its reference tile {name} has {size[0]} x {size[1]} px, and the manifest says patches of "
            f"{card.patch} px; correct the patch size, or the tile",
        )
    mpp = None if not dpi or not dpi[0] else _UM_PER_INCH / float(dpi[0])
    if mpp is not None and abs(mpp / card.mpp - 1) > _SAME_MPP:
        raise ModelError(
            card.name,
            f"its reference tile {name} was cut at {mpp:.4g} um/px, and the manifest says {card.mpp:g}; "
            "correct the um/px of the manifest, or the tile",
        )
    return pixels
