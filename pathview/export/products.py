"""What a run leaves beside heatmap and table: the files that a model's task is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pathview.core.errors import ExportError
from pathview.export.features_h5 import write_features
from pathview.export.mask import write_mask
from pathview.export.run_detections import counted, objects_of, publish_detections
from pathview.inference.card import ModelCard, Task
from pathview.inference.heatmap import Heatmap

if TYPE_CHECKING:
    from pathview.export.run_folder import RunFolder


def write_products(place: RunFolder, heatmap: Heatmap, card: ModelCard) -> dict[str, Any]:
    """Write what a model's task is for, and return what the run's record says of it.

    Parameters
    ----------
    place
        Of the run; its heatmap is on disk.
    heatmap, card
        What came of it, and of which model.

    Returns
    -------
    dict
        ``words`` for people, ``files`` below the output folder, and ``missing``: why there are no more of
        them, or ""; of a detector how many objects there are. Empty for a model that has no other product
        than its heatmap.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    write = _PRODUCTS.get(card.task)
    return {} if write is None else write(place, heatmap, card)


def _features(place: RunFolder, heatmap: Heatmap, card: ModelCard) -> dict[str, Any]:
    root, name = place.output, place.folder.parent.name
    words = f"{card.features} features of each of {heatmap.progress.done} tiles"
    try:
        files = write_features(place.heatmap, root, name)
    except ExportError as error:
        # They are in the heatmap's folder all the same: a run of hours does not fail for want of a library.
        missing = f"{error.reason}; then: pathview export features {place.heatmap} -o {root}"
        return {"words": words, "files": [], "missing": missing}
    return {"words": words, "files": [file.relative_to(root).as_posix() for file in files], "missing": ""}


def _mask(place: RunFolder, heatmap: Heatmap, card: ModelCard) -> dict[str, Any]:
    files = write_mask(place.heatmap, place.folder / "mask.tif", multi_label=card.multi_label)
    fine = card.mpp * card.output_stride
    words = f"a segmentation of {heatmap.progress.done} tiles at {fine:g} um/px"
    names = [file.relative_to(place.output).as_posix() for file in files]
    return {"words": words, "files": names, "missing": ""}


def _detections(place: RunFolder, heatmap: Heatmap, card: ModelCard) -> dict[str, Any]:
    objects = objects_of(place.heatmap, heatmap.facts)
    files = publish_detections(objects, heatmap.facts, place.folder)
    names = [file.relative_to(place.output).as_posix() for file in files]
    facts: dict[str, Any] = {"words": f"{len(objects)} objects", "files": names, "missing": ""}
    return facts | counted(objects, heatmap)


_PRODUCTS: dict[Task, Callable[[RunFolder, Heatmap, ModelCard], dict[str, Any]]] = {
    Task.DETECT: _detections,
    Task.EMBED: _features,
    Task.SEGMENT: _mask,
}
