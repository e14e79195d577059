from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard, Task
from pathview.inference.model import Patches
from pathview.inference.preflight import preflight
from pathview.inference.tasks.table import kind_of

EMBED = ModelCard("e", "1", Task.EMBED, 1.0, 32, 32, (), "", features=6)
SEGMENT = ModelCard("s", "1", Task.SEGMENT, 1.0, 32, 24, ("a", "b"), "b", output_stride=2, halo=4)


@dataclass
class Says:
    """A model that returns what a function makes of patches."""

    card: ModelCard
    of: Callable[[Patches], Any]

    def load(self, device: str) -> None: ...

    def predict(self, patches: Patches) -> object:
        return self.of(patches)

    def unload(self) -> None: ...


def patches(n: int = 3) -> Patches:
    return np.random.default_rng(n).integers(0, 256, (n, 32, 32, 3)).astype(np.uint8)


def features(patches: Patches) -> np.ndarray:
    return np.concatenate([patches.mean(axis=(1, 2)), patches.std(axis=(1, 2))], axis=1).astype(np.float32)


def dense(patches: Patches) -> np.ndarray:
    dark = 1 - patches.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4, 5), dtype=np.float32) / 255
    return np.stack([1 - dark, dark], axis=1)


def test_features_have_no_score_and_are_the_payload() -> None:
    shown = patches()
    said = kind_of(EMBED).ask(Says(EMBED, features), shown)
    assert said.scores.shape == (3, 0)
    np.testing.assert_array_equal(said.payload, features(shown))
    assert preflight(Says(EMBED, features)) == ()


def test_a_cell_gets_the_mean_of_its_own_pixels() -> None:
    shown = patches()
    said = kind_of(SEGMENT).ask(Says(SEGMENT, dense), shown)
    # A margin of 4 px of the patch, 2 of the output, belongs to the neighbours.
    np.testing.assert_allclose(said.scores, dense(shown)[:, :, 2:-2, 2:-2].mean(axis=(2, 3)), rtol=1e-6)
    assert said.payload.shape == (3, 2, 16, 16)


@pytest.mark.parametrize(
    ("card", "of", "fault"),
    [
        (EMBED, lambda p: features(p)[:, :5], r"wrong features: shape \(3, 5\) is not \(patches, features\)"),
        (EMBED, lambda p: features(p).astype(float), "dtype float64 is not float32"),
        (EMBED, lambda p: features(p).tolist(), "a list is not an array"),
        (EMBED, lambda p: features(p) * np.float32(np.inf), "values are not finite"),
        (SEGMENT, lambda p: dense(p)[..., :8], r"wrong segmentation: shape .* \(patches, classes, rows, co"),
        (SEGMENT, lambda p: dense(p) * 2, "are no probabilities"),
        (SEGMENT, lambda p: dense(p) * np.float32(np.nan), "values are not finite"),
    ],
)  # fmt: skip
def test_what_breaks_the_contract_is_named(card: ModelCard, of: Callable[[Patches], Any], fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        kind_of(card).ask(Says(card, of), patches())


def test_whatever_it_raises_ends_the_run_only() -> None:
    with pytest.raises(ModelError, match="failed: ZeroDivisionError"):
        kind_of(EMBED).ask(Says(EMBED, lambda _: 1 // 0), patches())


@pytest.mark.parametrize(
    ("card", "of", "fault"),
    [
        (EMBED, lambda p: np.ones((len(p), 6), np.float32), "constant: it says the same .features such as 1"),
        (SEGMENT, lambda p: dense(p)[:, [1, 1]], "not normalised: for black they add up to"),
        (SEGMENT, lambda p: np.full((len(p), 2, 16, 16), 0.5, np.float32), "constant"),
    ],
)
def test_the_preflight_catches_it(card: ModelCard, of: Callable[[Patches], Any], fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        preflight(Says(card, of))
