"""What goes between the program and a plugin's process: a call down, an answer up, each a frame."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import IO, Any


@dataclass(frozen=True, slots=True)
class Call:
    """A method of the service, by name, and its arguments; the first call, of "", makes the service.

    Attributes
    ----------
    method
        Of the object that the first call has made.
    arguments
        Picklable. Of the first call: "module:function" inside pathview, and what that takes.
    """

    method: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call has returned, or what it has raised.

    Attributes
    ----------
    value
        Picklable.
    kind, reason, trace
        Name of the error's class, its words, and where it came from; "" for none.
    """

    value: Any = None
    kind: str = ""
    reason: str = ""
    trace: str = ""


def write_frame(stream: IO[bytes], value: object) -> None:
    """Write a value; buffers such as an array's are not copied on the way.

    Raises
    ------
    OSError
        If nobody reads any more.
    Exception
        Whatever `pickle` has against the value; nothing is written then.
    """
    data = pickle.dumps(value, protocol=5)
    stream.write(len(data).to_bytes(8, "big"))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """Return the pickle of the next value; b"" where there is none, or half of one."""
    head = stream.read(8)
    size = int.from_bytes(head, "big") if len(head) == 8 else 0
    data = stream.read(size)
    return data if len(data) == size else b""
