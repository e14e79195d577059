"""Remote files: right bytes at any place, each asked for once, and never of two versions."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.place import Address
from pathview.slides.remote.blocks import BLOCK_BYTES
from pathview.slides.remote.file import RemoteFile
from pathview.slides.remote.source import Part, RemoteError, ReplacedError, Stamp

CONTENT = np.random.default_rng(1).bytes(40 * BLOCK_BYTES + 1234)


class Source:
    """Gives parts of `CONTENT`, and remembers which; without a validator, so that no disk remembers too."""

    address = Address("http://host/a.svs")

    def __init__(self, whole: bool = False) -> None:
        self.stamp = Stamp(len(CONTENT), "")
        self.asked: list[tuple[int, int]] = []
        self.whole = whole
        self.go_on = threading.Event()
        self.go_on.set()

    def part(self, start: int, stop: int) -> Part:
        self.go_on.wait(10)
        self.asked.append((start, stop))
        return Part(self.stamp, 0, CONTENT) if self.whole else Part(self.stamp, start, CONTENT[start:stop])

    def sibling(self, address: Address) -> Source:
        raise AssertionError

    def close(self) -> None:
        pass


@pytest.mark.parametrize("whole", [False, True])
def test_any_window_has_its_bytes(whole: bool) -> None:
    file = RemoteFile(Source(whole))

    @given(st.integers(0, len(CONTENT) + 10), st.integers(0, 5 * BLOCK_BYTES), st.sampled_from([0, 1 << 20]))
    def check(offset: int, length: int, ahead: int) -> None:
        assert file.read(offset, length, ahead) == CONTENT[offset : offset + length]

    check()
    file.close()


def test_a_stream_reads_and_seeks_like_a_file() -> None:
    with RemoteFile(Source()).stream() as stream:
        known = io.BytesIO(CONTENT)
        for offset, whence, length in (
            (0, 0, 4),
            (-22, 2, 22),
            (-100, 1, 50),
            (700_000, 0, 300_000),
            (0, 2, 5),
        ):
            assert stream.seek(offset, whence) == known.seek(offset, whence)
            assert stream.read(length) == known.read(length)
            assert stream.tell() == known.tell()
        with pytest.raises((ValueError, OSError)):
            stream.seek(-1)


def test_what_is_there_is_not_asked_for_again_and_what_lies_together_is_asked_for_at_once() -> None:
    source = Source()
    file = RemoteFile(source)
    source.asked.clear()
    file.read(3 * BLOCK_BYTES + 5, 3 * BLOCK_BYTES)
    assert source.asked == [(3 * BLOCK_BYTES, 7 * BLOCK_BYTES)]
    file.read(4 * BLOCK_BYTES, 100)
    file.read(2 * BLOCK_BYTES, 6 * BLOCK_BYTES)
    assert sorted(source.asked[1:]) == [
        (2 * BLOCK_BYTES, 3 * BLOCK_BYTES),
        (7 * BLOCK_BYTES, 8 * BLOCK_BYTES),
    ]
    file.read(20 * BLOCK_BYTES, 8, ahead=1 << 20)
    assert source.asked[-1] == (20 * BLOCK_BYTES, 36 * BLOCK_BYTES)


def test_what_is_expected_is_fetched_together() -> None:
    source = Source()
    file = RemoteFile(source)
    source.asked.clear()
    parts = [((3 + n) * BLOCK_BYTES // 2, BLOCK_BYTES // 2) for n in range(20)]
    file.expect([*parts, (30 * BLOCK_BYTES, 8), (len(CONTENT) - 4, 99)])
    for offset, length in parts:
        assert file.read(offset, length) == CONTENT[offset : offset + length]
    assert file.read(30 * BLOCK_BYTES, 8) == CONTENT[30 * BLOCK_BYTES :][:8]
    assert file.read(len(CONTENT) - 4, 99) == CONTENT[-4:]
    assert sorted(source.asked) == [
        (BLOCK_BYTES, 12 * BLOCK_BYTES),
        (30 * BLOCK_BYTES, 31 * BLOCK_BYTES),
        (40 * BLOCK_BYTES, len(CONTENT)),
    ]
    file.close()


def test_a_block_that_many_want_is_asked_for_once() -> None:
    source = Source()
    file = RemoteFile(source)
    source.asked.clear()
    source.go_on.clear()
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(file.read, 5 * BLOCK_BYTES + n, 10) for n in range(8)]
        while len(file._asked) < 1:
            pass
        source.go_on.set()
        assert [read.result(10) for read in reads] == [
            CONTENT[5 * BLOCK_BYTES + n : 5 * BLOCK_BYTES + n + 10] for n in range(8)
        ]
    assert source.asked == [(5 * BLOCK_BYTES, 6 * BLOCK_BYTES)]


def test_a_block_that_came_between_looking_and_asking_is_not_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Source()
    file = RemoteFile(source)
    file.read(5 * BLOCK_BYTES, 10)
    source.asked.clear()
    # As it is for a reader that looked just before.
    monkeypatch.setattr(file, "_kept", lambda number: None)
    assert file.read(5 * BLOCK_BYTES, 10) == CONTENT[5 * BLOCK_BYTES :][:10]
    assert not source.asked
    file.close()


def test_blocks_of_another_version_are_refused() -> None:
    source = Source()
    file = RemoteFile(source)
    source.stamp = Stamp(len(CONTENT), '"second"')
    with pytest.raises(ReplacedError):
        file.read(9 * BLOCK_BYTES, 10)
    assert file.read(0, 10) == CONTENT[:10]


def test_a_closed_file_says_so() -> None:
    file = RemoteFile(Source())
    file.close()
    with pytest.raises(RemoteError, match="closed"):
        file.read(9 * BLOCK_BYTES, 10)
