"""A plugin's process: one thread listens, the main one does what is asked, one call after the other."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import pickle
import signal
import threading
import traceback
from queue import SimpleQueue
from typing import IO, Any

from pathview.core.plugins.calls import Answer, Call, read_frame, write_frame


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer calls until `questions` ends.

    Parameters
    ----------
    questions
        Has frames with a `Call` each.
    answers
        Gets a frame with an `Answer` for each.
    """
    # Ctrl+C is for the program, which ends this process when it is through.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    calls: SimpleQueue[Call] = SimpleQueue()
    threading.Thread(target=_listen, args=(questions, calls), daemon=True).start()
    service: Any = None
    while True:
        call = calls.get()
        try:
            if call.method:
                answer = Answer(getattr(service, call.method)(*call.arguments))
            else:
                service, answer = _made(*call.arguments), Answer()
        except (Exception, SystemExit) as error:  # noqa: BLE001  the code of others may raise anything, and exit
            answer = _refusal(error)
        _send(answers, answer)


def _made(name: str, *arguments: Any) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)(*arguments)


def _refusal(error: BaseException) -> Answer:
    kind = type(error).__name__
    # An error of the program's own has its facts as fields; whoever raises it anew adds the rest.
    reason = str(getattr(error, "reason", "")) or f"{kind}: {error}"
    return Answer(None, kind, reason, "".join(traceback.format_exception(error)))


def _send(answers: IO[bytes], answer: Answer) -> None:
    try:
        write_frame(answers, answer)
    except OSError:
        os._exit(0)
    except Exception as error:  # noqa: BLE001  what a plugin returns may not want to be sent in any way
        write_frame(answers, _refusal(error))


def _listen(questions: IO[bytes], calls: SimpleQueue[Call]) -> None:
    with contextlib.suppress(OSError):
        while frame := read_frame(questions):
            calls.put(pickle.loads(frame))
    # Whatever the main thread is doing: who asked is gone.
    os._exit(0)
