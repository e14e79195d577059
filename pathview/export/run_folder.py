"""The folder that a run leaves: heatmap, table, preview and record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pathview
from pathview.core.files import write_text
from pathview.core.place import Place
from pathview.export.heatmap_table import write_heatmap_table
from pathview.export.preview import write_preview
from pathview.export.products import write_products
from pathview.export.run_detections import objects_of
from pathview.inference.card import ModelCard, Task
from pathview.inference.heatmap import Heatmap
from pathview.slides.colour import DisplayColour
from pathview.slides.slide import Slide


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Names of the files of one run.

    Attributes
    ----------
    folder
        ``<output>/<slide stem>/<model id>``.
    """

    folder: Path

    @classmethod
    def of(cls, output: Path, slide: Place, model: str) -> RunFolder:
        """Return the folder for a model's run on a slide."""
        # "." and ".." name a folder too; links keep the name that the user gave them.
        named = Path(os.path.abspath(slide)) if isinstance(slide, Path) else slide
        return cls(output / named.stem / model)

    @property
    def output(self) -> Path:
        """The folder of all slides' results."""
        return self.folder.parent.parent

    @property
    def heatmap(self) -> Path:
        """The zarr group."""
        return self.folder / "heatmap.zarr"

    @property
    def table(self) -> Path:
        """The cells as CSV."""
        return self.folder / "tiles.csv"

    @property
    def preview(self) -> Path:
        """The picture for people."""
        return self.folder / "preview.png"

    @property
    def record(self) -> Path:
        """Parameters, versions, device and timings."""
        return self.folder / "run.json"

    @property
    def lock(self) -> Path:
        """Held by whoever writes here; beside the folder, which may come and go."""
        return self.folder.with_name(f".{self.folder.name}.lock")

    def finished(self, fingerprint: str, card: ModelCard, facts: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the record of a run that left nothing to do, or None where there is no such run here.

        Parameters
        ----------
        fingerprint
            Of the slide that it must have been on.
        card
            The model that it must have been of.
        facts
            What its record must say besides, as it was given to `publish`.
        """
        try:
            record = json.loads(self.record.read_text(encoding="utf-8"))
            model, cells = record["model"], record["cells"]
            same = (
                record["slide"]["fingerprint"] == fingerprint
                and (model["id"], model["version"], model["sha256"]) == (card.name, card.version, card.sha256)
                and cells["done"] == cells["to_do"]
                and all(record.get(name) == value for name, value in facts.items())
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        files = [self.output / name for name in record.get("product", {}).get("files", ())]
        whole = all(path.exists() for path in (self.heatmap, self.table, self.preview, *files))
        return record if same and whole else None

    def publish(
        self,
        slide: Slide,
        heatmap: Heatmap,
        card: ModelCard,
        facts: dict[str, Any],
        *,
        convert_colours: bool = True,
    ) -> dict[str, Any]:
        """Write table, preview and record; each appears whole or not at all.

        Parameters
        ----------
        slide, heatmap, card
            What ran on what, and the result.
        facts
            Device, parameters and timings of this run, as JSON values.
        convert_colours
            Show the slide in sRGB in the preview, where it has an ICC profile; the record says what was done.

        Returns
        -------
        dict
            What was written to the record.

        Raises
        ------
        OSError
            If a file cannot be written.
        TileReadError
            If the slide cannot be read for the preview.
        """
        if card.task is Task.SEGMENT:
            heatmap.attach_dense(self.heatmap)
        write_heatmap_table(heatmap, self.table)
        colour = slide.display_colour if convert_colours else DisplayColour.off()
        objects = objects_of(self.heatmap, heatmap.facts) if card.task is Task.DETECT else None
        write_preview(slide, heatmap, card, self.preview, colour=colour, objects=objects)
        record = _record(slide, heatmap, card) | {"preview_colours": colour.state} | facts
        if product := write_products(self, heatmap, card):
            record["product"] = product
        write_text(self.record, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        return record


def _as_text(name: str) -> str:
    # On POSIX a file name is bytes, and those that are no UTF-8 cannot be written to a text file.
    return os.fsencode(name).decode("utf-8", "replace")


def _record(slide: Slide, heatmap: Heatmap, card: ModelCard) -> dict[str, Any]:
    info, progress = slide.info, heatmap.progress
    return {
        "pathview_version": pathview.__version__,
        "use": "Research use only.",
        "slide": {
            "name": _as_text(info.path.name),
            "fingerprint": info.fingerprint,
            "format": info.format,
            "size": list(info.size),
            "mpp": None if info.mpp is None else list(info.mpp),
            "mpp_source": info.mpp_source,
        },
        "model": {
            "id": card.name,
            "version": card.version,
            "sha256": card.sha256,
            "mpp": card.mpp,
            "patch": card.patch,
            "stride": card.stride,
            "task": card.task.value,
            "features": card.features or None,
            "classes": list(card.classes),
            "positive": card.positive or None,
            "threshold": card.threshold if card.classes else None,
            "ood_threshold": card.ood_threshold,
            "license": card.license,
            "intended_use": card.intended_use,
        },
        "grid": {
            "origin": list(heatmap.grid.origin),
            "patch": heatmap.grid.patch,
            "stride": heatmap.grid.stride,
            "rows": heatmap.grid.shape[0],
            "columns": heatmap.grid.shape[1],
            "region": heatmap.grid.region is not None,
        },
        "views": heatmap.facts.views,
        "cells": {
            "done": progress.done,
            "to_do": progress.total,
            "skipped": progress.skipped,
            "failed": progress.failed,
            "unlike_training": None if heatmap.facts.ood_threshold is None else int(heatmap.unlike().sum()),
        },
        "over_threshold": _over_threshold(heatmap, card),
    }


def _over_threshold(heatmap: Heatmap, card: ModelCard) -> int | None:
    """Return how many cells count as the positive class, None without classes; NaN, not done, never does."""
    if not card.classes:
        return None
    scores = heatmap.scores[heatmap.facts.classes.index(card.positive)]
    return int((scores >= card.threshold).sum())
