"""Try an unknown slide in a child process first: what kills a reader there kills no unsaved work here.

One child serves a process for as long as slides keep coming, since starting it takes half a second. It is
killed at the deadline, ends itself when it is idle or has grown, and the next slide gets a new one.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

import pathview
from pathview.core.errors import SlideOpenError
from pathview.core.files import cache_folder
from pathview.core.place import Address, Place

DEADLINE_S = 5.0
"""How long a slide may take to open and to show a few tiles of each level, before it is refused."""
REMOTE_DEADLINE_S = 40.0
"""The same for a slide on a server, which is waited for within limits of its own."""
MEMORY_BYTES = 1536 << 20
"""How much memory the child may take."""
IDLE_S = 60.0
"""A child that was asked nothing for so long ends."""
CHILD_WORD = "--probe-slides"
"""Makes a frozen program be the child; everyone else's Python is told by code."""

_BIRTH_S = 60.0
_KNOWN = "known-good"
_MOST_KNOWN = 4096
_CODE = (
    "import sys; sys.path[:] = sys.argv[1].split(sys.argv[2]); "
    "from pathview.slides.probe_child import main; main()"
)
# What allocators say before they end the process.
_NO_MEMORY = (b"failed to allocate", b"bad_alloc", b"ut of memory", b"MemoryError", b"annot allocate")

_log = logging.getLogger(__name__)


def deadline_for(place: Place) -> float:
    """Return how long a slide may take, in seconds."""
    return DEADLINE_S if isinstance(place, Path) else REMOTE_DEADLINE_S


def ensure_readable(place: Place, *, version: str = "", deadline_s: float | None = None) -> None:
    """Return when a slide is known to harm no reader; an unknown one is tried in the child.

    Parameters
    ----------
    place
        A file or folder that is there, or the address of one.
    version
        Of what lies at an address; without one it is tried out each time.
    deadline_s
        How long the child may take over it, not counting its start; at most `deadline_for` it, the default.

    Raises
    ------
    SlideOpenError
        If the child cannot open it, dies of it, or takes too long or too much memory.
    OSError
        If the path cannot be looked at.
    """
    mark = _mark(place) if isinstance(place, Path) else _remote_mark(place, version)
    if mark is not None and mark.exists():
        return
    with _lock:
        fault = _child.ask(place, deadline_for(place) if deadline_s is None else deadline_s)
    if fault is not None:
        raise SlideOpenError(place, *fault)
    if mark is not None:
        _remember(mark)


class _Child:
    """The process that opens slides, asked by one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._errors: IO[bytes] | None = None
        self._asked_at = 0.0

    @property
    def pid(self) -> int | None:
        """The process id; None while there is no child."""
        return None if self._process is None else self._process.pid

    def ask(self, place: Place, deadline_s: float) -> tuple[str, tuple[str, ...]] | None:
        """Return why a slide is refused and which readers were tried, or None when it is good."""
        for _ in range(2):
            process = self._running()
            if process is None:
                break
            said = self._tell(process, place)
            if not _next(said, _BIRTH_S):
                # It had ended before it took the question, so the slide is not to blame.
                self.stop()
                continue
            line = _next(said, deadline_s)
            if not line:
                return self._cause(process, deadline_s if line is None else None), ()
            answer: dict[str, Any] = json.loads(line)
            if answer["last"]:
                self.stop()
            return None if answer["ok"] else (answer["reason"], tuple(answer["tried"]))
        _log.warning("No child process can be had; %s is opened without having been tried out", place)
        return None

    def stop(self) -> bytes:
        """End the child if there is one, and return what it wrote to its stderr."""
        process, self._process = self._process, None
        if process is None:
            return b""
        process.kill()
        process.wait()
        if self._listener is not None:
            self._listener.join()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        assert self._errors is not None
        with self._errors as errors:
            errors.seek(0)
            return errors.read()

    def _running(self) -> subprocess.Popen[bytes] | None:
        # The child goes by a clock of its own, so it is replaced a little before it would leave.
        idle = time.monotonic() - self._asked_at > IDLE_S - 5
        if idle or (self._process is not None and self._process.poll() is not None):
            self.stop()
        self._asked_at = time.monotonic()
        if self._process is None:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the child
            try:
                self._process = _start(self._errors)
            except OSError as error:
                self._errors.close()
                _log.warning("Cannot start a child process: %s", error)
        return self._process

    def _tell(self, process: subprocess.Popen[bytes], place: Place) -> SimpleQueue[bytes]:
        """Send a question and return where the lines of the answer will be."""
        assert process.stdin is not None
        said: SimpleQueue[bytes] = SimpleQueue()
        # Not every system can wait for a pipe with a deadline. The thread ends with the child at the latest.
        self._listener = threading.Thread(
            target=_listen, args=(process, said), name="probe-listener", daemon=True
        )
        self._listener.start()
        with contextlib.suppress(OSError):
            # Through the pipe, since an address with its secrets in the arguments could be seen by everybody.
            question = str(place.absolute()) if isinstance(place, Path) else place.url
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
        return said

    def _cause(self, process: subprocess.Popen[bytes], missed_s: float | None) -> str:
        """Return why the child ended in the middle of a slide, or which deadline it missed."""
        if missed_s is not None:
            self.stop()
            return f"it did not answer within {missed_s:g} s; if its drive or server is slow, try again"
        # It has closed its pipe and is about to be gone: it shall say itself how.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2.0)
        words = self.stop()
        if any(word in words for word in _NO_MEMORY):
            return f"reading it needs more than {MEMORY_BYTES / (1 << 30):g} GiB; the file is damaged"
        code = process.returncode
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"reading it crashed the reader ({name}); the file is damaged"


def _start(errors: IO[bytes]) -> subprocess.Popen[bytes]:
    if getattr(sys, "frozen", False):
        command = [sys.executable, CHILD_WORD]
    else:
        # The same modules as here, wherever they came from, and none of the working folder.
        command = [sys.executable, "-P", "-c", _CODE, os.pathsep.join(sys.path), os.pathsep]
    # Threads for sums that nobody does would take memory that the limit counts.
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**os.environ, **single},
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _listen(process: subprocess.Popen[bytes], said: SimpleQueue[bytes]) -> None:
    """Pass on the two lines of an answer, the empty one when the child ends before."""
    assert process.stdout is not None
    for _ in range(2):
        line = process.stdout.readline()
        said.put(line)
        if not line:
            return


def _next(said: SimpleQueue[bytes], timeout_s: float) -> bytes | None:
    """Return the next line, b"" when the child has ended, or None when it says nothing in time."""
    try:
        return said.get(timeout=timeout_s)
    except Empty:
        return None


# what is known ------------------------------------------------------------
def _mark(path: Path) -> Path | None:
    """Return the file whose presence says that this very slide is good; None where nothing can be kept."""
    path = path.absolute()
    parts: list[str | int] = [str(path), *_state(path)]
    if path.suffix.lower() == ".mrxs" and path.with_suffix("").is_dir():
        parts += _state(path.with_suffix(""))
    return _mark_of(parts)


def _remote_mark(address: Address, version: str) -> Path | None:
    return _mark_of([address.identity, version]) if version else None


def _mark_of(parts: Sequence[str | int]) -> Path | None:
    key = hashlib.sha256(json.dumps([pathview.__version__, *parts]).encode()).hexdigest()[:32]
    try:
        return cache_folder() / _KNOWN / key
    except OSError:
        return None


def _state(path: Path) -> list[int]:
    """Return what changes when a file does; of a folder, how many files, their bytes, and the newest time."""
    there = path.stat()
    if not path.is_dir():
        return [there.st_size, there.st_mtime_ns, there.st_ino]
    count = size = newest = 0
    for entry in _files(path):
        found = entry.stat()
        count, size, newest = count + 1, size + found.st_size, max(newest, found.st_mtime_ns)
    return [count, size, newest, there.st_ino]


def _files(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(entry.path)
            elif entry.is_file():
                yield entry


def _remember(mark: Path) -> None:
    # A slide that cannot be remembered is tried again the next time; nothing else depends on it.
    with contextlib.suppress(OSError):
        mark.parent.mkdir(exist_ok=True)
        marks = list(mark.parent.iterdir())
        if len(marks) >= _MOST_KNOWN:
            for old in sorted(marks, key=lambda file: file.stat().st_mtime_ns)[: _MOST_KNOWN // 2]:
                old.unlink(missing_ok=True)
        mark.touch()


_lock = threading.Lock()
_child = _Child()
atexit.register(_child.stop)
