"""Edits: labelled before/after pairs, the one way in which annotations and the stated pixel size change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from pathview.annotations.annotation import Annotation
from pathview.core.stated import StatedMpp


class Change(NamedTuple):
    """What one annotation was and what it becomes; None means absent."""

    before: Annotation | None
    after: Annotation | None

    @property
    def id(self) -> UUID:
        """The annotation's identity."""
        present = self.after if self.after is not None else self.before
        assert present is not None, "a change needs a before or an after"
        return present.id


class MppChange(NamedTuple):
    """Which pixel size was stated and which is stated now; None means the file's own."""

    before: StatedMpp | None
    after: StatedMpp | None


@dataclass(frozen=True, slots=True)
class Edit:
    """A step that can be done, undone and stored.

    Attributes
    ----------
    label
        What the Undo menu shows, for example "Draw polygon".
    changes
        At most one change an annotation.
    mpp
        What it does to the stated pixel size, or None.
    """

    label: str
    changes: tuple[Change, ...]
    mpp: MppChange | None = None

    @classmethod
    def add(cls, label: str, *annotations: Annotation) -> Edit:
        """Return the edit that adds `annotations`."""
        return cls(label, tuple(Change(None, annotation) for annotation in annotations))

    @classmethod
    def remove(cls, label: str, *annotations: Annotation) -> Edit:
        """Return the edit that removes `annotations`."""
        return cls(label, tuple(Change(annotation, None) for annotation in annotations))

    @classmethod
    def replace(cls, label: str, *pairs: tuple[Annotation, Annotation]) -> Edit:
        """Return the edit that turns the first of each pair into the second."""
        return cls(label, tuple(Change(before, after) for before, after in pairs))

    @classmethod
    def state(cls, label: str, before: StatedMpp | None, after: StatedMpp | None) -> Edit:
        """Return the edit that states another pixel size; None stands for the file's own."""
        return cls(label, (), None if before == after else MppChange(before, after))

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not self.changes and self.mpp is None

    def inverse(self) -> Edit:
        """Return the edit that takes this one back."""
        mpp = None if self.mpp is None else MppChange(self.mpp.after, self.mpp.before)
        return Edit(self.label, tuple(Change(c.after, c.before) for c in reversed(self.changes)), mpp)

    def then(self, later: Edit) -> Edit:
        """Join with a `later` edit: the first before and the last after of whatever they change."""
        before: dict[UUID, Annotation | None] = {}
        after: dict[UUID, Annotation | None] = {}
        for change in (*self.changes, *later.changes):
            before.setdefault(change.id, change.before)
            after[change.id] = change.after
        joined = (Change(before[key], after[key]) for key in before)
        mpp = [change for change in (self.mpp, later.mpp) if change is not None]
        scale = Edit.state("", mpp[0].before, mpp[-1].after).mpp if mpp else None
        return Edit(self.label, tuple(c for c in joined if c.before != c.after), scale)
