"""A segmentation as a label mask: a pyramidal TIFF of class numbers, and JSON that says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathview.core.errors import ExportError
from pathview.core.files import atomic_path, write_text
from pathview.inference.dense_blend import Quantised, probabilities
from pathview.inference.dense_store import TILE, DenseStore
from pathview.inference.facts import HeatmapFacts
from pathview.inference.heatmap import CellState, Heatmap

Labels = NDArray[np.uint8]
"""(h, w): 0 not looked at, 1 the first class and so on; the number after the last class is none of them."""

_MOST_CLASSES = 254
_UM_PER_CM = 10_000


def labels_of(values: Quantised, facts: HeatmapFacts, multi_label: bool) -> Labels:
    """Return the class of each pixel of (classes, h, w).

    The positive class is where its probability is at least the model's threshold; elsewhere it is the most
    probable of the others. Where several classes can hold at once it is the one furthest above its level, and
    none of them where all are below.

    Parameters
    ----------
    values
        As a dense map holds them.
    facts
        The model's classes and threshold.
    multi_label
        Whether several classes can hold at once.
    """
    known = values[0] > 0
    over = probabilities(values)
    levels = np.array([facts.level_of(index) for index in range(len(facts.classes))], np.float32)
    if multi_label:
        over = over - levels[:, None, None]
        found = np.where(
            np.nanmax(np.where(known, over, -1), axis=0) >= 0, over.argmax(axis=0) + 1, len(over) + 1
        )
    else:
        positive = facts.classes.index(facts.positive)
        others = over.copy()
        others[positive] = -1
        is_positive = over[positive] >= levels[positive]
        found = np.where(is_positive, positive, others.argmax(axis=0)) + 1
    return np.where(known, found, 0).astype(np.uint8)


def write_mask(folder: Path, target: Path, *, multi_label: bool = False) -> tuple[Path, Path]:
    """Write the segmentation in a heatmap's folder as a TIFF and a JSON file beside it; return both.

    The TIFF is tiled, zlib-compressed and has the coarser levels as its sub-images; its resolution is in
    pixels a centimetre where the slide's is known. The JSON holds ``classes`` by number, ``downsample``
    (level-0 pixels a pixel), ``origin`` (level 0, of the top-left corner) and ``mpp``. Memory holds a tile at
    a time.

    Parameters
    ----------
    folder
        The heatmap's.
    target
        The TIFF, replaced as a whole or not at all.
    multi_label
        Whether several classes can hold at once.

    Raises
    ------
    ExportError
        If there is no segmentation, it has too many classes for a byte, or a file cannot be written.
    """
    heatmap, store = Heatmap.open(folder), DenseStore.open(folder)
    if store is None:
        raise ExportError(target, f"{folder} holds no segmentation")
    facts = heatmap.facts
    if len(facts.classes) > _MOST_CLASSES:
        raise ExportError(target, f"{len(facts.classes)} classes have no room in a mask of one byte a pixel")
    sidecar = target.with_suffix(".json")
    try:
        with atomic_path(target) as part:
            _write_tiff(part, store, heatmap, multi_label)
        write_text(
            sidecar, json.dumps(_facts(store, facts, multi_label), indent=2, ensure_ascii=False) + "\n"
        )
    except OSError as error:
        raise ExportError(target, error.strerror or str(error)) from error
    return target, sidecar


def _write_tiff(part: Path, store: DenseStore, heatmap: Heatmap, multi_label: bool) -> None:
    import tifffile

    mpp = heatmap.facts.slide_mpp
    scale = store.pyramid.scale
    with tifffile.TiffWriter(part, bigtiff=True) as file:
        for level in range(store.pyramid.levels):
            width, height = store.size(level)
            fine = scale * (1 << level)
            per_cm = None if mpp is None else (_UM_PER_CM / (mpp[0] * fine), _UM_PER_CM / (mpp[1] * fine))
            file.write(
                _tiles(store, heatmap, level, multi_label),
                shape=(height, width),
                dtype=np.uint8,
                tile=(TILE, TILE),
                compression="zlib",
                predictor=True,
                photometric="minisblack",
                subifds=store.pyramid.levels - 1 if level == 0 else None,
                subfiletype=1 if level else 0,
                resolution=per_cm,
                resolutionunit=None if per_cm is None else "CENTIMETER",
                metadata=None,
                description=None if level else "PathView segmentation, research use only",
            )


def _tiles(store: DenseStore, heatmap: Heatmap, level: int, multi_label: bool) -> Iterator[Labels]:
    width, height = store.size(level)
    done = heatmap.state == CellState.DONE
    edge = store.geometry.cell
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            rows, cols = slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))
            labels = labels_of(store.read(level, rows, cols), heatmap.facts, multi_label)
            # What a person has taken out since is not part of it.
            at = [
                np.minimum((np.arange(part.start, part.stop) << level) // edge, count - 1)
                for part, count in zip((rows, cols), done.shape, strict=True)
            ]
            tile = np.zeros((TILE, TILE), np.uint8)
            kept = done[np.ix_(at[0], at[1])] if (edge >> level) else np.True_
            tile[: labels.shape[0], : labels.shape[1]] = np.where(kept, labels, 0)
            yield tile


def _facts(store: DenseStore, facts: HeatmapFacts, multi_label: bool) -> dict[str, Any]:
    scale, mpp = store.pyramid.scale, facts.slide_mpp
    names = {str(number): name for number, name in enumerate(facts.classes, 1)}
    if multi_label:
        names[str(len(facts.classes) + 1)] = "none of them"
    return {
        "classes": {"0": "not looked at", **names},
        "downsample": scale,
        "origin": list(store.pyramid.origin),
        "mpp": None if mpp is None else [axis * scale for axis in mpp],
        "slide_fingerprint": facts.slide_fingerprint,
        "model": facts.model,
        "model_version": facts.model_version,
        "threshold": facts.threshold,
        "use": "Research use only.",
    }
