"""The bundled model over real patches with known labels, through the command line."""

import csv
import importlib
import importlib.util
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
from PIL import Image

from pathview.export.truth import auc

REPOSITORY = Path(__file__).parents[2]
MODEL = "pcam-tumour-lite0"
LABELS = {"tumour": True, "normal": False}


needs_the_libraries = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("torch", "timm")),
    reason="the model needs torch and timm",
)


@needs_the_libraries
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


@needs_the_libraries
def test_the_product_says_what_the_training_code_says_of_the_same_tiles(
    call: Callable[..., CompletedProcess[str]],
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slide = data / "wsi" / "pcam" / "pcam_valid_mosaic.tif"
    done = call("run", slide, "-m", MODEL, "-o", tmp_path, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    rows = read(tmp_path / slide.stem / MODEL / "tiles.csv")
    known = read(slide.with_name("pcam_valid_mosaic_gt.csv"))
    scored = [at for at, row in known.items() if row["label"] in LABELS and rows[at]["state"] == "done"]
    labels = np.array([LABELS[known[at]["label"]] for at in scored])
    by_product = np.array([rows[at]["Tumor"] for at in scored], np.float32)
    pixels = originals(data / "patches" / "pcam_valid.zip", [known[at]["tile"] for at in scored])
    monkeypatch.syspath_prepend(str(REPOSITORY))
    shipped = importlib.import_module("plugins.pcam_tumour.evaluate").Shipped.of(
        REPOSITORY / "plugins" / "pcam_tumour"
    )
    by_training = shipped.probability(pixels)
    assert abs(auc(by_product, labels) - auc(by_training.astype(np.float32), labels)) <= 0.005
    # Each tile has been through JPEG once more in the slide, and perhaps through bfloat16.
    assert np.abs(by_product - by_training).mean() < 0.03
    far = np.array([rows[at]["ood"] for at in scored], np.float32)
    assert np.abs(far - shipped.ood(pixels)).mean() < 0.03
    assert np.mean([rows[at]["unlike_training"] == "yes" for at in scored]) < 0.05


@needs_the_libraries
def test_skin_is_flagged_and_not_confidently_scored(
    call: Callable[..., CompletedProcess[str]], data: Path, tmp_path: Path
) -> None:
    slide = data / "wsi" / "aperio" / "CMU-1-Small-Region.svs"
    done = call("run", slide, "-m", MODEL, "-o", tmp_path, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "unlike the training tissue" in done.stderr
    rows = [r for r in read(tmp_path / slide.stem / MODEL / "tiles.csv").values() if r["state"] == "done"]
    assert len(rows) > 50
    assert np.mean([row["unlike_training"] == "yes" for row in rows]) > 0.6


def originals(file: Path, names: list[str]) -> np.ndarray:
    """Return the tiles of a zip of PatchCamelyon by their names, (n, 96, 96, 3)."""
    with zipfile.ZipFile(file) as archive:
        members = {Path(name).stem: name for name in archive.namelist()}
        tiles = [Image.open(io.BytesIO(archive.read(members[name]))).convert("RGB") for name in names]
    return np.stack([np.asarray(tile) for tile in tiles])


def read(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return the rows of a table by (x, y)."""
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["x"], row["y"]): row for row in csv.DictReader(file)}
