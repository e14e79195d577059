import re
from typing import Any

import pytest

from pathview.inference.card import Task
from pathview.startup.card_fields import Words, read_card

CLASSIFY = {"name": "m", "version": "1", "task": "classify", "mpp": 0.5, "patch": 64, "classes": ["a", "b"]}
EMBED = {"name": "m", "version": "1", "task": "embed", "mpp": 0.5, "patch": 64, "features": 512}
DETECT = CLASSIFY | {"task": "detect", "halo": 8, "classes": ["Nucleus"]}
SEGMENT = CLASSIFY | {"task": "segment", "halo": 8, "output_stride": 4}


def defects(entry: dict[str, Any]) -> str:
    found: list[str] = []
    assert read_card(entry, Words(), found) is None
    return "\n".join(found)


def test_a_model_that_embeds_has_features_and_no_classes() -> None:
    card = read_card(EMBED, Words(), [])
    assert card is not None
    assert (card.task, card.features, card.classes, card.positive) == (Task.EMBED, 512, (), "")
    assert card.output_shape == (512,)


def test_the_stride_of_a_segmentation_follows_from_its_halo() -> None:
    card = read_card(SEGMENT, Words(), [])
    assert card is not None
    assert (card.stride, card.output_shape) == (48, (2, 16, 16))


def test_a_detector_may_have_one_class_and_its_stride_follows_from_its_halo() -> None:
    card = read_card(DETECT, Words(), [])
    assert card is not None
    assert (card.stride, card.halo, card.classes, card.positive) == (48, 8, ("Nucleus",), "Nucleus")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (CLASSIFY | {"features": 5}, '"features" means nothing where "task" is "classify"'),
        (CLASSIFY | {"halo": 5}, '"halo" means nothing where "task" is "classify"'),
        (CLASSIFY | {"task": "guess"}, '"task" must be one of "classify"'),
        (EMBED | {"features": 0}, '"features" must be how many features'),
        (EMBED | {"features": True}, "not True"),
        (EMBED | {"classes": ["a", "b"]}, '"classes" must be left out or empty'),
        (EMBED | {"positive": "a"}, '"positive" is of classes, and a model that embeds has none'),
        (EMBED | {"reference": [{"tile": "a.png"}]}, '"reference" means nothing where "task" is "embed"'),
        (DETECT | {"stride": 56}, '"stride" of 56 px leaves pixels .* write 48 or less'),
        (DETECT | {"halo": -1}, '"halo" must be a whole number'),
        (DETECT | {"classes": []}, '"classes" must list one or more different names'),
        (DETECT | {"multi_label": True}, '"multi_label" is of patches'),
        (DETECT | {"output_stride": 2}, '"output_stride" means nothing where "task" is "detect"'),
        (SEGMENT | {"halo": 32}, '"halo" must be a whole number of pixels below half the patch'),
        (SEGMENT | {"halo": "8"}, "not '8'"),
        (SEGMENT | {"stride": 56}, '"stride" of 56 px leaves pixels .* write 48 or less'),
        (SEGMENT | {"output_stride": 0}, '"output_stride" must be how many pixels'),
        (SEGMENT | {"output_stride": 16, "halo": 8}, '"output_stride" of 16 does not fit'),
    ],
)
def test_what_does_not_fit_the_task_is_refused_in_words(entry: dict[str, Any], fault: str) -> None:
    assert re.search(fault, defects(entry)), defects(entry)
