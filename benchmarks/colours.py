"""Colour conversion of a 512 x 512 tile of H&E: PathView's table against LittleCMS and Pillow's own tables.

    python -m benchmarks.colours SLIDE

All take turns, so that none finds its tables in the cache; medians of processor time, and the largest
difference to LittleCMS.
"""

from __future__ import annotations

import io
import statistics
import struct
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms, ImageFilter

from pathview.core.geometry import Box
from pathview.core.region import Region
from pathview.slides.colour import DisplayColour
from pathview.slides.open import open_slide
from pathview.slides.reader import Rgb

ROUNDS = 41


def profile() -> bytes:
    """Return sRGB's profile with red and blue exchanged and another exponent."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = plain.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    return swapped.replace(struct.pack(">I", round(2.4 * 65536)), struct.pack(">I", round(1.9 * 65536)))


def pillow_table(size: int, convert: Callable[[Rgb], Rgb]) -> Callable[[Rgb], Rgb]:
    steps = np.linspace(0, 255, size).round().astype(np.uint8)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    entries = convert(np.stack([red, green, blue], axis=-1).reshape(size, -1, 3)).reshape(-1) / 255
    table = ImageFilter.Color3DLUT(size, entries.tolist())
    return lambda pixels: np.asarray(Image.fromarray(pixels).filter(table))


def main(path: str) -> None:
    embedded = profile()
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(embedded)),
        ImageCms.createProfile("sRGB"),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.NOCACHE | ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )

    def littlecms(pixels: Rgb) -> Rgb:
        return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform))

    colour = DisplayColour.of(embedded)
    assert colour.converts
    ways: dict[str, Callable[[Rgb], Rgb]] = {"table of colours met": colour.apply, "LittleCMS": littlecms}
    ways |= {f"Pillow, {size} cubed": pillow_table(size, littlecms) for size in (17, 33)}
    with open_slide(path) as slide:
        centre_x, centre_y = slide.info.size[0] / 2, slide.info.size[1] / 2
        tile = slide.read(Region(Box(centre_x - 256, centre_y - 256, centre_x + 256, centre_y + 256), 1.0))
    tile = np.ascontiguousarray(tile)
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.thread_time()
            way(tile)
            took[name].append(time.thread_time() - start)
    want = littlecms(tile).astype(int)
    for name, way in ways.items():
        far = int(np.abs(way(tile).astype(int) - want).max())
        usual = f"{statistics.median(took[name]) * 1e3:6.2f} ms"
        print(f"{name:<22} {usual}   first {took[name][0] * 1e3:6.1f} ms   off by {far}")


if __name__ == "__main__":
    main(sys.argv[1])
