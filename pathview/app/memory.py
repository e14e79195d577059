"""How the window's process gives memory back, and when it looks for what nobody holds any longer."""

from __future__ import annotations

import contextlib
import ctypes
import gc

# Larger than a tile of 256 pixels: those fit into each other's place, and mapping each anew would cost
# a good part of what decoding it takes.
_LARGE = 256 << 10
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h


def give_large_blocks_back() -> None:
    """Let glibc return the memory of larger tiles when they are forgotten, instead of keeping it in pieces.

    Left alone it raises its limit with the first one that is freed. Measured on a walk over tiles of 512
    pixels: 380 MB beside the cache instead of 550.
    """
    # Other C libraries have no such call.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE)


def collect_later() -> None:
    """Let the collector rest until `leave_out_what_stays`: what a start makes stays, and it looks in vain.

    It looked 50 times, which took 5 % of the start.
    """
    gc.disable()


def leave_out_what_stays() -> None:
    """Keep the collector from looking through everything that there is now: it lives as long as the program.

    Without a slide these are 70,000 objects, mostly of libraries; each full collection took the main thread
    50 ms, in the middle of a move.
    """
    gc.freeze()
    gc.enable()
