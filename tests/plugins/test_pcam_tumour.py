"""The bundled tumour model: its manifest, its weights, its figures."""

from __future__ import annotations

import hashlib
import importlib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.startup.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "plugins" / "pcam_tumour"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "plugin.toml").read_text("utf-8"))


def part(name: str) -> Any:
    """Import a module of the plugin as its command lines do, from the repository's root."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        return importlib.import_module(f"plugins.pcam_tumour.{name}")


@pytest.fixture(scope="module")
def patches() -> Path:
    """Find the folder of the PatchCamelyon zips."""
    base = Path(os.environ.get("PATHVIEW_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (base / "patches" / "pcam_valid.zip").is_file():
        pytest.skip("no pcam_valid.zip: set PATHVIEW_TEST_DATA to a folder with patches/pcam_valid.zip")
    return base / "patches"


@pytest.fixture(scope="module")
def tiles(patches: Path) -> Any:
    data = part("data")
    return data.read_tiles(patches, data.VALID)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Keep torch to one core: test workers that each want all of them wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_manifest_is_complete(manifest: dict[str, Any]) -> None:
    assert manifest["id"] == "pcam-tumour"
    assert manifest["api"] == 1
    (model,) = manifest["model"]
    assert model["name"] == "pcam-tumour-lite0"
    assert (model["task"], model["mpp"], model["patch"], model["stride"]) == ("classify", 0.972, 96, 96)
    assert model["classes"] == ["Normal", "Tumor"]
    assert model["positive"] in model["classes"]
    assert 0.0 < model["threshold"] < 1.0
    assert model["temperature"] > 0.0
    assert model["intended_use"].startswith("Research use only")
    assert model["license"] == "Apache-2.0"


@pytest.mark.usefixtures("one_thread")
def test_model_equals_its_training_code() -> None:
    (source,) = read_manifest(FOLDER / "plugin.toml").models
    metrics, network = part("metrics"), part("network")
    pixels = np.random.default_rng(0).integers(0, 256, (6, 96, 96, 3), dtype=np.uint8)
    values = network.logits(network.load_network(FOLDER / "weights.safetensors"), pixels)
    temperature = tomllib.loads((FOLDER / "plugin.toml").read_text("utf-8"))["model"][0]["temperature"]
    model = source.make()
    model.load("cpu")
    predicted = model.predict(pixels)
    model.unload()
    assert predicted.shape == (6, 2)
    assert predicted.dtype == np.float32
    # The model may run in bfloat16, whose steps are 1 / 256 of a logit.
    np.testing.assert_allclose(predicted[:, 1], metrics.tumour_probability(values, temperature), atol=0.03)
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0, atol=1e-3)


def test_hash_in_manifest_and_card_is_that_of_the_weights(manifest: dict[str, Any]) -> None:
    (model,) = manifest["model"]
    found = hashlib.sha256((FOLDER / model["weights"]).read_bytes()).hexdigest()
    assert found == model["sha256"]
    assert found in (FOLDER / "CARD.md").read_text("utf-8")


def test_weights_fill_the_network_exactly() -> None:
    import torch
    from safetensors.torch import load

    stored = load((FOLDER / "weights.safetensors").read_bytes())
    floats = [v for v in stored.values() if v.is_floating_point()]
    assert {v.dtype for v in floats} == {torch.float16}
    assert all(v.isfinite().all() for v in floats)
    assert stored["classifier.weight"].shape == (2, 1280)
    network = part("network").load_network(FOLDER / "weights.safetensors")
    assert set(network.state_dict()) == set(stored)


@pytest.mark.usefixtures("one_thread")
def test_auc_on_some_validation_tiles(tiles: Any, manifest: dict[str, Any]) -> None:
    metrics, network = part("metrics"), part("network")
    some = slice(None, None, 10)
    values = network.logits(network.load_network(FOLDER / "weights.safetensors"), tiles.pixels[some])
    score = metrics.tumour_probability(values, manifest["model"][0]["temperature"])
    assert metrics.auc(tiles.labels[some], score) > 0.90


def test_repeated_and_excluded_tiles_are_left_out(tiles: Any, patches: Path) -> None:
    data = part("data")
    assert len(tiles.labels) + tiles.repeats == 3000
    assert len(set(tiles.hashes)) == len(tiles.labels) == 2907
    fewer = data.read_tiles(patches, data.VALID, without=frozenset(tiles.hashes[:100]))
    assert fewer.hashes == tiles.hashes[100:]
    assert np.array_equal(fewer.pixels, tiles.pixels[100:])


def test_auc_counts_pairs() -> None:
    metrics = part("metrics")
    rng = np.random.default_rng(1)
    labels = rng.integers(2, size=60)
    scores = rng.integers(8, size=60) / 8.0
    gaps = scores[labels == 1][:, None] - scores[labels == 0][None, :]
    assert metrics.auc(labels, scores) == pytest.approx(((gaps > 0) + 0.5 * (gaps == 0)).mean())
    low, high = metrics.auc_interval(labels, scores, rounds=200)
    assert low < metrics.auc(labels, scores) < high


def test_temperature_undoes_overconfidence() -> None:
    metrics = part("metrics")
    rng = np.random.default_rng(2)
    margin = rng.normal(0.0, 2.0, 20_000)
    labels = (rng.random(20_000) < 1.0 / (1.0 + np.exp(-margin))).astype(np.int64)
    loud = np.stack([-1.25 * margin, 1.25 * margin], axis=1)
    found = metrics.fit_temperature(loud, labels)
    assert found == pytest.approx(2.5, rel=0.05)
    before = metrics.calibration_error(labels, metrics.tumour_probability(loud, 1.0))
    after = metrics.calibration_error(labels, metrics.tumour_probability(loud, found))
    assert after < 0.02 < before


@pytest.mark.usefixtures("one_thread")
def test_augmentation_repeats_from_its_seed() -> None:
    import torch

    augment = part("data").augment
    pixels = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (5, 96, 96, 3), dtype=np.uint8))
    first, again, other = (augment(pixels, torch.Generator().manual_seed(s)) for s in (4, 4, 5))
    assert first.shape == (5, 3, 96, 96)
    assert first.dtype == torch.float32
    assert -1.0 <= first.min() < first.max() <= 1.0
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_training_records_only_its_own_lines(tmp_path: Path) -> None:
    record = part("train").record
    copy = tmp_path / "plugin.toml"
    before = (FOLDER / "plugin.toml").read_text("utf-8")
    copy.write_text(before, "utf-8")
    record(copy, sha256="ab" * 32, temperature=1.25)
    changed = [
        b for a, b in zip(before.splitlines(), copy.read_text("utf-8").splitlines(), strict=True) if a != b
    ]
    assert changed == [f'sha256 = "{"ab" * 32}"', "temperature = 1.25"]
    with pytest.raises(ValueError, match="0 lines for nothing"):
        record(copy, nothing=1.0)
