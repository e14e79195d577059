"""Memory that large tiles took is there for others when they are forgotten."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Between blocks that stay, blocks that go: kept in pieces, they would count as long as the process lives.
_CODE = """
import sys
import numpy as np
from pathlib import Path
from pathview.app.memory import give_large_blocks_back
if sys.argv[1] == "give":
    give_large_blocks_back()
np.empty(4 << 20, np.uint8).fill(1)  # from here on glibc would keep what is smaller
blocks = [np.full(700_000, 1, np.uint8) for _ in range(200)]
del blocks[::2]
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
"""


def resident(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", _CODE, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps them")
def test_forgotten_tiles_take_no_memory_between_those_that_stay() -> None:
    assert resident("keep") - resident("give") > 40e6


def test_the_collector_passes_over_what_was_there_and_finds_what_comes_later() -> None:
    code = """
import gc, weakref
from pathview.app.memory import leave_out_what_stays

class Ring:
    def __init__(self):
        self.ring = self

before = weakref.ref(Ring())
leave_out_what_stays()
after = weakref.ref(Ring())
gc.collect()
print(before() is not None, after() is None)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
