"""Text that may be passed on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.redact import redacted

WORD = st.text("abcXYZ 0123_-é", min_size=1, max_size=10).filter(lambda word: word == word.strip())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Cannot open /home/jane/Smith J 123.svs: no slide", "Cannot open <path>.svs: no slide"),
        ("/data/a b/c.tif does not state its size, which", "<path>.tif does not state its size, which"),
        (r"Cannot open C:\Users\Jane Doe\x y.ndpi: gone", "Cannot open <path>.ndpi: gone"),
        (r"Cannot open \\server\share\x.svs", "Cannot open <path>.svs"),
        ("Study /home/jane/study: locked", "Study <path>: locked"),
        ("12 tiles/s at 0.25 um/px, and/or", "12 tiles/s at 0.25 um/px, and/or"),
        ("opened https://host/a/Smith.svs?key=7 (aperio)", "opened <address> (aperio)"),
        ("opened Smith.svs (aperio)", "opened <file>.svs (aperio)"),
        ('File "/opt/x/pathview/app/menus.py", line 3', 'File "pathview/app/menus.py", line 3'),
        ('File "/usr/lib/python3/queue.py", line 3', 'File "<path>.py", line 3'),
        ("PatientName = Doe^Jane\nall is well", "[left out]\nall is well"),
        ("", ""),
    ],
)
def test_what_is_left(text: str, kept: str) -> None:
    assert redacted(text) == kept


def test_known_names_go_even_with_spaces() -> None:
    assert redacted("gave up on Jane Doe 7.svs twice", ["Jane Doe 7.svs"]) == "gave up on <file>.svs twice"


@given(st.lists(WORD, min_size=1, max_size=4), st.sampled_from([".svs", ".tif", ".mrxs"]))
def test_no_part_of_a_path_in_a_sentence_stays(parts: list[str], suffix: str) -> None:
    text = f"Cannot open /{'/'.join(parts)}{suffix}: damaged"
    assert redacted(text) == f"Cannot open <path>{suffix}: damaged"


@given(st.text(max_size=60))
def test_it_is_stable_and_never_fails(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once
