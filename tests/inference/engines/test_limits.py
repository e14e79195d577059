"""The distance from the training tiles: its arithmetic, and that every engine gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.engines.engine import probe_patches
from pathview.inference.timm_model import TimmModel

Make = Callable[..., TimmModel]
LAYERS = ("blocks.0", "blocks.1")


@pytest.fixture
def modest(make_model: Make, weights: Path, tmp_path: Path) -> Make:
    """Return a function that makes a small model whose weights tell how far noise is from its own kind."""
    import safetensors.torch
    import torch

    from pathview.inference.engines.limits import Limits
    from pathview.inference.networks import build_scoring

    plain = make_model()
    scoring = build_scoring(plain.card, plain.recipe).eval()
    zeros = {"center": torch.zeros(1), "whitening": torch.zeros(1), "limit": torch.tensor(1.0)}
    limits = Limits(scoring.network, LAYERS, zeros)
    with torch.inference_mode():
        scoring(torch.from_numpy(probe_patches(32)))
        seen = limits.statistics()
    state = safetensors.torch.load_file(str(weights))
    state |= {
        "ood.center": seen.mean(dim=0).clone(),
        "ood.whitening": torch.diag(1 / (seen.std(dim=0) + 0.1)),
        "ood.limit": torch.tensor(0.8),
    }
    path = tmp_path / "modest.safetensors"
    safetensors.torch.save_file(state, str(path))

    def make(backend: str = "auto", layers: tuple[str, ...] = LAYERS, path: Path = path) -> TimmModel:
        model = make_model(backend, path=path)
        model.card = replace(model.card, ood_threshold=0.5)
        model.recipe = replace(model.recipe, ood_layers=layers)
        return model

    return make


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_every_engine_gives_the_score_and_the_same_probabilities(
    modest: Make, make_model: Make, backend: str
) -> None:
    patches = np.random.default_rng(3).integers(0, 256, (6, 32, 32, 3), np.uint8)
    model, plain = modest(backend), make_model("torch")
    model.load("cpu")
    plain.load("cpu")
    said, scores = model.predict_with_ood(patches)
    assert model.parity is not None
    assert model.parity <= 0.02
    assert scores.shape == (6,)
    assert scores.dtype == np.float32
    assert 0 < scores.min() < scores.max() < 1
    np.testing.assert_allclose(said, plain.predict(patches), atol=0.02)
    np.testing.assert_array_equal(model.predict(patches), said)
    reference = modest("torch")
    reference.load("cpu")
    np.testing.assert_allclose(scores, reference.predict_with_ood(patches)[1], atol=0.02)


def test_the_score_is_the_mahalanobis_distance_over_itself_and_the_limit() -> None:
    import torch

    from pathview.inference.engines.limits import Limits

    rng = np.random.default_rng(4)
    training = rng.multivariate_normal([1, -2], [[2.0, 0.6], [0.6, 0.5]], 4000)
    covariance = np.cov(training.T)
    values, vectors = np.linalg.eigh(covariance)
    whitening = vectors / np.sqrt(values)
    network = torch.nn.Sequential(torch.nn.Identity())
    limits = Limits(
        network,
        ["0"],
        {
            "center": torch.tensor([1.0, -2.0, 0.001, 0.001]),
            "whitening": torch.tensor(np.pad(whitening, ((0, 2), (0, 2)))),
            "limit": torch.tensor(0.7),
        },
    )
    points = rng.normal(0, 3, (5, 2))
    network(torch.tensor(points).float()[:, :, None, None].expand(5, 2, 3, 3))
    offset = points - [1, -2]
    squared = np.einsum("ni,ij,nj->n", offset, np.linalg.inv(covariance), offset)
    distance = np.sqrt(squared / 4)
    np.testing.assert_allclose(limits()[:, 0].numpy(), distance / (distance + 0.7), atol=1e-4)


def test_the_statistics_of_a_layer_are_the_mean_and_the_spread_of_its_channels() -> None:
    import torch

    from pathview.inference.engines.limits import channel_statistics

    maps = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(1))
    found = channel_statistics(maps).numpy()
    np.testing.assert_allclose(found[:, :3], maps.mean(dim=(2, 3)), atol=1e-6)
    np.testing.assert_allclose(found[:, 3:], maps.numpy().std(axis=(2, 3)), atol=1e-5)


def test_weights_without_what_the_score_needs_are_refused(modest: Make, weights: Path) -> None:
    with pytest.raises(ModelError, match="does not tell how far patches are from its training tiles"):
        modest("torch", path=weights).load("cpu")
    with pytest.raises(ModelError, match="does not tell how far"):
        modest("torch", layers=("blocks.0", "nowhere")).load("cpu")


def test_a_threshold_without_layers_is_refused_when_asked(make_model: Make) -> None:
    model = make_model("torch")
    model.card = replace(model.card, ood_threshold=0.5)
    model.load("cpu")
    with pytest.raises(ModelError, match="its network gives no such score"):
        model.predict_with_ood(np.zeros((1, 32, 32, 3), np.uint8))


def test_a_bias_shifts_the_logits(make_model: Make) -> None:
    patches = np.random.default_rng(5).integers(0, 256, (4, 32, 32, 3), np.uint8)
    plain, shifted = make_model("torch"), make_model("torch")
    shifted.recipe = replace(shifted.recipe, bias=(0.0, 0.65))
    plain.load("cpu")
    shifted.load("cpu")
    before, after = (np.log(m.predict(patches)).astype(float) for m in (plain, shifted))
    moved = (after[:, 1] - after[:, 0]) - (before[:, 1] - before[:, 0])
    np.testing.assert_allclose(moved, 0.65 / 1.3, atol=0.03)
