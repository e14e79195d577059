"""The tissue of slides that were looked at of late, found once for all runs on them."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import NamedTuple

from pathview.core.errors import PathViewError
from pathview.core.place import Place
from pathview.inference.tissue import TissueMask, mask_downsample, tissue_mask
from pathview.slides.open import open_slide
from pathview.slides.reader import SlideInfo
from pathview.slides.slide import Slide

_log = logging.getLogger(__name__)

_KEPT = 8
# Of the level that the mask is made of: more than a moment's decoding is not done before it is asked for.
_MOST_PIXELS = 16_000_000


class Wanted(NamedTuple):
    """A slide that a run may be started on; picklable.

    Attributes
    ----------
    slide
        Its file, folder or address.
    mpp
        (x, y) um/px of level 0 that someone stated, or None.
    """

    slide: Place
    mpp: tuple[float, float] | None


@dataclass(slots=True)
class _Found:
    """A mask, None until it is found by whoever has the lock."""

    lock: Lock = field(default_factory=Lock)
    mask: TissueMask | None = None


class KnownTissue:
    """Finds the tissue of slides, and remembers it; any thread.

    Who asks for what another thread is just finding waits for that one. A mask belongs to the slide's
    fingerprint and to how coarse it is.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[object, ...], _Found] = OrderedDict()
        self._lock = Lock()

    def of(self, slide: Slide) -> TissueMask:
        """Return what `tissue_mask` finds.

        Raises
        ------
        PathViewError
            As `tissue_mask` does; nothing is remembered then.
        """
        key = (slide.info.fingerprint, slide.info.size, mask_downsample(slide.info))
        with self._lock:
            found = self._found.setdefault(key, _Found())
            self._found.move_to_end(key)
            while len(self._found) > _KEPT:
                self._found.popitem(last=False)
        with found.lock:
            if found.mask is None:
                found.mask = tissue_mask(slide)
            return found.mask

    def prepare(self, wanted: Wanted) -> None:
        """Find the tissue of a slide that is quickly looked through; of what is wrong, a run will tell."""
        if not isinstance(wanted.slide, Path):
            return  # what a server sends should be wanted
        try:
            with open_slide(wanted.slide) as slide:
                slide.state_mpp(wanted.mpp, "")
                if _pixels(slide.info) <= _MOST_PIXELS:
                    self.of(slide)
        except (PathViewError, OSError) as error:
            _log.info("the tissue of %s is not found beforehand: %s", wanted.slide.name, error)

    def serve(self, asked: SimpleQueue[Wanted]) -> None:
        """Prepare what is asked for, the newest only; for a thread of its own, without end."""
        while True:
            wanted = asked.get()
            while not asked.empty():
                wanted = asked.get()
            self.prepare(wanted)


def _pixels(info: SlideInfo) -> int:
    """Return how many pixels the mask is made of."""
    downsample = mask_downsample(info)
    return min(math.prod(level.size) for level in info.levels if level.downsample <= downsample)
