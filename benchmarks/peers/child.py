"""What a viewer's own script has in common: words in, moments out. Needs nothing but Python."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_STEPS_S = 60


def say(event: str, **facts: Any) -> None:
    """Tell the watching process."""
    print(json.dumps({"event": event, "at": time.monotonic(), **facts}), flush=True)


def obey(
    turn: Callable[[], None], jump: Callable[[float, float], None], move: Callable[[float], None]
) -> None:
    """Do what the watching process asks for, until it says "quit".

    Parameters
    ----------
    turn
        Handles the events that wait.
    jump
        Shows the level-0 place (x, y) at 1:1.
    move
        Moves the view by so many screen pixels from where the last jump led.
    """
    words: queue.Queue[list[str]] = queue.Queue()

    def listen() -> None:
        for line in sys.stdin:
            words.put(line.split())

    threading.Thread(target=listen, daemon=True).start()
    while True:
        turn()
        try:
            word, *numbers = words.get(timeout=0.002)
        except queue.Empty:
            continue
        if word == "quit":
            return
        if word == "jump":
            say("asked")
            jump(*map(float, numbers))
        if word == "pan":
            say("panned", turns=_pan(turn, move, *map(float, numbers)))


def _pan(
    turn: Callable[[], None], move: Callable[[float], None], speed: float, seconds: float
) -> list[float]:
    """Return how long each step of the mouse, and what it led to, kept the event loop."""
    turns = []
    start = time.perf_counter()
    while (now := time.perf_counter()) - start < seconds:
        move(speed * (now - start))
        turn()
        turns.append(time.perf_counter() - now)
        while time.perf_counter() < now + 1 / _STEPS_S:
            turn()
            time.sleep(0.0005)
    return turns
