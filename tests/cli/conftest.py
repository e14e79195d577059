import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

import pytest

from pathview.cli.main import main

REPOSITORY = Path(__file__).parents[2]

MANIFEST = """
id = "{name}"
api = 1
[[model]]
name = "{name}"
version = "{version}"
task = "classify"
mpp = {mpp}
patch = 32
classes = ["Cold", "Warm"]
factory = "model:make"
"""

# Writes down how many patches it was asked about; SLOW_S makes it slow enough to be stopped.
SOURCE = """
import os, time
import numpy as np

class Model:
    def __init__(self, card):
        self.card = card
    def load(self, device):
        pass
    def unload(self):
        pass
    def predict(self, patches):
        if "LOG" in os.environ:
            with open(os.environ["LOG"], "a") as log:
                log.write(f"{len(patches)}\\n")
        time.sleep(float(os.environ.get("SLOW_S", "0")))
        warm = patches[..., 0].mean(axis=(1, 2), dtype=np.float32) / 255
        return np.stack([1 - warm, warm], axis=1)

def make(folder, card):
    return Model(card)
"""


class WritePlugin(Protocol):
    """Writes a plugin of one model into the user's folder of plugins and returns the plugin's folder."""

    def __call__(
        self, name: str = ..., source: str = ..., *, version: str = ..., mpp: float = ...
    ) -> Path: ...


@pytest.fixture
def write_plugin(fresh_home: Path) -> WritePlugin:
    def write(name: str = "warmth", source: str = SOURCE, *, version: str = "1", mpp: float = 0.5) -> Path:
        folder = fresh_home / "data" / "plugins" / name
        folder.mkdir(parents=True, exist_ok=True)
        manifest = MANIFEST.format(name=name, version=version, mpp=mpp)
        (folder / "plugin.toml").write_text(manifest, encoding="utf-8")
        (folder / "model.py").write_text(source, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def call(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., CompletedProcess[str]]]:
    """Return a function that runs a command in this process."""
    # A run sets these for good; here they last until the test's end.
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    def run(*words: object) -> CompletedProcess[str]:
        capfd.readouterr()
        arguments = [str(word) for word in words]
        code = main(arguments)
        out, err = capfd.readouterr()
        return CompletedProcess(arguments, code, out, err)

    yield run
    # The program's log writes to the stderr that it found, which ends with the test.
    logging.getLogger("pathview").handlers.clear()


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., "subprocess.Popen[str]"]:
    """Return a function that starts ``pathview`` as a process; its environment has no display."""

    def begin(*words: object, **environment: str) -> "subprocess.Popen[str]":
        inherited = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        return subprocess.Popen(
            [sys.executable, "-m", "pathview", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            cwd=REPOSITORY,
            env={**inherited, **environment},
            **_listens_to_ctrl_c(),
        )

    return begin


def _listens_to_ctrl_c() -> dict[str, Any]:
    """Return what lets a child be interrupted although this process may not be.

    A shell lets what it starts in the background ignore SIGINT, and children inherit that: tests that are
    run so would send a signal that nobody hears, and see the run go on to its end.
    """
    if sys.platform == "win32":
        return {}
    return {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.default_int_handler)}


@pytest.fixture
def process(
    start: Callable[..., "subprocess.Popen[str]"],
) -> Callable[..., CompletedProcess[str]]:
    """Return a function that runs ``pathview`` as a process to its end."""

    def run(*words: object, **environment: str) -> CompletedProcess[str]:
        with start(*words, **environment) as child:
            out, err = child.communicate(timeout=120)
            return CompletedProcess(child.args, child.returncode, out, err)

    return run
