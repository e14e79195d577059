"""Made ICC profiles: what they do to a colour is known beforehand."""

from __future__ import annotations

import struct
from collections.abc import Sequence

RED, GREEN, BLUE = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
"""(X, Y, Z) of sRGB's primaries adapted to D50, as in every sRGB profile (IEC 61966-2-1, ICC.1 annex E)."""

_WHITE = (0.9642, 1.0, 0.8249)


def made_profile(
    primaries: Sequence[tuple[float, float, float]], gamma: float = 2.2, *, kind: bytes = b"RGB "
) -> bytes:
    """Return a version 2 matrix profile named "made", laid out as ICC.1 8.3.2 says.

    Parameters
    ----------
    primaries
        (X, Y, Z) of red, green and blue.
    gamma
        Of all three.
    kind
        The signature of the colour space that it claims to be for.
    """
    name = b"made"
    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(79),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _numbers(*_WHITE),
        **{letter + b"XYZ": _numbers(*at) for letter, at in zip((b"r", b"g", b"b"), primaries, strict=True)},
        **{letter + b"TRC": curve for letter in (b"r", b"g", b"b")},
    }
    start, table, body = 132 + 12 * len(tags), b"", b""
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12x4s28x", start + len(body), b"lcms", 0x2400000, b"mntr", kind, b"XYZ ", b"acsp"
    )
    head += _numbers(*_WHITE)[8:]
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + body


def _numbers(*values: float) -> bytes:
    """Return an XYZ tag's value, ICC.1 4.4 and 10.31: signed 15.16 fixed point."""
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


SWAPPED = made_profile((BLUE, GREEN, RED))
"""Of a camera whose red is blue."""
