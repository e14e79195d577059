"""Channels: windows that suit what was measured, and the sum of colours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pathview.slides.channels import (
    Channel,
    ChannelLook,
    Look,
    auto_window,
    default_colours,
    first_look,
    red_green_blue,
    render,
)

WHITE = (255, 255, 255)
TYPES = ["uint8", "uint16", "int16", "uint32", "float32", "float64"]


@given(hnp.arrays(st.sampled_from(TYPES), hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=20)))
def test_a_window_can_always_be_shown(values: np.ndarray) -> None:
    with np.errstate(over="ignore"):
        low, high = auto_window(values)
    if np.abs(np.nan_to_num(values.astype(float), posinf=0, neginf=0)).max(initial=0) < 1e15:
        ChannelLook(True, WHITE, low, high)


def test_a_window_leaves_out_hot_pixels() -> None:
    values = np.full(100_000, 200, np.uint16)
    values[:50_000] = 100
    values[:20] = 65_535
    values[20:40] = 0
    assert auto_window(values) == (100.0, 200.0)


@given(hnp.arrays(np.uint8, (5, 7, 1)))
def test_eight_bits_in_full_are_shown_as_they_are(samples: np.ndarray) -> None:
    shown = render(samples, Look(0, (ChannelLook(True, WHITE, 0, 255),)))
    np.testing.assert_array_equal(shown, np.repeat(samples, 3, axis=2))


def test_colours_add_up_and_end_at_full() -> None:
    samples = np.array([[[1000, 1000], [2000, 0], [0, 3000], [500, 500]]], np.uint16)
    look = Look(0, (ChannelLook(True, (255, 0, 0), 0, 1000), ChannelLook(True, (255, 200, 0), 1000, 2000)))
    np.testing.assert_array_equal(
        render(samples, look), [[[255, 0, 0], [255, 0, 0], [255, 200, 0], [128, 0, 0]]]
    )
    np.testing.assert_array_equal(
        render(samples, look.with_channel(0, visible=False)),
        [[[0, 0, 0], [0, 0, 0], [255, 200, 0], [0, 0, 0]]],
    )


def test_what_is_no_number_is_dark() -> None:
    samples = np.array([[[np.nan], [np.inf], [-np.inf], [0.5]]], np.float32)
    shown = render(samples, Look(0, (ChannelLook(True, WHITE, 0, 1),)))
    np.testing.assert_array_equal(shown[0, :, 0], [0, 255, 0, 128])


def test_the_first_look_shows_few_of_many_channels_and_the_middle_plane() -> None:
    channels = tuple(Channel(f"c{n}", colour) for n, colour in enumerate(default_colours(40)))
    look = first_look(channels, 7, np.zeros((9, 1, 40), np.uint16))
    assert look.plane == 3
    assert sum(channel.visible for channel in look.channels) == 6


def test_colour_pictures_keep_their_hue() -> None:
    samples = np.stack([np.full((50, 50), value, np.uint16) for value in (4000, 2000, 1000)], axis=2)
    look = first_look(red_green_blue(), 1, samples)
    np.testing.assert_array_equal(render(samples, look)[0, 0], [255, 128, 64])


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (0, float("nan")), (float("-inf"), 1)])
def test_a_window_that_makes_no_sense_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="cannot be shown"):
        ChannelLook(True, WHITE, low, high)
