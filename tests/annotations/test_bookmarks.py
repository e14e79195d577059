from __future__ import annotations

import math
from dataclasses import replace

import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.bookmark import Bookmark
from pathview.annotations.bookmark_store import BookmarkStore
from pathview.annotations.edit import Edit
from pathview.core.errors import EditConflictError

FIRST, SECOND = Bookmark(10, 20, 4.0, name="first"), Bookmark(30, 40, 1.0, 90.0, True, "second", "why")


def test_edits_add_change_and_remove() -> None:
    store = BookmarkStore([FIRST])
    heard: list[int] = []
    store.changed.connect(lambda: heard.append(len(store)))
    named = replace(FIRST, name="mitosis")
    store.apply(Edit.bookmark("Add", (None, SECOND)))
    store.apply(Edit.bookmark("Name", (FIRST, named)))
    assert list(store) == [named, SECOND]
    store.apply(Edit.bookmark("Delete", (named, None)))
    assert list(store) == [SECOND]
    assert heard == [2, 2, 1]


def test_one_that_comes_back_is_where_it_was() -> None:
    store = BookmarkStore([FIRST, SECOND])
    edit = Edit.bookmark("Delete", (FIRST, None))
    store.apply(edit)
    store.apply(edit.inverse())
    assert list(store) == [FIRST, SECOND]


def test_edits_of_others_say_nothing() -> None:
    store = BookmarkStore([FIRST])
    store.changed.connect(lambda: pytest.fail("nothing has changed"))
    store.apply(Edit.add("Draw", Annotation(shapely.box(0, 0, 1, 1))))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit.bookmark("Name", (replace(FIRST, name="other"), SECOND)), "not what the edit expects"),
        (Edit.bookmark("Add", (None, FIRST)), "not what the edit expects"),
        (Edit.bookmark("Name", (SECOND, None)), "not what the edit expects"),
        (Edit.bookmark("Both", (FIRST, None), (FIRST, replace(FIRST, name="x"))), "changed twice"),
        (Edit.bookmark("Add", (None, replace(SECOND, downsample=0.0))), "no place"),
        (Edit.bookmark("Add", (None, replace(SECOND, x=math.nan))), "no place"),
    ],
)
def test_what_does_not_fit_is_refused(edit: Edit, words: str) -> None:
    store = BookmarkStore([FIRST])
    with pytest.raises(EditConflictError, match=words):
        store.apply(edit)
    assert list(store) == [FIRST]


def test_joined_edits_keep_the_first_before_and_the_last_after() -> None:
    add = Edit.bookmark("Add", (None, FIRST))
    name = Edit.bookmark("Name", (FIRST, replace(FIRST, name="x")))
    assert add.then(name) == Edit.bookmark("Add", (None, replace(FIRST, name="x")))
    assert add.then(Edit.bookmark("Delete", (FIRST, None))).empty
    assert not name.empty
    assert Edit.bookmark("Name", (FIRST, FIRST)).empty
