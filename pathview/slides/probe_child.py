"""The child that opens unknown slides: it takes paths on stdin and says on stdout how each of them went."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pathview.core.errors import PathViewError, SlideOpenError
from pathview.core.geometry import Box
from pathview.core.place import Place, place_of
from pathview.core.region import Region
from pathview.slides.open import open_slide
from pathview.slides.probe import IDLE_S, MEMORY_BYTES, deadline_for
from pathview.slides.slide import Slide

# Pages of libraries, which the limit on data does not count.
_LIBRARIES_BYTES = 128 << 20
# A child that a slide has made larger than this is not fit to judge the next one.
_GROWN_BYTES = 512 << 20
_EDGE = 32
# Enough to see a few tiles of each level; a slow drive shall not make a good slide late.
_LOOKING_S = 1.0
_IMPORT_S = 60.0


def main() -> None:
    """Answer until stdin ends."""
    questions, answers = sys.stdin.buffer, _own_stdout()
    logging.disable()
    _limit()
    while True:
        _alarm(IDLE_S)
        line = questions.readline()
        if not line:
            return
        # A child whose window is gone ends itself, even inside a C library that does not come back.
        _alarm(_IMPORT_S)
        place = place_of(json.loads(line))
        _import_for(place)
        _alarm(deadline_for(place) + 2)
        answers.write(b"begun\n")
        answers.flush()
        answer = _try(place)
        answer["last"] = answer.get("last", False) or _grown()
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
        if answer["last"]:
            return


def look_at(slide: Slide) -> None:
    """Read some tiles of every level, the other images and the profile; what is unreadable is no matter.

    Parameters
    ----------
    slide
        An open slide. That it fails is allowed; that it comes back is what is tried out.
    """
    until = time.monotonic() + _LOOKING_S
    for level in reversed(slide.info.levels):
        width, height = level.size
        w, h = min(width, _EDGE), min(height, _EDGE)
        for x, y in sorted({(0, 0), ((width - w) // 2, (height - h) // 2), (width - w, height - h)}):
            if (x, y) == (0, 0) or time.monotonic() < until:
                d = level.downsample
                region = Region(Box(x * d, y * d, (x + w) * d, (y + h) * d), d)
                _survive(partial(slide.read, region))
    _survive(slide.associated_images)
    _survive(slide.icc_profile)


def _survive(read: Callable[[], object]) -> None:
    with contextlib.suppress(PathViewError):
        read()


def _import_for(place: Place) -> None:
    """Import what a slide of this name needs, which on a cold disk can take longer than any slide may."""
    names = ["openslide", "tifffile", "imagecodecs"]
    if isinstance(place, Path) and (place.suffix.lower() == ".dcm" or place.is_dir()):
        names += ["pydicom", "wsidicom"]
    if ".zarr" in place.name.lower():
        names += ["zarr"]
    for name in names:
        # What is not installed is the business of the reader that needs it.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _try(place: Place) -> dict[str, Any]:
    try:
        with open_slide(place, probe=False) as slide:
            look_at(slide)
    except SlideOpenError as error:
        return {"ok": False, "reason": error.reason, "tried": error.tried}
    except MemoryError:
        limit = f"{MEMORY_BYTES / (1 << 30):g} GiB"
        reason = f"reading it needs more than {limit}; the file is damaged"
        return {"ok": False, "reason": reason, "tried": (), "last": True}
    except Exception as error:  # noqa: BLE001  a file may break a library in any way, and none is a crash
        kind = type(error).__name__
        return {
            "ok": False,
            "reason": f"its reader failed ({kind}: {error}); the file is damaged",
            "tried": (),
        }
    return {"ok": True}


def _own_stdout() -> Any:
    """Keep stdout for answers: what a library prints goes where its errors go."""
    mine = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return mine


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    # Not every system can limit it; the deadline holds everywhere.
    with contextlib.suppress(OSError, ValueError):
        most = MEMORY_BYTES - _LIBRARIES_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _grown() -> bool:
    try:
        # The peak that `getrusage` tells would begin with that of the program that started this one.
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return False
    return pages * os.sysconf("SC_PAGE_SIZE") > _GROWN_BYTES


def _alarm(seconds: float) -> None:
    if sys.platform != "win32":
        signal.alarm(round(seconds))
