"""A child process of the window: started, listened to, watched, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from queue import SimpleQueue

from pathview.core.inbox import Inbox
from pathview.core.memory import resident_bytes
from pathview.inference.child_output import ChildOutput
from pathview.inference.frames import Cancel, Close, Command, Frame, Heartbeat, Told
from pathview.inference.host import host_main

# A child imports the program before it can say anything; a busy machine takes its time over that.
_BIRTH_S = 60.0
_POLL_S = 0.25
# What is cancelled ends with the batch in hand; a model that does not come back then never may.
_CANCEL_S = 1.5
_PATIENCE_S = (1.2, 0.4, 0.4)


class HostChild:
    """One inference host.

    It is spawned, never forked: a fork of a process with a window and threads is undefined. Frames come from
    a plain pipe, since a `multiprocessing.Queue` can be left locked for ever by a child that is killed.

    Parameters
    ----------
    inbox
        Takes the two calls below to the main thread.
    on_frame
        Called with each frame but heartbeats.
    on_death
        Called once with the reason when the child ends without having been told to.
    silence_s
        A child that says nothing for so long is killed.
    stuck_s
        A child whose model does not come back for so long is killed.
    memory_bytes
        A child that holds more is killed; None for no limit.
    """

    def __init__(
        self,
        inbox: Inbox,
        on_frame: Callable[[Frame], None],
        on_death: Callable[[str], None],
        *,
        silence_s: float,
        stuck_s: float,
        memory_bytes: int | None = None,
    ) -> None:
        self._inbox = inbox
        self._on_frame = on_frame
        self._on_death = on_death
        self._silence_s = silence_s
        self._stuck_s = stuck_s
        self._memory_bytes = memory_bytes
        self._closing = False
        self._ended = 0
        self._cancelled: tuple[int, float] | None = None
        self._commands: SimpleQueue[Command | None] = SimpleQueue()
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._output = ChildOutput(context)
        self._process = context.Process(
            target=host_main,
            args=(theirs, self._output.theirs),
            name="pathview-inference-host",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self._output.listen()
        self._listener = threading.Thread(target=self._listen, name="host-listener", daemon=True)
        self._speaker = threading.Thread(target=self._speak, name="host-speaker", daemon=True)
        self._listener.start()
        self._speaker.start()

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    def send(self, command: Command) -> None:
        """Leave a command for the child; never waits, also when the child does not read.

        A run that does not end soon after its `Cancel` takes the child with it.
        """
        if isinstance(command, Cancel) and command.run != self._ended:
            self._cancelled = command.run, time.monotonic() + _CANCEL_S
        self._commands.put(command)

    def close(self) -> None:
        """End the child within two seconds: ask, then terminate, then kill."""
        self._closing = True
        self._commands.put(Close())
        self._commands.put(None)
        for end, patience in zip((None, "terminate", "kill"), _PATIENCE_S, strict=True):
            if end is not None:
                getattr(self._process, end)()
            self._process.join(patience)
            if not self._process.is_alive():
                break
        self._end_followers()
        self._listener.join(1.0)
        self._speaker.join(1.0)
        self._output.close()
        self._pipe.close()

    def _listen(self) -> None:
        reason = ""
        # A broken pipe is a child that is gone; its exit code says why.
        with contextlib.suppress(EOFError, OSError):
            reason = self._receive()
        self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._end_followers()
        self._commands.put(None)
        if not self._closing:
            self._inbox.post(partial(self._on_death, reason or _cause(self._process.exitcode)))

    def _receive(self) -> str:
        """Pass frames on until the child must be given up; return why."""
        heard_at = time.monotonic() + _BIRTH_S
        while True:
            if self._takes_too_much():
                self._process.kill()
                return f"took more than {(self._memory_bytes or 0) / (1 << 30):.2g} GiB of memory"
            if self._cancelled is not None and time.monotonic() > self._cancelled[1]:
                self._process.kill()
                return "did not stop when its run was cancelled"
            if not self._pipe.poll(_POLL_S):
                if not self._process.is_alive():
                    return ""  # a process that it has forked may hold the pipe open
                if time.monotonic() - heard_at > self._silence_s:
                    self._process.kill()
                    return f"gave no sign of life for {self._silence_s:g} s"
                continue
            frame: Frame = self._pipe.recv()
            heard_at = time.monotonic()
            self._note_end(frame)
            if not isinstance(frame, Heartbeat):
                self._inbox.post(partial(self._on_frame, frame))
            elif frame.busy_s > self._stuck_s:
                self._process.kill()
                return f"its model has not answered for {self._stuck_s:g} s"

    def _note_end(self, frame: Frame) -> None:
        if isinstance(frame, Told) and frame.status.state.final:
            self._ended = frame.run
            if self._cancelled is not None and self._cancelled[0] == frame.run:
                self._cancelled = None

    def _end_followers(self) -> None:
        """End what the child has started and left behind; the child itself is gone."""
        if hasattr(os, "killpg") and self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _takes_too_much(self) -> bool:
        if self._memory_bytes is None or self._process.pid is None:
            return False
        return (resident_bytes(self._process.pid) or 0) > self._memory_bytes

    def _speak(self) -> None:
        # A broken pipe ends this thread; the listener finds out why.
        with contextlib.suppress(OSError):
            while (command := self._commands.get()) is not None:
                self._pipe.send(command)


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"exited with code {code}"
    name = signal.Signals(-code).name
    hint = " (often the system being out of memory)" if name == "SIGKILL" else ""
    return f"was killed by {name}{hint}"
