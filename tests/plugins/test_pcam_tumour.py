"""The bundled tumour model: its manifest, its weights, its figures."""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.inference.model import KnowsItsLimits
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
    assert model["ood_threshold"] == 0.5
    for heading in ("Trained on", "Sites and scanners", "Split", "Figures", "Not for", "Train it again"):
        assert model["facts"][heading]
    assert model["intended_use"].startswith("Research use only")
    assert model["license"] == "Apache-2.0"


@pytest.fixture(scope="module")
def shipped() -> Any:
    return part("evaluate").Shipped.of(FOLDER)


@pytest.mark.usefixtures("one_thread")
def test_model_equals_its_training_code(shipped: Any) -> None:
    (source,) = read_manifest(FOLDER / "plugin.toml").models
    rng = np.random.default_rng(0)
    pixels = np.concatenate([rng.integers(0, 256, (4, 96, 96, 3), dtype=np.uint8), part("stress").glass(3)])
    model = source.make()
    assert isinstance(model, KnowsItsLimits)
    model.load("cpu")
    predicted, far = model.predict_with_ood(pixels)
    model.unload()
    assert predicted.shape == (7, 2)
    assert predicted.dtype == far.dtype == np.float32
    # The model may run in bfloat16, whose steps are 1 / 256 of a logit.
    np.testing.assert_allclose(predicted[:, 1], shipped.probability(pixels), atol=0.03)
    np.testing.assert_allclose(predicted.sum(axis=1), 1.0, atol=1e-3)
    np.testing.assert_allclose(far, shipped.ood(pixels), atol=0.03)
    assert source.card.ood_threshold is not None
    assert (far > source.card.ood_threshold).all(), "noise and glass are no lymph node"


def test_hash_in_manifest_and_card_is_that_of_the_weights(manifest: dict[str, Any]) -> None:
    (model,) = manifest["model"]
    found = hashlib.sha256((FOLDER / model["weights"]).read_bytes()).hexdigest()
    assert found == model["sha256"]
    assert found in (FOLDER / "CARD.md").read_text("utf-8")


def test_weights_fill_the_network_exactly() -> None:
    import torch
    from safetensors.torch import load

    stored = load((FOLDER / "weights.safetensors").read_bytes())
    assert (FOLDER / "weights.safetensors").stat().st_size < 10_000_000
    floats = [v for key, v in stored.items() if v.is_floating_point() and not key.startswith("ood.")]
    assert {v.dtype for v in floats} == {torch.float16}
    assert all(v.isfinite().all() for v in stored.values())
    assert stored["classifier.weight"].shape == (2, 1280)
    network = part("network").load_network(FOLDER / "weights.safetensors")
    assert set(network.state_dict()) == {key for key in stored if not key.startswith("ood.")}


@pytest.mark.usefixtures("one_thread")
def test_figures_on_some_validation_tiles(tiles: Any, shipped: Any) -> None:
    metrics, calibration = part("metrics"), part("calibration")
    labels, pixels = tiles.labels[::10], tiles.pixels[::10]
    said = shipped.probability(pixels)
    assert metrics.auc(labels, said) > 0.92
    # Of 291 tiles chance alone gives some 0.04.
    assert calibration.calibration_error(labels, said, bins=8) < 0.08
    called = said >= shipped.threshold
    assert called[labels == 1].mean() > 0.75
    assert called[labels == 0].mean() < 0.25


@pytest.mark.usefixtures("one_thread")
def test_strange_tiles_are_told_from_validation_tiles(tiles: Any, shipped: Any) -> None:
    metrics, stress = part("metrics"), part("stress")
    some = tiles.pixels[::40]
    near = shipped.ood(some)
    assert (near > shipped.ood_threshold).mean() < 0.1
    for strange in (stress.glass(30), stress.pen(some), stress.blurred(3.0)(some)):
        far = shipped.ood(strange)
        truth = np.repeat([0, 1], [len(near), len(far)])
        assert metrics.auc(truth, np.concatenate([near, far])) > 0.95


@pytest.mark.usefixtures("one_thread")
def test_skin_is_flagged(patches: Path, shipped: Any) -> None:
    skin = patches.parent / "wsi" / "aperio" / "CMU-1-Small-Region.svs"
    if not skin.is_file():
        pytest.skip("no CMU-1-Small-Region.svs beside the patches")
    far = shipped.ood(part("stress").of_slide(skin, stride=96))
    assert len(far) > 50
    assert (far > shipped.ood_threshold).mean() > 0.6


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


def test_calibration_undoes_overconfidence_and_bias() -> None:
    calibration = part("calibration")
    rng = np.random.default_rng(2)
    margin = rng.normal(0.0, 2.0, 20_000)
    labels = (rng.random(20_000) < 1.0 / (1.0 + np.exp(-margin))).astype(np.int64)
    loud = np.stack([np.zeros_like(margin), 2.5 * margin + 1.0], axis=1)
    found = calibration.fit_calibration(loud, labels)
    assert found.temperature == pytest.approx(2.5, rel=0.05)
    assert found.bias == pytest.approx(-1.0, abs=0.1)
    before = calibration.calibration_error(labels, calibration.AS_TRAINED.probability(loud))
    assert calibration.calibration_error(labels, found.probability(loud)) < 0.02 < before
    held = calibration.cross_fitted(loud, labels)
    assert calibration.calibration_error(labels, held) < 0.03
    assert np.abs(held - found.probability(loud)).max() < 0.05


def test_the_threshold_is_where_sensitivity_and_specificity_add_up_to_most() -> None:
    labels = np.repeat([0, 1], 50)
    said = np.concatenate([np.linspace(0, 0.6, 50), np.linspace(0.4, 1, 50)])
    best = part("calibration").best_threshold(labels, said)
    assert 0.4 <= best <= 0.6


def test_tiles_of_one_stain_fall_into_one_group() -> None:
    metrics = part("metrics")
    rng = np.random.default_rng(5)
    tints = np.array([(200, 90, 160), (120, 60, 140), (180, 150, 90)])
    which = rng.integers(3, size=60)
    pixels = np.clip(tints[which][:, None, None] + rng.normal(0, 12, (60, 24, 24, 3)), 0, 255).astype(
        np.uint8
    )
    groups = metrics.colour_groups(pixels, count=3)
    assert len(set(zip(groups.tolist(), which.tolist(), strict=True))) == len(set(groups.tolist()))
    scores = np.where(which == 0, 0.3, rng.random(60))
    labels = (rng.random(60) < scores).astype(np.int64)
    low, high = metrics.grouped_interval(labels, scores, groups, rounds=100)
    assert 0 <= low <= high <= 1


def test_changes_of_the_stress_table_keep_shape_and_leave_nothing_unchanged() -> None:
    stress = part("stress")
    # Like tissue: spots of some pixels on pink.
    noise = stress.blurred(2.0)(np.random.default_rng(6).integers(0, 256, (2, 96, 96, 3), dtype=np.uint8))
    pixels = np.clip((noise.astype(float) - 128) * 3 + (180, 120, 160), 20, 235).astype(np.uint8)
    for name, forms in stress.STRESS.items():
        mild, strong = (change(pixels) for _, change in forms)
        assert mild.shape == strong.shape == pixels.shape, name
        assert mild.dtype == np.uint8
        loss = [np.abs(changed.astype(int) - pixels).mean() for changed in (mild, strong)]
        assert 0 < loss[0] < loss[1], name


def test_a_merged_network_is_the_mean_of_two() -> None:
    import torch

    first = {"w": torch.tensor([1.0, 3.0]), "n": torch.tensor(4)}
    second = {"w": torch.tensor([3.0, 5.0]), "n": torch.tensor(9)}
    found = part("merge").merged(first, second)
    assert found["w"].tolist() == [2.0, 4.0]
    assert found["n"] == 4


def test_limits_are_those_of_the_training_tiles() -> None:
    limits = part("limits")
    rng = np.random.default_rng(7)
    mixing = rng.normal(size=(6, 6))
    train, valid = (rng.normal(size=(n, 6)) @ mixing + 2 for n in (4000, 1000))
    tensors, distances = limits.fit_limits(train, valid)
    assert set(tensors) == {"ood.center", "ood.whitening", "ood.limit"}
    white = (train - train.mean(axis=0)) @ tensors["ood.whitening"].numpy()
    np.testing.assert_allclose(np.cov(white.T), np.eye(6), atol=0.01)
    assert (distances > float(tensors["ood.limit"])).mean() == pytest.approx(limits.BEYOND, abs=0.002)
    assert np.sqrt((distances**2).mean()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.usefixtures("one_thread")
def test_augmentation_repeats_from_its_seed() -> None:
    import torch

    augment = part("augment").augment
    pixels = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (5, 96, 96, 3), dtype=np.uint8))
    labels = torch.tensor([0, 1, 0, 1, 1])
    (first, _), (again, _), (other, _) = (
        augment(pixels, labels, 80, torch.Generator().manual_seed(s)) for s in (4, 4, 5)
    )
    assert first.shape == (5, 3, 80, 80)
    assert first.dtype == torch.float32
    assert -1.0 <= first.min() < first.max() <= 1.0
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.usefixtures("one_thread")
def test_glass_and_ink_in_the_place_of_tiles_hold_no_tumour() -> None:
    import torch

    augment = part("augment").augment
    pixels = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (200, 96, 96, 3), dtype=np.uint8))
    labels = torch.ones(200, dtype=torch.int64)
    tiles, said = augment(pixels, labels, 64, torch.Generator().manual_seed(1))
    plain = tiles.std(dim=(2, 3)).amax(dim=1) < 0.1
    assert 0 < (said == 0).sum() < 20
    assert labels.all(), "the caller's labels are left alone"
    assert plain[said == 0].all()
    untouched, same = augment(pixels, labels, 96, torch.Generator().manual_seed(1), strength=0.0)
    assert same is labels
    assert untouched.shape == (200, 3, 96, 96)


@pytest.mark.usefixtures("one_thread")
def test_a_training_that_was_cut_off_goes_on_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm
    import torch

    fit, data = part("fit"), part("data")
    make = functools.partial(timm.create_model, "test_efficientnet", num_classes=2)
    monkeypatch.setattr(fit, "pretrained_network", make)
    rng = np.random.default_rng(8)
    labels = np.arange(24) % 2
    pixels = (rng.integers(0, 120, (24, 96, 96, 3)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    tiles = data.Tiles(pixels, labels, tuple(bytes([i]) for i in range(24)), 0)

    def train(folder: Path, stops: tuple[int, ...]) -> dict[str, Any]:
        folder.mkdir()
        for stop in stops:
            plan = fit.Plan(folder, epochs=3, batch=8, until=stop)
            fit.Training(tiles, tiles, plan).run()
        found: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
        return found

    whole, pieces = train(tmp_path / "whole", (3,)), train(tmp_path / "pieces", (1, 3))
    assert [one["loss"] for one in whole["history"]] == [one["loss"] for one in pieces["history"]]
    assert all(torch.equal(whole["average"][key], pieces["average"][key]) for key in whole["average"])


def test_training_records_only_its_own_lines(tmp_path: Path) -> None:
    record = part("publish").record
    copy = tmp_path / "plugin.toml"
    before = (FOLDER / "plugin.toml").read_text("utf-8")
    copy.write_text(before, "utf-8")
    record(copy, sha256="ab" * 32, temperature=1.25, bias=-0.5)
    changed = [
        b for a, b in zip(before.splitlines(), copy.read_text("utf-8").splitlines(), strict=True) if a != b
    ]
    assert changed == [f'sha256 = "{"ab" * 32}"', "temperature = 1.25", "bias = -0.5"]
    with pytest.raises(ValueError, match="0 lines for nothing"):
        record(copy, nothing=1.0)
