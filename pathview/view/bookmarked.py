"""Bookmarks as views: what a bookmark keeps of a viewport, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from pathview.annotations.bookmark import Bookmark
from pathview.view.viewport import Viewport

# What a window of some eight hundred pixels shows, a thumbnail of some forty shows as well.
_SMALLER = 20.0


def bookmark_of(viewport: Viewport, name: str) -> Bookmark:
    """Return a bookmark of what is looked at; the size of the window is not part of it."""
    x, y = viewport.center
    return Bookmark(x, y, viewport.downsample, viewport.rotation, viewport.flipped, name)


def viewport_of(bookmark: Bookmark, size: tuple[int, int]) -> Viewport:
    """Return the view that a bookmark names, on a screen of `size` physical pixels."""
    center = (bookmark.x, bookmark.y)
    return Viewport(center, bookmark.downsample, size, bookmark.rotation, bookmark.flipped)


def thumbnail_viewport(bookmark: Bookmark, size: tuple[int, int]) -> Viewport:
    """Return what a thumbnail of `size` pixels shows: about as much of the slide as the window did."""
    seen = viewport_of(bookmark, size)
    return replace(seen, downsample=bookmark.downsample * _SMALLER)


def fresh_name(bookmarks: Iterable[Bookmark]) -> str:
    """Return the first of "Bookmark 1", "Bookmark 2" ... that none of them has."""
    taken = {bookmark.name for bookmark in bookmarks}
    number = 1
    while f"Bookmark {number}" in taken:
        number += 1
    return f"Bookmark {number}"


def neighbour(bookmarks: Sequence[Bookmark], at: UUID | None, step: int) -> Bookmark | None:
    """Return the bookmark `step` places after the one called `at`, round and round; None where there is none.

    From nowhere, one step forward is the first and one step back the last.
    """
    if not bookmarks:
        return None
    places = {bookmark.id: place for place, bookmark in enumerate(bookmarks)}
    start = -1 if step > 0 else len(bookmarks)
    place = places.get(at, start) if at is not None else start
    return bookmarks[(place + step) % len(bookmarks)]
