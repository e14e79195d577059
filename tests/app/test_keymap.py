"""Which keys do what, with what the user changed."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.app import keymap
from pathview.app.keymap import FIXED, defaults, owner, readable, resolved

PRESSES = st.sampled_from(["M", "P", "Ctrl+E", "Ctrl+W", "K", "F5", "Shift+P", "Ctrl+Alt+J"])
CHANGES = st.lists(
    st.tuples(st.sampled_from(["tool_pan", "tool_polygon", "close", "about", "export_annotations"]), PRESSES),
    max_size=6,
)


def test_without_changes_everything_is_as_in_the_table() -> None:
    assert resolved({}) == defaults()


def test_no_default_is_a_fixed_key_and_all_can_be_read() -> None:
    for presses in defaults().values():
        assert not set(presses) & FIXED.keys()
        assert all(readable(press) == press for press in presses)
    assert all(readable(press) == press for press in FIXED)


@pytest.mark.parametrize(
    ("text", "press"),
    [("ctrl+shift+e", "Ctrl+Shift+E"), ("Escape", "Esc"), ("Delete", "Del"), ("", ""), ("rubbish", ""),
     ("Ctrl", ""), ("Ctrl+K, Ctrl+C", "")],
)  # fmt: skip
def test_words_of_a_key(text: str, press: str) -> None:
    assert readable(text) == press


def test_a_given_key_is_taken_from_the_action_that_has_it_by_default() -> None:
    keys = resolved({"tool_polygon": ("M",)})
    assert keys["tool_polygon"] == ("M",)
    assert keys["tool_pan"] == ()


@given(CHANGES)
def test_a_key_never_does_two_things(steps: list[tuple[str, str]]) -> None:
    changed: dict[str, tuple[str, ...]] = {}
    for key, press in steps:
        changed = keymap.given(changed, key, (press,))
        keys = resolved(changed)
        assert keys[key] == (press,)
        every = [press for presses in keys.values() for press in presses]
        assert len(every) == len(set(every))
        assert all(keys[name] == presses for name, presses in changed.items())


@given(CHANGES)
def test_what_is_put_back_leaves_nothing_behind(steps: list[tuple[str, str]]) -> None:
    changed: dict[str, tuple[str, ...]] = {}
    for key, press in steps:
        changed = keymap.given(changed, key, (press,))
    for key in list(defaults()):
        changed = keymap.given(changed, key, defaults()[key])
    assert changed == {}


def test_a_key_that_is_free_again_goes_back() -> None:
    changed = keymap.given({}, "tool_polygon", ("M",))
    assert changed == {"tool_polygon": ("M",)}
    assert resolved(keymap.given(changed, "tool_polygon", ("K",)))["tool_pan"] == ("M",)


def test_what_cannot_be_used_is_named_in_the_log_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    changed = {"wand": ("W",), "about": ("rubbish", "5", "K"), "close": ("k",), "tool_pan": ("M", "M")}
    with caplog.at_level(logging.WARNING):
        keys = resolved(changed)
    assert keys["about"] == () if "K" in keys["close"] else ("K",)
    assert keys["tool_pan"] == ("M",)
    for word in ("wand", "rubbish", "'5'"):
        assert word in caplog.text


def test_what_another_version_knows_is_kept() -> None:
    changed = keymap.given({"wand": ("W",)}, "about", ("K",))
    assert changed == {"wand": ("W",), "about": ("K",)}


@pytest.mark.parametrize("press", ["5", "Space", "rubbish"])
def test_fixed_keys_are_not_given_away(press: str) -> None:
    with pytest.raises(ValueError, match="not to be given away"):
        keymap.given({}, "about", (press,))


def test_the_owner_of_a_key() -> None:
    held = owner({}, "M")
    assert held is not None
    assert held.key == "tool_pan"
    assert owner({"tool_pan": ("K",)}, "M") is None
