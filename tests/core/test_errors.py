from __future__ import annotations

from pathlib import Path

from pathview.core.errors import PathViewError, SlideOpenError, TileReadError, UnknownScaleError
from pathview.core.pyramid import TileKey


def test_errors_carry_their_facts_and_read_as_one_sentence() -> None:
    path = Path("a.svs")
    opening = SlideOpenError(path, "the file is empty", ["openslide"])
    assert (opening.path, opening.reason, opening.tried) == (path, "the file is empty", ("openslide",))
    assert str(opening) == "Cannot open a.svs: the file is empty (tried: openslide)"
    reading = TileReadError(path, TileKey(0, 1, 2), "bad marker")
    assert reading.where == TileKey(0, 1, 2)
    assert isinstance(UnknownScaleError(path, "the model"), PathViewError)
