"""One remote file as bytes at a place: blocks from memory, from the cache on disk, or from the server."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial

from pathview.core.place import Address
from pathview.slides.remote.blocks import BLOCK_BYTES, BlockCache
from pathview.slides.remote.calls import Calls, wait
from pathview.slides.remote.source import Part, RemoteSource, ReplacedError, open_source

AHEAD_BYTES = 1 << 20
"""What a parser that hops through headers is sent at once."""

_MEMORY_BLOCKS = 128
_RUN_BLOCKS = 64

type Run = Future[dict[int, bytes]]


class RemoteFile:
    """Reads one version of a file on a server, from many threads.

    A block that several threads want is asked for once. Blocks of two versions are never mixed: when the
    server has another one, reads of what is not in the cache fail.

    Parameters
    ----------
    source
        Where it is; closed with this.
    calls
        To be hung up with others'; default: its own.

    Raises
    ------
    RemoteError
        If the server does not give its beginning.
    """

    def __init__(self, source: RemoteSource, calls: Calls | None = None) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._calls = calls or Calls()
        self._asked: dict[int, Run] = {}
        self._memory: OrderedDict[int, bytes] = OrderedDict()
        try:
            begin = self._calls.run(lambda: source.part(0, BLOCK_BYTES))
        except BaseException:
            source.close()
            raise
        self.stamp = begin.stamp
        self._cache = BlockCache(source.address, begin.stamp)
        self._keep(begin)

    @classmethod
    def open(cls, address: Address) -> RemoteFile:
        """Return the file at an address; raises as the class does."""
        return cls(open_source(address))

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return self.stamp.size

    def read(self, offset: int, length: int, ahead: int = 0) -> bytes:
        """Return `length` bytes from `offset`, fewer where the file ends before.

        Parameters
        ----------
        offset, length
            Bytes.
        ahead
            How many bytes to fetch at least where something must be fetched: who reads on saves requests.

        Raises
        ------
        RemoteError
            If the server does not give them, has another file by now, or this one is closed.
        """
        stop = min(offset + length, self.size)
        if offset >= stop:
            return b""
        first, last = offset // BLOCK_BYTES, (stop - 1) // BLOCK_BYTES
        found = {number: self._kept(number) for number in range(first, last + 1)}
        missing = [number for number, block in found.items() if block is None]
        if missing:
            arrived, runs = self._ask(missing, ahead)
            found |= arrived
            for number, run in runs.items():
                found[number] = wait(run)[number]
        data = b"".join(block for block in found.values() if block is not None)
        return data[offset - first * BLOCK_BYTES : stop - first * BLOCK_BYTES]

    def expect(self, parts: Iterable[tuple[int, int]]) -> None:
        """Begin to fetch what `read` will be asked for next, (offset, length) each, side by side at once.

        Raises
        ------
        RemoteError
            If this one is closed; what else goes wrong is raised by `read`.
        """
        numbers = {
            number
            for offset, length in parts
            for number in range(offset // BLOCK_BYTES, -(-min(offset + length, self.size) // BLOCK_BYTES))
        }
        missing = [number for number in sorted(numbers) if self._kept(number) is None]
        # More would push each other out of memory before they are read.
        if missing:
            self._ask(missing[: _MEMORY_BLOCKS // 2], 0)

    def stream(self, ahead: int = AHEAD_BYTES) -> io.BufferedReader:
        """Return the file as parsers want it, with a position; for one thread. `ahead` is that of `read`."""
        return io.BufferedReader(_Stream(self, ahead), BLOCK_BYTES)

    def interrupt(self) -> None:
        """Let reads under way fail instead of waiting for the server, and take no more that need it."""
        self._calls.hang_up()

    def close(self) -> None:
        """Let everything go; reads under way fail."""
        self.interrupt()
        self._source.close()

    def _kept(self, number: int) -> bytes | None:
        with self._lock:
            block = self._memory.get(number)
            if block is not None:
                self._memory.move_to_end(number)
                return block
        block = self._cache.get(str(number))
        if block is not None:
            self._remember(number, block)
        return block

    def _remember(self, number: int, block: bytes) -> None:
        with self._lock:
            self._memory[number] = block
            self._memory.move_to_end(number)
            while len(self._memory) > _MEMORY_BLOCKS:
                self._memory.popitem(last=False)

    def _ask(self, missing: Sequence[int], ahead: int) -> tuple[dict[int, bytes], dict[int, Run]]:
        """Return the missing blocks that have come meanwhile, and who brings the others.

        That is a call that is under way already, or a new one.
        """
        count = -(-self.size // BLOCK_BYTES)
        further = range(missing[-1] + 1, min(missing[0] + -(-ahead // BLOCK_BYTES), count))
        with self._lock:
            arrived = {number: self._memory[number] for number in missing if number in self._memory}
            here = self._asked.keys() | self._memory.keys()
            wanted = [number for number in (*missing, *further) if number not in here]
            for run in _runs(wanted):
                call = self._calls.start(partial(self._fetch, run))
                self._asked.update(dict.fromkeys(run, call))
            return arrived, {number: self._asked[number] for number in missing if number not in arrived}

    def _fetch(self, run: Sequence[int]) -> dict[int, bytes]:
        """Bring blocks that lie side by side; on a thread of its own."""
        try:
            part = self._source.part(run[0] * BLOCK_BYTES, min((run[-1] + 1) * BLOCK_BYTES, self.stamp.size))
            if part.stamp != self.stamp:
                raise ReplacedError("the file on the server was replaced by another one; open it again")
            return self._keep(part)
        finally:
            with self._lock:
                for number in run:
                    self._asked.pop(number, None)

    def _keep(self, part: Part) -> dict[int, bytes]:
        """Keep the whole blocks of what has come, and return them."""
        blocks = {}
        for place in range(-part.start % BLOCK_BYTES, len(part.data), BLOCK_BYTES):
            block = part.data[place : place + BLOCK_BYTES]
            if len(block) == BLOCK_BYTES or part.start + place + len(block) == part.stamp.size:
                number = (part.start + place) // BLOCK_BYTES
                blocks[number] = block
                self._remember(number, block)
                self._cache.put(str(number), block)
        return blocks


class _Stream(io.RawIOBase):
    """A position over a remote file, read ahead."""

    def __init__(self, file: RemoteFile, ahead: int) -> None:
        self._file = file
        self._ahead = ahead
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise ValueError("there is nothing before the beginning of a file")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        into = memoryview(buffer)  # type: ignore[arg-type]
        data = self._file.read(self._position, len(into), self._ahead)
        into[: len(data)] = data
        self._position += len(data)
        return len(data)


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield neighbouring numbers together, not too many at once."""
    run: list[int] = []
    for number in numbers:
        if run and (number != run[-1] + 1 or len(run) == _RUN_BLOCKS):
            yield run
            run = []
        run.append(number)
    if run:
        yield run
