"""What the command palette lists, and in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pathview.app.palette_ranking import PaletteEntry, ranked

WORDS = st.text("abc ", min_size=1, max_size=8)


def entry(text: str, path: str = "", reason: str = "") -> PaletteEntry:
    return PaletteEntry(text, text, path, lambda: None, reason=reason)


def order(typed: str, *entries: PaletteEntry, recent: tuple[str, ...] = ()) -> list[str]:
    return [hit.entry.text for hit in ranked(typed, entries, recent)]


def test_beginnings_come_before_words_and_those_before_scattered_letters() -> None:
    entries = [entry("Darker ends"), entry("Show the red"), entry("Redo"), entry("Red"), entry("Zoom out")]
    assert order("red", *entries) == ["Red", "Redo", "Show the red", "Darker ends"]


def test_what_was_used_lately_floats_up_among_its_equals_only() -> None:
    entries = [entry("Zoom in"), entry("Zoom out"), entry("Fit the zoom")]
    assert order("zo", *entries) == ["Zoom in", "Zoom out", "Fit the zoom"]
    assert order("zo", *entries, recent=("Fit the zoom", "Zoom out")) == [
        "Zoom out",
        "Zoom in",
        "Fit the zoom",
    ]
    assert order("", *entries, recent=("Fit the zoom", "Zoom out")) == ["Fit the zoom", "Zoom out", "Zoom in"]


def test_what_cannot_be_done_now_comes_after_its_equals() -> None:
    entries = [entry("Pan left", reason="needs a slide"), entry("Panel: Log"), entry("Open panel")]
    assert order("pan", *entries) == ["Panel: Log", "Pan left", "Open panel"]


def test_letters_of_the_menu_help_and_are_marked_there() -> None:
    entries = [entry("Dark theme", "View"), entry("Dark ages", "History")]
    (hit,) = ranked("view dark", entries, ())
    assert (hit.text_marks, hit.path_marks) == ((0, 1, 2, 3), (0, 1, 2, 3))
    (hit,) = ranked("ages hist", entries, ())
    assert (hit.text_marks, hit.path_marks) == ((5, 6, 7, 8), (0, 1, 2, 3))


def test_letters_scattered_over_text_and_menu_find_nothing() -> None:
    assert order("run", entry("Open: CMU-1-Small-Region", "in work")) == []


@given(st.lists(WORDS, unique=True, max_size=8), st.lists(WORDS, max_size=4), st.text("abc", max_size=3))
def test_nothing_is_lost_doubled_or_made_up(texts: list[str], recent: list[str], typed: str) -> None:
    entries = [entry(text, "cab") for text in texts]
    hits = ranked(typed, entries, recent)
    assert len({hit.entry.key for hit in hits}) == len(hits)
    if not typed:
        assert {hit.entry.text for hit in hits} == set(texts)
    for hit in hits:
        spelled = {hit.entry.text[mark] for mark in hit.text_marks} | {"cab"[mark] for mark in hit.path_marks}
        assert spelled == set(typed)


@given(st.permutations(["alpha", "beta", "gamma", "delta"]), st.text("aet", max_size=2))
def test_among_equals_the_order_of_the_menus_stays(texts: list[str], typed: str) -> None:
    entries = [entry(text) for text in texts]
    alone = [hit.entry.text for hit in ranked("", entries, ())]
    assert alone == texts
    assert set(order(typed, *entries)) <= set(texts)
