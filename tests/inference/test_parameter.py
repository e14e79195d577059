from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.errors import ModelError
from pathview.inference.parameter import Kind, Parameter, differing
from pathview.inference.source import ModelSource

NUMBER = Parameter("share", Kind.NUMBER, 0.5, 0, 1)
WHOLE = Parameter("count", Kind.INTEGER, 3, 1, 10)
SWITCH = Parameter("fast", Kind.SWITCH, False)
CHOICE = Parameter("mode", Kind.CHOICE, "soft", choices=("soft", "hard"))
ALL = (NUMBER, WHOLE, SWITCH, CHOICE)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (NUMBER, "0.25", 0.25), (NUMBER, "1", 1.0), (WHOLE, "10", 10), (SWITCH, "Yes", True),
        (SWITCH, "off", False), (CHOICE, "hard", "hard"),
    ],
)  # fmt: skip
def test_texts_of_the_command_line(parameter: Parameter, text: str, value: object) -> None:
    assert parameter.parsed(text) == value
    assert type(parameter.parsed(text)) is type(value)


@pytest.mark.parametrize(
    ("parameter", "text", "words"),
    [
        (NUMBER, "1.1", "share must be a number from 0 to 1, not '1.1'"),
        (NUMBER, "nan", "a number from 0 to 1"),
        (WHOLE, "2.5", "count must be a whole number from 1 to 10, not '2.5'"),
        (WHOLE, "", "a whole number"),
        (SWITCH, "perhaps", "fast must be true or false"),
        (CHOICE, "medium", "mode must be one of soft, hard"),
        (replace(NUMBER, least=None, most=None), "inf", "must be a number, not"),
        (replace(NUMBER, most=None), "-1", "a number of 0 or more"),
        (replace(WHOLE, least=None), "11", "a whole number of 10 or less"),
    ],
)
def test_what_cannot_be_set_is_said(parameter: Parameter, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parameter.parsed(text)


@given(st.sampled_from(ALL), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4))
def test_only_values_of_the_kind_pass(parameter: Parameter, value: Any) -> None:
    kinds = {Kind.NUMBER: float, Kind.INTEGER: int, Kind.SWITCH: bool, Kind.CHOICE: str}
    try:
        passed = parameter.checked(value)
    except ValueError:
        return
    assert type(passed) is kinds[parameter.kind]
    assert passed == value


def test_only_what_differs_counts() -> None:
    assert differing(ALL, {"fast": False, "count": 4, "share": 0.5}, "m") == (("count", 4),)
    with pytest.raises(ModelError, match="no parameter 'fats'; it has share, count, fast, mode"):
        differing(ALL, {"fats": True}, "m")
    with pytest.raises(ModelError, match="it has none"):
        differing((), {"fast": True}, "m")


def test_a_model_set_otherwise_has_a_version_of_its_own(texture: ModelSource) -> None:
    source = replace(
        texture, card=replace(texture.card, parameters=(replace(NUMBER, name="middle", most=60),))
    )
    assert source.with_values({"middle": 0.5}) is source
    changed = source.with_values({"middle": 12.0})
    assert changed.card.version == "1.0.0 [middle=12.0]"
    assert vars(changed.make())["middle"] == 12.0
    assert vars(source.make())["middle"] == 0.5
