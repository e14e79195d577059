"""From a damaged file to the screen: a tile that cannot be read is hatched, and its neighbours are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pathview.slides.made import coordinate_pixels, write_made_tiff
from pathview.slides.open import open_slide
from pathview.tiles.source import Rgb, SlideTiles
from pathview.view.compose import Scene
from pathview.view.layers import Layer
from pathview.view.state import ViewState
from pathview.view.viewport import Viewport

EDGE = 256


def test_a_damaged_tile_of_a_file_is_hatched(shoot: Callable[..., Rgb], tmp_path: Path) -> None:
    import tifffile

    path = write_made_tiff(tmp_path / "a.tif", (6 * EDGE, 4 * EDGE), tile=EDGE)
    with tifffile.TiffFile(path) as file:
        offset = file.pages.first.dataoffsets[6 * 2 + 2]
    with path.open("r+b") as raw:
        raw.seek(offset)
        raw.write(b"\xff" * 64)
    state = ViewState(Viewport((2 * EDGE, 2 * EDGE), 1.0, (320, 240)), (Layer("slide", "slide"),))
    with open_slide(path) as slide:
        picture = shoot(state, Scene(SlideTiles(slide, EDGE), background=(255, 255, 255)))
    x0, y0 = 2 * EDGE - 160, 2 * EDGE - 120
    right = coordinate_pixels(np.arange(x0, x0 + 320), np.arange(y0, y0 + 240))
    np.testing.assert_array_equal(picture[:120], right[:120])
    np.testing.assert_array_equal(picture[120:, :160], right[120:, :160])
    bad = picture[122:, 162:].astype(int)
    orange = (bad[..., 0] > 150) & (bad[..., 2] < 80)
    assert 0.02 < orange.mean() < 0.5
    assert not np.any(np.all(bad == 255, axis=-1) | np.all(bad == 0, axis=-1))
