"""The pixel size that was stated for one slide, and the open slides that go by it."""

from __future__ import annotations

import getpass
from weakref import WeakSet

from psygnal import Signal

from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError
from pathview.core.stated import StatedMpp
from pathview.slides.scale import can_be_true
from pathview.slides.slide import Slide


class SlideScale:
    """Holds what was stated, and tells it the slide; changed by edits only, main thread only.

    Parameters
    ----------
    stated
        What is stated from the start, or None.

    Attributes
    ----------
    changed
        Emitted after each change, when the open slides have it; a listener must not edit in the same turn.
    """

    changed = Signal()

    def __init__(self, stated: StatedMpp | None = None) -> None:
        self._stated = stated
        self._slides: WeakSet[Slide] = WeakSet()

    @property
    def stated(self) -> StatedMpp | None:
        """What goes before the file's own pixel size, or None."""
        return self._stated

    def tell(self, slide: Slide) -> None:
        """Have an open slide go by what is stated, now and after each change."""
        self._slides.add(slide)
        self._tell_one(slide)

    def check(self, edit: Edit) -> None:
        """Make sure that `edit` fits: what it replaces is stated now, and what it states can be true.

        Raises
        ------
        EditConflictError
            If it does not.
        """
        if edit.mpp is None:
            return
        before, after = edit.mpp
        if before != self._stated:
            raise EditConflictError(f"{edit.label}: the pixel size is not what the edit expects")
        if after is not None and not all(map(can_be_true, after.mpp)):
            raise EditConflictError(f"{edit.label}: {after.x:g} x {after.y:g} um/px cannot be true")

    def apply(self, edit: Edit) -> None:
        """Change what is stated by `edit`, tell the slides and then the listeners.

        Raises
        ------
        EditConflictError
            If the edit does not fit; then nothing has changed.
        """
        self.check(edit)
        if edit.mpp is None:
            return
        self._stated = edit.mpp.after
        for slide in self._slides:
            self._tell_one(slide)
        self.changed.emit()

    def _tell_one(self, slide: Slide) -> None:
        if self._stated is None:
            slide.state_mpp(None)
        else:
            slide.state_mpp(self._stated.mpp, self._stated.source)


def user_name() -> str:
    """Return the name that the user of this process has on the computer, "unknown" where it has none."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError, ImportError):  # which one depends on the system and on Python's version
        return "unknown"
    # On POSIX a name is bytes, and the database takes text only.
    return name.encode("utf-8", "replace").decode("utf-8")
