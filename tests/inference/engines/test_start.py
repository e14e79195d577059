"""Which engine a model gets, and that it is found once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.core.files import cache_folder
from pathview.core.lock import WriterLock
from pathview.inference.engines import start
from pathview.inference.engines.choice import Choice, folder_of, key_of, recall, remember
from pathview.inference.phases import Phase, heard_by
from pathview.inference.timm_model import TimmModel

Make = Callable[..., TimmModel]


def notes() -> list[Path]:
    return sorted((cache_folder() / "engines").glob("*/choice.json"))


def rate_by(order: dict[str, float]) -> Callable[..., float]:
    return lambda engine, patches: order[engine.backend] + (engine.precision == "float32") * -1


@pytest.mark.parametrize("faster", ["openvino", "torch"])
def test_the_faster_engine_is_taken_and_noted(
    make_model: Make, faster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"openvino": 100.0, "torch": 100.0, faster: 200.0}
    monkeypatch.setattr(start, "_rate", rate_by(rates))
    model = make_model()
    model.load("cpu")
    assert model.engine.startswith(faster)
    (note,) = notes()
    choice = recall(note.parent.name)
    assert choice is not None
    assert choice.backend == faster
    assert any(name.startswith("openvino") for name in choice.rates)


def test_what_was_found_is_not_looked_for_again(make_model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_rate", rate_by({"openvino": 200.0, "torch": 100.0}))
    first = make_model()
    first.load("cpu")
    patches = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), np.uint8)
    said = first.predict(patches)

    def never(*_: object) -> None:
        raise AssertionError("it was noted")

    monkeypatch.setattr(start, "_find", never)
    again = make_model()
    again.load("cpu")
    assert (again.engine, again.parity) == (first.engine, first.parity)
    np.testing.assert_array_equal(again.predict(patches), said)


def test_a_noted_engine_starts_without_torch(make_model: Make, weights: Path) -> None:
    make_model("auto")
    code = f"""
import sys
import threading
from pathlib import Path
from pathview.inference.card import ModelCard, Task
from pathview.inference.engines import start
from pathview.inference.phases import Phase, heard_by
from pathview.inference.timm_model import TimmModel
start._rate = lambda engine, patches: float(engine.backend == "openvino")
card = ModelCard("small", "1", Task.CLASSIFY, 1.0, 32, 32, ("no", "yes"), "yes")
model = TimmModel(card, architecture="test_efficientnet", weights=Path({str(weights)!r}),
                  mean=(0.5,) * 3, std=(0.2,) * 3)
model.load("cpu")
assert model.engine.startswith("openvino"), model.engine
print("torch" in sys.modules)
"""
    said = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert said == ["True\n", "False\n"]


def test_other_weights_are_another_model(
    make_model: Make, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import safetensors.torch

    monkeypatch.setattr(start, "_rate", rate_by({"openvino": 200.0, "torch": 100.0}))
    patches = np.random.default_rng(1).integers(0, 256, (5, 32, 32, 3), np.uint8)
    first = make_model()
    first.load("cpu")
    state = safetensors.torch.load(weights.read_bytes())
    state["classifier.bias"] = state["classifier.bias"] + 1.0 * np.arange(2).astype(np.float32)[1]
    state["classifier.weight"] = -state["classifier.weight"]
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file(state, str(other))
    second = make_model(path=other)
    second.load("cpu")
    assert np.abs(second.predict(patches) - first.predict(patches)).max() > 1e-3
    assert len(notes()) == 2


@pytest.mark.parametrize("damage", ["note", "network"])
def test_damaged_notes_are_found_anew(make_model: Make, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_rate", rate_by({"openvino": 200.0, "torch": 100.0}))
    first = make_model()
    first.load("cpu")
    (note,) = notes()
    broken = note if damage == "note" else note.parent / "openvino" / "network.xml"
    broken.write_bytes(b"{")
    again = make_model()
    again.load("cpu")
    assert again.engine == first.engine
    assert recall(note.parent.name) is not None


def test_an_engine_that_says_something_else_is_not_used(
    make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathview.inference.engines.openvino_engine import OpenVinoEngine

    honest = OpenVinoEngine.predict
    monkeypatch.setattr(OpenVinoEngine, "predict", lambda engine, patches: 1 - honest(engine, patches) * 0.5)
    monkeypatch.setattr(start, "_rate", rate_by({"openvino": 200.0, "torch": 100.0}))
    model = make_model()
    model.load("cpu")
    assert model.engine.startswith("torch")
    with pytest.raises(ModelError, match="cannot run it as float32 torch does"):
        make_model("openvino").load("cpu")


def test_a_choice_is_kept_word_for_word_and_nonsense_is_none() -> None:
    choice = Choice("openvino", "bfloat16", 0.001, {"openvino bfloat16": 12.5})
    key = key_of({"weights": "a"}, "cpu")
    assert recall(key) is None
    remember(key, choice)
    assert recall(key) == choice
    for nonsense in (
        "",
        "[]",
        '{"backend": "openvino"}',
        '{"backend": "x", "precision": "", "parity": 0, "rates": {}}',
    ):
        (folder_of(key) / "choice.json").write_text(nonsense)
        assert recall(key) is None


def test_all_that_matters_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of({"weights": "a"}, "cpu")
    assert key == key_of({"weights": "a"}, "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert (
        len(
            {
                key,
                key_of({"weights": "a"}, "cpu"),
                key_of({"weights": "b"}, "cpu"),
                key_of({"weights": "a"}, "cuda:0"),
            }
        )
        == 4
    )


@pytest.mark.parametrize(("said", "backend"), [("torch", "torch"), ("openvino", "openvino"), ("abacus", "")])
def test_the_environment_may_say_what_auto_means(
    make_model: Make, said: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATHVIEW_BACKEND", said)
    model = make_model()
    model.load("cpu")
    assert model.engine.startswith(backend)
    # A wish goes before it.
    model.use_backend("torch")
    model.load("cpu")
    assert model.engine.startswith("torch")


def test_of_two_processes_one_compares_and_the_other_waits_for_what_it_finds(
    make_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_rate", rate_by({"openvino": 200.0, "torch": 100.0}))
    make_model().load("cpu")
    (note,) = notes()
    found = note.read_bytes()
    note.unlink()
    other = WriterLock.acquire(note.parent / "lock")
    assert other is not None, "it is free once the engines have been compared"

    def never(*_: object) -> None:
        raise AssertionError("another process has found it")

    monkeypatch.setattr(start, "_find", never)
    heard: list[Phase] = []

    def find() -> None:
        assert other is not None
        note.write_bytes(found)
        other.release()

    timer = threading.Timer(0.5, find)
    timer.start()
    waiting = make_model()
    with heard_by(heard.append):
        waiting.load("cpu")
    timer.join()
    assert waiting.engine.startswith("openvino")
    assert heard == [Phase.COMPARING]
