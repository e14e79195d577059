import json
from pathlib import Path

from pathview.export.run_folder import RunFolder
from pathview.inference.card import ModelCard, Task

CARD = ModelCard("m", "1", Task.SEGMENT, 1.0, 64, 64, ("a", "b"), "b")


def test_a_run_without_its_product_is_not_finished(tmp_path: Path) -> None:
    place = RunFolder(tmp_path / "out" / "slide" / "m")
    place.heatmap.mkdir(parents=True)
    mask = place.folder / "mask.tif"
    for file in (place.table, place.preview, mask):
        file.touch()
    record = {
        "slide": {"fingerprint": "f"},
        "model": {"id": "m", "version": "1", "sha256": ""},
        "cells": {"done": 3, "to_do": 3},
        "product": {"words": "", "files": ["slide/m/mask.tif"], "missing": ""},
    }
    place.record.write_text(json.dumps(record), encoding="utf-8")
    assert place.finished("f", CARD, {}) == record
    mask.unlink()
    assert place.finished("f", CARD, {}) is None
