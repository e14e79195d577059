"""Undo and redo over edits."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import NamedTuple

import shapely
from psygnal import EmitLoopError, Signal

from pathview.annotations.edit import Edit

_MAX_POINTS = 20_000_000
"""About 320 MB of coordinates: outlines of a million corners would fill the memory before the step limit."""


class _Step(NamedTuple):
    edit: Edit
    points: int

    @classmethod
    def of(cls, edit: Edit) -> _Step:
        present = [a.geometry for change in edit.changes for a in change if a is not None]
        return cls(edit, int(shapely.get_num_coordinates(present).sum()))


class History:
    """Remembers edits so that they can be taken back; main thread only.

    Parameters
    ----------
    apply
        Makes an edit true, wholly or not at all: it stores the edit safely and then does what it says.
        Whatever it raises reaches the caller, and the history stays as it was.
    limit
        Steps to remember; the oldest are forgotten beyond it.
    max_points
        Corners of all shapes in the steps to remember; the last step is kept whatever its size.

    Attributes
    ----------
    changed
        Emitted when what can be undone or redone has changed.
    """

    changed = Signal()

    def __init__(
        self, apply: Callable[[Edit], None], limit: int = 200, max_points: int = _MAX_POINTS
    ) -> None:
        self._apply = apply
        self._limit = limit
        self._max_points = max_points
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._join: Hashable = None

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to make again."""
        return bool(self._undone)

    @property
    def undo_label(self) -> str | None:
        """Label of the step that `undo` takes back, or None."""
        return self._done[-1].edit.label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """Label of the step that `redo` makes again, or None."""
        return self._undone[-1].edit.label if self._undone else None

    def do(self, edit: Edit, *, join: Hashable = None) -> None:
        """Make `edit`; what was undone before can no longer be redone. An edit of nothing is ignored.

        Parameters
        ----------
        edit
            The step.
        join
            Successive edits with the same key, other than None, become one step: the moves of one drag.

        Raises
        ------
        PathViewError
            What `apply` raises when the edit does not fit or cannot be stored; then nothing has changed.
        """
        if edit.empty:
            return
        failure = self._made(edit)
        if join is not None and join == self._join and self._done:
            edit = self._done.pop().edit.then(edit)
        if not edit.empty:
            self._done.append(_Step.of(edit))
            self._forget()
        self._undone.clear()
        # A drag that ends where it began is no step, and the next one must not join the step before it.
        self._join = None if edit.empty else join
        self._tell(failure)

    def undo(self) -> Edit | None:
        """Take the last step back; return the edit that did so, or None where there is no step."""
        if not self._done:
            return None
        edit = self._done[-1].edit.inverse()
        failure = self._made(edit)
        self._undone.append(self._done.pop())
        self._join = None
        self._tell(failure)
        return edit

    def redo(self) -> Edit | None:
        """Make the step again that was taken back last; return it, or None where there is none."""
        if not self._undone:
            return None
        edit = self._undone[-1].edit
        failure = self._made(edit)
        self._done.append(self._undone.pop())
        self._join = None
        self._tell(failure)
        return edit

    def _made(self, edit: Edit) -> EmitLoopError | None:
        # A listener that fails does so after the edit was stored and made: the step stands and must be
        # undoable, and the listener's error is raised once the books are in order.
        try:
            self._apply(edit)
        except EmitLoopError as failure:
            return failure
        return None

    def _forget(self) -> None:
        points = sum(step.points for step in self._done)
        while len(self._done) > 1 and (len(self._done) > self._limit or points > self._max_points):
            points -= self._done.pop(0).points

    def _tell(self, failure: EmitLoopError | None) -> None:
        self.changed.emit()
        if failure is not None:
            raise failure
