"""A model in another interpreter says what it would say here, and its end is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import ModelError
from pathview.inference.boundary import ask, load
from pathview.inference.contract_tests import try_contract
from pathview.inference.foreign_model import ForeignModel
from pathview.inference.model import TileModel
from pathview.inference.remote import InferenceHost
from pathview.inference.run_status import RunState
from pathview.inference.source import ModelSource
from pathview.inference.spec import RunSpec

HERE = Path(sys.executable)
MODEL = """
import ctypes, os, time
import numpy as np
class Model:
    def __init__(self, card): self.card = card
    def load(self, device): print("loaded on", device)
    def predict(self, patches):
        #predict#
        red = patches[..., 0].mean(axis=(1, 2)) / 255
        return np.stack([1 - red, red], axis=1).astype(np.float32)
    def unload(self): pass
def make(folder, card, middle=6.0): return Model(card)
"""


def there(source: ModelSource, folder: Path, does: str = "pass") -> ModelSource:
    """Return a model of code of its own, in another process of this very interpreter."""
    folder.mkdir(exist_ok=True)
    (folder / "model.py").write_text(MODEL.replace("#predict#", does), "utf-8")
    return replace(source, folder=folder, references=(), python=HERE)


@pytest.fixture
def made() -> Iterator[Callable[[ModelSource], TileModel]]:
    models: list[TileModel] = []

    def make(source: ModelSource) -> TileModel:
        models.append(source.make())
        load(models[-1], "cpu")
        return models[-1]

    yield make
    for model in models:
        model.unload()


def test_it_says_there_what_it_says_here(
    texture: ModelSource, made: Callable[[ModelSource], TileModel]
) -> None:
    patches = np.random.default_rng(1).integers(0, 256, (5, 64, 64, 3), np.uint8)
    model = made(replace(texture, python=HERE))
    assert isinstance(model, ForeignModel)
    assert np.array_equal(ask(model, patches), ask(made(texture), patches))


def test_it_keeps_the_contract(texture: ModelSource) -> None:
    assert not [fault for _, fault, _ in try_contract(replace(texture, python=HERE)) if fault]


@pytest.mark.parametrize(
    ("does", "error", "words"),
    [
        ("raise KeyError('x')", ModelError, "KeyError: 'x'"),
        ("raise MemoryError('no room')", MemoryError, "no room"),
        ("ctypes.string_at(0)", ModelError, "killed by SIGSEGV"),
        ("os._exit(4)", ModelError, "exit code 4"),
        ("return 'a word'", ModelError, "a str is not an array"),
    ],
)
def test_what_it_does_wrong_is_told(
    texture: ModelSource, tmp_path: Path, made: Callable[[ModelSource], TileModel],
    does: str, error: type[Exception], words: str,
) -> None:  # fmt: skip
    model = made(there(texture, tmp_path / "own", does))
    with pytest.raises(error, match=words):
        ask(model, np.zeros((2, 64, 64, 3), np.uint8))


def test_an_interpreter_that_is_not_there(texture: ModelSource, tmp_path: Path) -> None:
    model = replace(texture, python=tmp_path / "gone").make()
    with pytest.raises(ModelError, match="cannot be started"):
        load(model, "cpu")


def test_it_runs_in_the_host_of_the_window(
    host: InferenceHost, file: Path, texture: ModelSource, tmp_path: Path,
    wait: Callable[[Callable[[], bool]], None], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with caplog.at_level("INFO", "pathview"):
        run = host.start(RunSpec(file, there(texture, tmp_path / "own"), batch=8, min_tissue=0))
        wait(lambda: run.status.state.final)
        assert run.status.state is RunState.DONE
        wait(lambda: "model: loaded on cpu" in caplog.messages)
    broken = host.start(RunSpec(file, there(texture, tmp_path / "two", "os._exit(4)"), batch=8, min_tissue=0))
    wait(lambda: broken.status.state.final)
    assert broken.status.state is RunState.FAILED
    assert "exit code 4" in str(broken.status.error)
