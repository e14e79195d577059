"""Edits: labelled before/after pairs, the one way to change annotations, bookmarks and a stated scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from pathview.annotations.annotation import Annotation
from pathview.annotations.bookmark import Bookmark
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


class BookmarkChange(NamedTuple):
    """What one bookmark was and what it becomes; None means absent."""

    before: Bookmark | None
    after: Bookmark | None

    @property
    def id(self) -> UUID:
        """The bookmark's identity."""
        present = self.after if self.after is not None else self.before
        assert present is not None, "a change needs a before or an after"
        return present.id


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
    bookmarks
        At most one change a bookmark.
    """

    label: str
    changes: tuple[Change, ...]
    mpp: MppChange | None = None
    bookmarks: tuple[BookmarkChange, ...] = ()

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

    @classmethod
    def bookmark(cls, label: str, *pairs: tuple[Bookmark | None, Bookmark | None]) -> Edit:
        """Return the edit that turns the first of each pair into the second; None stands for absent."""
        changes = tuple(BookmarkChange(*pair) for pair in pairs if pair[0] != pair[1])
        return cls(label, (), bookmarks=changes)

    @property
    def empty(self) -> bool:
        """Whether it changes nothing."""
        return not self.changes and self.mpp is None and not self.bookmarks

    def inverse(self) -> Edit:
        """Return the edit that takes this one back."""
        mpp = None if self.mpp is None else MppChange(self.mpp.after, self.mpp.before)
        return Edit(
            self.label,
            tuple(Change(c.after, c.before) for c in reversed(self.changes)),
            mpp,
            tuple(BookmarkChange(c.after, c.before) for c in reversed(self.bookmarks)),
        )

    def then(self, later: Edit) -> Edit:
        """Join with a `later` edit: the first before and the last after of whatever they change."""
        changes = (Change(*pair) for pair in _joined((*self.changes, *later.changes)))
        marks = (BookmarkChange(*pair) for pair in _joined((*self.bookmarks, *later.bookmarks)))
        mpp = [change for change in (self.mpp, later.mpp) if change is not None]
        scale = Edit.state("", mpp[0].before, mpp[-1].after).mpp if mpp else None
        return Edit(self.label, tuple(changes), scale, tuple(marks))


class _Pair[T](Protocol):
    @property
    def before(self) -> T | None: ...
    @property
    def after(self) -> T | None: ...
    @property
    def id(self) -> UUID: ...


def _joined[T](changes: Iterable[_Pair[T]]) -> list[tuple[T | None, T | None]]:
    """Return the first before and the last after of each thing that is not the same in the end."""
    ends: dict[UUID, tuple[T | None, T | None]] = {}
    for change in changes:
        before, _ = ends.get(change.id, (change.before, None))
        ends[change.id] = before, change.after
    return [pair for pair in ends.values() if pair[0] != pair[1]]
