from typing import Any

import pytest

from pathview.core.geometry import Box
from pathview.inference.hotspots import Hotspot
from pathview.view.hotspot_view import viewport_of
from pathview.view.viewport import Viewport

VIEW = Viewport((0.0, 0.0), 5.0, (800, 600))


def spot(box: Box) -> Hotspot:
    return Hotspot(box, box.center, 1.0, 1.0, box.width * box.height)


def test_a_region_is_seen_whole_with_tissue_round_it() -> None:
    view: Any = viewport_of(spot(Box(1000, 2000, 5000, 3000)), 100.0, VIEW)
    assert view.box().width == pytest.approx(4000 / 0.7)
    assert view.center == (3000, 2500)
    assert view.size == VIEW.size


def test_a_single_cell_is_seen_among_its_neighbours() -> None:
    view: Any = viewport_of(spot(Box(1000, 1000, 1100, 1100)), 100.0, VIEW)
    assert view.box().height == pytest.approx(400 / 0.7)
    assert view.center == (1050, 1050)


def test_a_turned_view_stays_turned() -> None:
    turned = Viewport((0.0, 0.0), 5.0, (800, 600), 90.0, True)
    view: Any = viewport_of(spot(Box(0, 0, 4000, 1000)), 100.0, turned)
    assert (view.rotation, view.flipped) == (90.0, True)
    seen = view.box()
    assert seen.width > 4000
    assert seen.height > 1000
