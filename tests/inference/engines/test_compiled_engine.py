"""Torch's compiled form says what torch says, for any number of patches."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.engines import start
from pathview.inference.engines.choice import Choice
from pathview.inference.recipe import Activation
from pathview.inference.timm_model import TimmModel

if TYPE_CHECKING:
    from pathview.inference.engines.scoring import Scoring

Make = Callable[..., TimmModel]


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler here")
def test_it_says_what_torch_says_of_any_number_of_patches(make_model: Make) -> None:
    patches = np.random.default_rng(1).integers(0, 256, (40, 32, 32, 3), np.uint8)
    eager, compiled = make_model("torch"), make_model("compile")
    eager.load("cpu")
    compiled.load("cpu")
    assert compiled.engine.startswith("compile")
    assert compiled.parity is not None
    assert compiled.parity <= start.PARITY_LIMIT
    exact = eager.predict(patches)
    for count in (1, 31, 32, 40):
        said = compiled.predict(patches[:count])
        assert said.shape == (count, 2)
        np.testing.assert_allclose(said, exact[:count], atol=2 * start.PARITY_LIMIT)
    compiled.unload()


def test_without_a_compiler_it_says_what_is_missing(
    make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ModelError, match=r"small: torch\.compile needs a C\+\+ compiler"):
        make_model("compile").load("cpu")


def never_made() -> Scoring:
    raise AssertionError("nothing is to be run")


@pytest.mark.parametrize(
    ("device", "wanted", "noted", "expected"),
    [
        ("cpu", "auto", None, ("openvino", "torch")),
        ("cpu", "compile", None, ("compile",)),
        ("cuda:1", "auto", None, ("compile", "torch")),
        ("cuda:1", "torch", None, ("torch",)),
        ("mps", "auto", None, ("torch",)),
        ("cuda:0", "auto", Choice("compile", "bfloat16", 0.0, {}), ("compile",)),
    ],
)
def test_what_is_tried_goes_by_device_wish_and_note(
    make_model: Make,
    device: str,
    wanted: str,
    noted: Choice | None,
    expected: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make_model()
    monkeypatch.setattr(start, "installed", lambda: True)
    request = start.Request(model.card, Activation.SOFTMAX, {}, never_made, device, wanted)
    assert start._backends(request, noted) == expected
