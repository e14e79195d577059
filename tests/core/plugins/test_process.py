"""A plugin's process: what it returns arrives, and whatever it does, who asked hears of it and lives."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import tomllib
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from pathview.core.errors import PluginError
from pathview.core.plugins.process import NUMPY, PluginProcess, interpreter

ROOT = Path(__file__).parents[3]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
Start = Callable[..., PluginProcess]

SERVICE = """
import ctypes, os, sys, time
import numpy as np
from .beside import TWO

class Service:
    def twice(self, values): return TWO * values
    def say(self, words): print(words); sys.stderr.write("and\\x1b[2J this\\n")
    def sleep(self, seconds): time.sleep(seconds)
    def fail(self): raise ValueError("no such luck")
    def leave(self): sys.exit(3)
    def crash(self): ctypes.string_at(0)
    def end(self): os._exit(7)
    def swell(self): self.much = np.ones(1 << 27); time.sleep(60)
    def follow(self):
        import subprocess
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid
    def unsendable(self): return lambda: None
    def python(self): return sys.executable, sys.prefix, sorted(sys.modules)

def make(): return Service()
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return what starts a process with the service above."""
    (tmp_path / "service.py").write_text(SERVICE, "utf-8")
    (tmp_path / "beside.py").write_text("TWO = 2\n", "utf-8")
    started: list[PluginProcess] = []

    def begin(**options: object) -> PluginProcess:
        arguments = ("pathview.core.plugins.code:made", tmp_path, "service:make")
        process = PluginProcess("mine", *arguments, **options)  # type: ignore[arg-type]
        started.append(process)
        return process

    yield begin
    for process in started:
        process.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_arrays_go_to_and_fro(start: Start) -> None:
    process = start()
    values = np.arange(300_000, dtype=np.float32).reshape(3, 1000, 100)
    assert np.array_equal(process.call("twice", values), 2 * values)


def test_what_it_raises_arrives_in_words_and_it_goes_on(start: Start) -> None:
    process = start()
    for method, words, kind in (
        ("fail", "ValueError: no such luck", "ValueError"),
        ("leave", "SystemExit: 3", "SystemExit"),
        ("unsendable", "lambda", ""),
        ("nothing", "has no attribute 'nothing'", "AttributeError"),
    ):
        with pytest.raises(PluginError, match=words) as caught:
            process.call(method)
        assert caught.value.kind == kind or not kind
        assert str(caught.value).startswith("Plugin mine: ")
    assert process.call("twice", 21) == 42


@POSIX
@pytest.mark.parametrize(
    ("method", "words"),
    [("crash", "killed by SIGSEGV"), ("end", r"ended by itself \(exit code 7\)"), ("swell", "0.5 GiB")],
)
def test_its_end_is_told(start: Start, method: str, words: str) -> None:
    process = start(memory_bytes=1 << 29)
    with pytest.raises(PluginError, match=words) as caught:
        process.call(method, deadline_s=30)
    assert caught.value.kind == ""
    with pytest.raises(PluginError):
        process.call("twice", 1, deadline_s=5)
    assert not is_alive(process.pid)


def test_a_deadline_ends_it(start: Start) -> None:
    process = start()
    began = time.monotonic()
    with pytest.raises(PluginError, match=r"did not answer within 0.4 s"):
        process.call("sleep", 60, deadline_s=0.4)
    assert time.monotonic() - began < 5


@POSIX
def test_what_it_has_started_ends_with_it(start: Start) -> None:
    process = start()
    follower = process.call("follow")
    assert is_alive(follower)
    process.close()
    time.sleep(0.2)
    assert not is_alive(follower)


@POSIX
def test_it_ends_when_who_asked_is_gone(start: Start) -> None:
    process = start()
    os.kill(process.pid, signal.SIGINT)
    assert process.call("twice", 1) == 2
    assert process._process.stdin is not None
    process._process.stdin.close()
    assert process._process.wait(10) == 0


def test_what_it_prints_is_logged(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "pathview"):
        process = start()
        process.call("say", "hello")
        process.close()
    assert "mine: hello" in caplog.messages
    assert "mine: and [2J this" in caplog.messages


def test_an_interpreter_that_is_not_there(start: Start, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="cannot be started"):
        start(python=tmp_path / "nowhere" / "python")


@POSIX
def test_the_folder_of_an_environment_means_its_interpreter(tmp_path: Path) -> None:
    assert interpreter(tmp_path) == tmp_path / "bin" / "python"
    assert interpreter(tmp_path / "bin" / "python") == tmp_path / "bin" / "python"


@pytest.mark.slow
@POSIX
def test_another_environment_has_its_own_packages_and_ours_alone(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "env"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    with pytest.raises(PluginError, match=r'bin/python -m pip install "numpy>=2.2"$'):
        start(python=folder)
    # As if numpy were installed there: its files, and nothing else of this environment.
    packages = Path(np.__file__).parents[1]
    for part in packages.glob("numpy*"):
        (site / part.name).symlink_to(part)
    (site / "only_there.py").write_text("MARK = 7\n", "utf-8")
    (tmp_path / "beside.py").write_text("from only_there import MARK as TWO\n", "utf-8")
    process = start(python=folder)
    assert process.call("twice", 6) == 42
    executable, prefix, modules = process.call("python")
    assert (Path(executable), Path(prefix)) == (folder / "bin" / "python", folder)
    assert {"numpy", "only_there", "pathview.core.plugins.child"} <= set(modules)
    assert np.array_equal(process.call("twice", np.ones(3)), 7 * np.ones(3))
    with pytest.raises(PluginError, match=r"lacks shapely>=2.1; get it with"):
        start(python=folder, needs={"numpy": "2.2", "shapely": "2.1"})
    with pytest.raises(PluginError, match=r"lacks numpy>=99"):
        start(python=folder, needs={"numpy": "99"})


@POSIX
def test_too_old_a_python_says_so(start: Start, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\nread line\necho \'{"python": "3.9.1", "lacks": ["python>=3.12"]}\'\n', "utf-8")
    old.chmod(0o755)
    with pytest.raises(PluginError, match=r"is Python 3.9.1, and a plugin needs python>=3.12"):
        start(python=old)


def test_what_the_other_interpreter_needs_is_what_the_program_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, least in NUMPY.items():
        assert f"{name}>={least}" in project["dependencies"]
    assert project["requires-python"] == ">=3.12"
