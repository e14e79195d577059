from __future__ import annotations

import numpy as np

from pathview.inference.tissue import glass_colour
from pathview.inference.tissue_sample import tissue_sample
from pathview.slides.made import MadeReader
from pathview.slides.reader import Rgb
from pathview.slides.slide import Slide


class Painted(MadeReader):
    """A slide of one level that shows an image."""

    def __init__(self, image: Rgb) -> None:
        super().__init__((image.shape[1], image.shape[0]), downsamples=(1,), mpp=0.5)
        self.image = image

    def read_level(self, level: int, x: int, y: int, w: int, h: int) -> Rgb:
        return self.image[y : y + h, x : x + w]


def painted(tissue: tuple[int, int, int] | None) -> Slide:
    image = np.clip(np.random.default_rng(3).normal(240, 1.5, (1600, 1600, 3)), 0, 255).astype(np.uint8)
    if tissue is not None:
        image[400:1200, 400:1200] = tissue
    return Slide(Painted(image))


def test_the_sample_is_tissue_near_enough_to_see_cells() -> None:
    slide = painted((200, 120, 170))
    sample = tissue_sample(slide, slide.thumbnail(200))
    assert sample is not None
    assert sample.shape[1:] == (96, 3)
    assert len(sample) == 32 * 96
    assert np.mean(np.all(sample == (200, 120, 170), axis=-1)) > 0.7
    again = tissue_sample(slide, slide.thumbnail(200))
    assert again is not None
    assert np.array_equal(sample, again)


def test_glass_gives_none() -> None:
    slide = painted(None)
    assert tissue_sample(slide, slide.thumbnail(200)) is None


def test_the_colour_of_glass_is_found_where_there_is_any() -> None:
    thumbnail = painted((200, 120, 170)).thumbnail(200)
    found = glass_colour(thumbnail)
    assert found is not None
    assert np.all(np.abs(found - 240) <= 1)
    assert glass_colour(thumbnail[60:140, 60:140]) is None
