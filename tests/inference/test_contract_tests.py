from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pathview.inference.contract_tests import try_contract
from pathview.inference.source import ModelSource

MODEL = """
import numpy as np

class Model:
    def __init__(self, card):
        self.card, self.loads, self.asked = card, 0, 0
    def load(self, device):
        self.loads += 1
    def unload(self):
        pass
    def predict(self, patches):
        self.asked += 1
        red = patches[..., 0].mean(axis=(1, 2)) / 255
        {fault}
        return np.stack([1 - red, red], axis=1).astype(np.float32)

def make(folder, card):
    return Model(card)
"""


def faults(source: ModelSource) -> dict[str, str]:
    return {demand: fault for demand, fault, _ in try_contract(source) if fault}


@pytest.fixture
def written(tmp_path: Path, texture: ModelSource) -> ModelSource:
    card = replace(texture.card, name="red", classes=("Pale", "Red"), positive="Pale", threshold=0.9)
    return ModelSource(card, tmp_path, "model:make")


def test_the_bundled_model_keeps_the_contract(texture: ModelSource) -> None:
    tried = list(try_contract(texture))
    assert len(tried) == 7
    assert [fault for _, fault, _ in tried if fault] == []


@pytest.mark.parametrize(
    ("fault", "demand", "words"),
    [
        ("pass", "", ""),
        ("red = 0.5 + 0.4 * (red - red.mean())", "any number", "depends on which others are in the batch"),
        ("red = red / (1 + self.asked % 2)", "the same again", "other answers to the same patches"),
        ("patches[:, 0] = 0", "leaves the patches", "changes the patches that it is given"),
        ("red = red / self.loads", "loaded again", "other answers after it was loaded again"),
        ("red = red * 3", "pre-flight", "are no probabilities"),
        ("if self.asked > 9: raise OSError('gone')", "", "failed: OSError: gone"),
    ],
    ids=["none", "batch", "random", "writes", "reload", "range", "late"],
)
def test_each_breach_is_named(written: ModelSource, fault: str, demand: str, words: str) -> None:
    (written.folder / "model.py").write_text(MODEL.format(fault=fault), encoding="utf-8")
    found = faults(written)
    assert bool(found) == bool(words)
    assert any(demand in name and words in text for name, text in found.items()) or not words


def test_what_cannot_be_made_is_asked_nothing_more(written: ModelSource) -> None:
    (written.folder / "model.py").write_text("import absent_module", encoding="utf-8")
    ((demand, fault, _),) = try_contract(written)
    assert demand == "it can be made and loaded"
    assert "No module named 'absent_module'" in fault
