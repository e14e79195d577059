"""PatchCamelyon tiles: read them from the zips and drop repeats."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

TRAIN = ("pcam_train_a.zip", "pcam_train_b.zip")
VALID = ("pcam_valid.zip",)
SIDE = 96


@dataclass(frozen=True, slots=True)
class Tiles:
    """Decoded tiles of one split.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, 96, 96, 3)
        RGB at 0.972 um/px.
    labels : ndarray of int64, shape (n,)
        1 where the centre 32 x 32 px hold tumour, else 0.
    hashes : tuple of bytes, length n
        SHA-1 of each tile's file.
    repeats : int
        Tiles left out because the same bytes were already there, or were in `without`.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    hashes: tuple[bytes, ...]
    repeats: int


def read_tiles(folder: Path, names: tuple[str, ...], *, without: Container[bytes] = frozenset()) -> Tiles:
    """Decode every distinct tile of some zips, whose folders `0` and `1` are the labels.

    Parameters
    ----------
    folder : Path
        Where the zips lie.
    names : tuple of str
        Which zips, in order.
    without : container of bytes
        SHA-1 of files to leave out: the validation tiles, when the training tiles are read.

    Returns
    -------
    Tiles
        In the order of the zips, so the same files always give the same arrays.
    """
    seen: dict[bytes, int] = {}
    pixels: list[NDArray[np.uint8]] = []
    repeats = 0
    for name in names:
        with zipfile.ZipFile(folder / name) as archive:
            for member in archive.namelist():
                if not member.endswith(".jpg"):
                    continue
                data = archive.read(member)
                key = hashlib.sha1(data, usedforsecurity=False).digest()
                if key in seen or key in without:
                    repeats += 1
                    continue
                seen[key] = int(member.split("/")[-2])
                with Image.open(io.BytesIO(data)) as image:
                    pixels.append(np.asarray(image.convert("RGB")))
    return Tiles(np.stack(pixels), np.array(list(seen.values()), dtype=np.int64), tuple(seen), repeats)
