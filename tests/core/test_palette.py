from __future__ import annotations

import numpy as np
import pytest

from pathview.core.palette import COLORMAPS, NAMED, OKABE_ITO, class_color, colormap_table


@pytest.mark.parametrize("name", COLORMAPS)
def test_a_colormap_is_a_smooth_table(name: str) -> None:
    table = colormap_table(name)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    assert np.abs(np.diff(table.astype(int), axis=0)).max() <= 8
    assert len(np.unique(table, axis=0)) > 200


def test_an_unknown_colormap_is_an_error() -> None:
    with pytest.raises(KeyError):
        colormap_table("rainbow")


def test_colours_of_classes_are_stable() -> None:
    assert class_color("Tumor") == NAMED["Tumor"]
    assert class_color(None) == (255, 170, 0)
    assert class_color("Glomerulus") == class_color("Glomerulus")
    assert class_color("Glomerulus") in OKABE_ITO
