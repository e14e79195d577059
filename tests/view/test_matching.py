"""Finding a command by a few of its letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.view.matching import Match, Quality, match

TEXTS = st.text("abc XYé-", max_size=12)
TYPED = st.text("abcxyé ", max_size=5)


def found(typed: str, text: str) -> Match:
    hit = match(typed, text)
    assert hit is not None
    return hit


def rank(typed: str, text: str) -> tuple[int, tuple[int, int, int]]:
    hit = found(typed, text)
    return hit.quality, hit.cost


@given(TYPED, TEXTS)
def test_a_text_fits_exactly_when_it_holds_the_letters_in_order(typed: str, text: str) -> None:
    rest = iter(text.casefold())
    holds = all(letter in rest for letter in typed.casefold() if not letter.isspace())
    assert (match(typed, text) is not None) == holds


@given(TYPED, TEXTS)
def test_the_marks_spell_what_was_typed(typed: str, text: str) -> None:
    hit = match(typed, text)
    if hit is not None:
        assert list(hit.marks) == sorted(set(hit.marks))
        spelled = "".join(text[place] for place in hit.marks)
        assert spelled.casefold() == "".join(typed.split()).casefold()


@given(st.text("abcxyz", min_size=1, max_size=5), st.text("abc x", min_size=1, max_size=5), TEXTS)
def test_the_whole_text_comes_first_and_then_a_beginning(typed: str, more: str, other: str) -> None:
    assert found(typed, typed).quality is Quality.EXACT
    assert found(typed, typed + more).quality is Quality.PREFIX
    if (hit := match(typed, other)) is not None and not other.casefold().startswith(typed):
        assert hit.quality > Quality.PREFIX


@given(st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=4))
def test_the_first_letters_of_words_are_never_scattered(words: list[str]) -> None:
    initials = "".join(word[0] for word in words)
    assert found(initials, " ".join(words)).quality < Quality.SCATTERED
    assert found(initials, "> " + " ".join(words)).quality is Quality.WORDS


@given(TYPED, TEXTS)
def test_case_does_not_matter(typed: str, text: str) -> None:
    assert match(typed.upper(), text) == match(typed, text)


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("re", "Redo", "Freehand"),
        ("re", "Redo", "Show the region"),
        ("er", "Export region …", "Pierced region"),
        ("zo", "Zoom in", "Horizontal"),
        ("ann", "Show annotations", "A new name"),
        ("in", "Zoom in", "Run in the selection"),
        ("pan", "Pan", "Pan left"),
    ],
)
def test_what_people_mean_comes_first(typed: str, better: str, worse: str) -> None:
    assert rank(typed, better) < rank(typed, worse)


def test_letters_are_taken_where_they_belong_together() -> None:
    assert found("sel", "Use the selection").marks == (8, 9, 10)
    assert found("rs", "Run in the selection").marks == (0, 11)
    assert found("", "anything").marks == ()
    assert match("x", "") is None


def test_a_long_text_is_no_trouble() -> None:
    assert match("a" * 50, "a " * 500) is not None
