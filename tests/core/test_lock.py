from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from pathview.core.lock import WriterLock, holder_of

_HOLDER = """
import sys, time
from pathlib import Path
from pathview.core.lock import WriterLock
print(WriterLock.acquire(Path(sys.argv[1])) is not None, flush=True)
time.sleep(60)
"""


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    assert holder_of(file) is None
    first = WriterLock.acquire(file)
    assert first is not None
    assert WriterLock.acquire(file) is None
    assert "process" in (holder_of(file) or "")
    first.release()
    second = WriterLock.acquire(file)
    assert second is not None
    second.release()


def test_a_folder_that_cannot_hold_a_lock_gives_none(tmp_path: Path) -> None:
    assert WriterLock.acquire(tmp_path / "missing" / "lock") is None


def test_a_patient_one_waits_until_the_lock_is_free(tmp_path: Path) -> None:
    first = WriterLock.acquire(tmp_path / "lock")
    assert first is not None
    began = time.monotonic()
    assert WriterLock.acquire(tmp_path / "lock", patience_s=0.3) is None
    assert time.monotonic() - began >= 0.3
    timer = threading.Timer(0.2, first.release)
    timer.start()
    second = WriterLock.acquire(tmp_path / "lock", patience_s=60)
    timer.join()
    assert second is not None
    second.release()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLDER, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "True\n"
            assert WriterLock.acquire(file) is None
            assert f"process {child.pid}" in (holder_of(file) or "")
        finally:
            child.kill()
    after = WriterLock.acquire(file)
    assert after is not None
    after.release()
