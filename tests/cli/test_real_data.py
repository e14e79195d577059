"""The bundled model over real patches with known labels, through the command line."""

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from pathview.export.truth import auc

MODEL = "pcam-tumour-lite0"
LABELS = {"tumour": True, "normal": False}


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="the model needs torch")
@pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="the model needs timm")
def test_the_bundled_model_tells_tumour_from_normal(
    call: Callable[..., CompletedProcess[str]], data: Path, tmp_path: Path
) -> None:
    slide = data / "wsi" / "pcam" / "pcam_valid_mosaic.tif"
    done = call("run", slide, "-m", MODEL, "-o", tmp_path, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    rows = read(tmp_path / slide.stem / MODEL / "tiles.csv")
    known = read(slide.with_name("pcam_valid_mosaic_gt.csv"))
    assert set(rows) == set(known)
    scored = [at for at, row in known.items() if row["label"] in LABELS and rows[at]["state"] == "done"]
    labelled = sum(row["label"] in LABELS for row in known.values())
    assert len(scored) >= 0.99 * labelled
    scores = np.array([rows[at]["Tumor"] for at in scored], np.float32)
    assert auc(scores, np.array([LABELS[known[at]["label"]] for at in scored])) >= 0.90
    # Glass is not looked at, or comes out as no tumour.
    glass = [rows[at] for at, row in known.items() if row["label"] not in LABELS]
    assert all(row["state"] == "skipped" or float(row["Tumor"]) < 0.5 for row in glass)


def read(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return the rows of a table by (x, y)."""
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["x"], row["y"]): row for row in csv.DictReader(file)}
