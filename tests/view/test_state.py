from __future__ import annotations

from dataclasses import replace

import pytest

from pathview.view.layers import Layer
from pathview.view.state import View, ViewState
from pathview.view.viewport import Viewport

SLIDE, HEAT = Layer("slide", "slide"), Layer("heat", "heatmap")
STATE = ViewState(Viewport((0, 0), 1.0, (100, 100)), (SLIDE, HEAT))


def test_a_layer_is_found_by_its_name() -> None:
    assert STATE.layer("heat") == HEAT
    with pytest.raises(KeyError):
        STATE.layer("none")


def test_a_layer_is_replaced_in_its_place_or_added_on_top() -> None:
    dim = replace(SLIDE, opacity=0.5)
    assert STATE.with_layer(dim).layers == (dim, HEAT)
    new = Layer("new", "heatmap")
    assert STATE.with_layer(new).layers == (SLIDE, HEAT, new)
    assert STATE.with_layer(new).without_layer("new") == STATE


def test_what_cannot_be_seen_is_not_shown() -> None:
    assert HEAT.shown
    assert not replace(HEAT, visible=False).shown
    assert not replace(HEAT, opacity=0.0).shown


def test_listeners_hear_old_and_new_and_only_of_changes() -> None:
    view, heard = View(STATE), []
    view.changed.connect(lambda old, new: heard.append((old, new)))
    view.set(replace(STATE))
    assert heard == []
    other = replace(STATE, tool="select")
    view.set(other)
    assert heard == [(STATE, other)]
    assert view.state is other
