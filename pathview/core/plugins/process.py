"""A process that runs a plugin's code, from the side of the program: asked, watched, and ended."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import IO, Any

import pathview
from pathview.core.errors import PluginError
from pathview.core.memory import resident_bytes
from pathview.core.plugins import boot
from pathview.core.plugins.calls import Answer, Call, read_frame, write_frame
from pathview.core.plugins.output import log_output

CHILD_WORD = "--plugin-process"
"""Makes a frozen program be such a process; everyone else's Python is given a file to run."""
NUMPY = MappingProxyType({"numpy": "2.2"})
"""What every Python that runs a plugin must have: arrays go to and fro."""

_BIRTH_S = 60.0
_POLL_S = 0.25
_PIPE_BYTES = 1 << 20
_log = logging.getLogger(__name__)


class PluginProcess:
    """Runs a service, an object that the plugin's code is behind; calls come one after the other.

    Parameters
    ----------
    plugin
        Its name, for messages.
    service
        "module:function" inside pathview that makes the service there, and its arguments; picklable.
    python
        The interpreter of another environment, or the folder of a virtual one; None for this one.
    needs
        Least version by name of what another interpreter must have installed.
    memory_bytes
        A process that holds more is killed; None for no limit.
    joins
        Whether it belongs to this process's group and prints where this one does; otherwise what it prints is
        logged, and what it has started ends with it.

    Raises
    ------
    PluginError
        If it cannot be started, or that interpreter lacks something; with what to do.
    """

    def __init__(
        self,
        plugin: str,
        *service: Any,
        python: Path | None = None,
        needs: Mapping[str, str] = NUMPY,
        memory_bytes: int | None = None,
        joins: bool = False,
    ) -> None:
        self._plugin = plugin
        self._memory_bytes = memory_bytes
        self._joins = joins
        self._asking = threading.Lock()
        self._closed = False
        self._said: SimpleQueue[bytes | None] = SimpleQueue()
        self._process = self._start(interpreter(python) if python else None)
        self._threads = [threading.Thread(target=self._listen, name="plugin-listener", daemon=True)]
        if not joins:
            self._threads.append(threading.Thread(target=self._log, name="plugin-output", daemon=True))
        for thread in self._threads:
            thread.start()
        try:
            self._greet(python, needs)
            self.call("", *service, deadline_s=_BIRTH_S)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def call(self, method: str, *arguments: Any, deadline_s: float | None = None) -> Any:
        """Call a method of the service and return what it returns.

        Parameters
        ----------
        method, arguments
            Its name, and what it takes; picklable.
        deadline_s
            A process that takes longer is killed; None for no limit.

        Raises
        ------
        PluginError
            If it raises, or the process ends, takes too long or too much memory; `kind` names what it raised,
            and is "" where the process is gone.
        """
        with self._asking:
            with contextlib.suppress(OSError, ValueError):  # who has ended says so below
                assert self._process.stdin is not None
                write_frame(self._process.stdin, Call(method, arguments))
            answer: Answer = pickle.loads(self._next(deadline_s))
        if answer.kind:
            _log.info("%s: %s", self._plugin, answer.trace)
            raise PluginError(self._plugin, answer.reason, answer.kind)
        return answer.value

    def close(self) -> None:
        """End the process and what it has started; what is being asked of it fails."""
        self._closed = True
        self._kill()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(2.0)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _start(self, python: Path | None) -> subprocess.Popen[bytes]:
        frozen = getattr(sys, "frozen", False)
        environment = dict(os.environ)
        if python is not None and frozen:
            raise PluginError(
                self._plugin, "this program brings its own Python and cannot use another; install it with pip"
            )
        command = [sys.executable, CHILD_WORD] if frozen else [sys.executable, boot.__file__]
        if python is not None:
            command[0] = str(python)
            # They say where this interpreter finds its packages, which are not those of the other one.
            for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH"):
                environment.pop(name, None)
        self._python = command[0]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if self._joins else subprocess.PIPE,
                env=environment,
                start_new_session=not self._joins,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            _widen(process.stdin, process.stdout)
            return process
        except OSError as error:
            raise PluginError(
                self._plugin, f"its Python {command[0]} cannot be started ({error.strerror or error})"
            ) from error

    def _greet(self, python: Path | None, needs: Mapping[str, str]) -> None:
        asked = {
            "package": str(Path(pathview.__file__).parent),
            "path": sys.path if python is None else None,
            "needs": {} if python is None else dict(needs),
        }
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(asked).encode() + b"\n")
            self._process.stdin.flush()
        hello: dict[str, Any] = json.loads(self._next(_BIRTH_S))
        if lacks := hello["lacks"]:
            raise PluginError(self._plugin, _what_it_lacks(self._python, hello["python"], lacks))

    def _next(self, deadline_s: float | None) -> bytes:
        """Wait for what the process says next, and watch it meanwhile."""
        until = math.inf if deadline_s is None else time.monotonic() + deadline_s
        while True:
            try:
                said = self._said.get(timeout=max(0.0, min(_POLL_S, until - time.monotonic())))
            except Empty:
                if reason := self._complaint(until, deadline_s):
                    self._kill()
                    raise PluginError(self._plugin, reason) from None
                continue
            if said is None:
                self._said.put(None)  # for whoever asks next
                raise PluginError(self._plugin, self._cause())
            return said

    def _complaint(self, until: float, deadline_s: float | None) -> str:
        most = self._memory_bytes
        if most is not None and (resident_bytes(self._process.pid) or 0) > most:
            return f"its process took more than {most / (1 << 30):.2g} GiB of memory"
        return f"it did not answer within {deadline_s:g} s" if time.monotonic() >= until else ""

    def _cause(self) -> str:
        if self._closed:
            return "it has been closed"
        # It has closed its pipe and is about to be gone: it shall say itself how.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        code = self._process.returncode
        if code is None or code >= 0:
            return f"its process ended by itself (exit code {code})"
        return f"its process was killed by {signal.Signals(-code).name}"

    def _kill(self) -> None:
        # Its followers first, while the number of the group cannot be another's.
        if not self._joins and hasattr(os, "killpg") and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            self._said.put(self._process.stdout.readline() or None)
            while data := read_frame(self._process.stdout):
                self._said.put(data)
        self._said.put(None)

    def _log(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(OSError, ValueError):
            log_output(partial(os.read, self._process.stderr.fileno(), 1 << 16), _log, self._plugin)


def interpreter(place: Path) -> Path:
    """Return the interpreter that a path means: itself, or that of a virtual environment's folder.

    A link stays one, since by its place a virtual environment is known.
    """
    place = place.expanduser()
    if place.is_dir():
        return place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return place


def _widen(*pipes: IO[bytes] | None) -> None:
    """Let a tile go through a pipe in one piece: in a dozen, both ends would wait for each other as often."""
    if sys.platform != "linux":
        return
    import fcntl

    for pipe in pipes:
        # A user may have only so much memory in pipes.
        with contextlib.suppress(OSError):
            if pipe is not None:
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _what_it_lacks(python: str, version: str, lacks: list[str]) -> str:
    if lacks[0].startswith("python"):
        return f"{python} is Python {version}, and a plugin needs {lacks[0]}; name a newer one"
    wanted = " ".join(f'"{name}"' for name in lacks)
    return f"{python} lacks {', '.join(lacks)}; get it with: {python} -m pip install {wanted}"
