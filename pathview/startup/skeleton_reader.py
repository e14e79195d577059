"""A reader to begin from: slides that are one NumPy array."""

from __future__ import annotations

from pathlib import Path

from pathview.core.files import atomic_write, write_text

_MANIFEST = """# What PathView reads without importing anything; docs/plugins.md explains each line.
id = "{name}"
api = 1
description = "Opens pictures that were saved with numpy.save. Replace it by your own format."

[[reader]]
name = "{name}"
title = "{title}"
endings = [".npy"]               # of the files that it takes, in lower case
magic = ["93 4e 55 4d 50 59"]    # or what such files begin with, whatever their names
factory = "reader:open_slide"    # module:function in this folder
sample = "sample.npy"            # a small slide, on which it is tried
"""

_READER = '''"""A reader of slides that are one array (height, width, 3) uint8 in an .npy file."""

import numpy as np

from pathview.slides import SlideOpenError, plain_info


class Reader:
    """Replace the inside of `__init__` and `read_level` by your own; `info` says what there is."""

    def __init__(self, path):
        self.pixels = np.load(path, mmap_mode="r", allow_pickle=False)
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise SlideOpenError(path, "it is not an array (height, width, 3) of uint8")
        height, width, _ = self.pixels.shape
        # (width, height) of each level, finest first; mpp=(x, y) in um/px if the file says it, never a guess.
        self.info = plain_info(path, [(width, height)], mpp=None)

    def read_level(self, level, x, y, w, h):
        """Return (h, w, 3) uint8, RGB: the window at (x, y), in pixels of the level that is read."""
        return np.array(self.pixels[y : y + h, x : x + w])

    def associated_images(self):
        """Return the label, macro and thumbnail by name."""
        return {}

    def icc_profile(self):
        """Return the colour profile's bytes, or None."""
        return None

    def close(self):
        """Release the file."""


def open_slide(path):
    """Return a reader, or None for a file that is not yours; what `factory` in plugin.toml names."""
    with open(path, "rb") as file:
        if file.read(6) != b"\\x93NUMPY":
            return None
    return Reader(path)
'''


def write_reader_skeleton(folder: Path, name: str, title: str) -> None:
    """Write manifest, code and sample of a reader; parameters and errors as `write_skeleton`."""
    import numpy as np

    write_text(folder / "plugin.toml", _MANIFEST.format(name=name, title=title))
    write_text(folder / "reader.py", _READER)
    ys, xs = np.mgrid[0:192, 0:256]
    sample = np.stack([200 + 0 * xs, 120 + xs // 4, 160 + ys // 4], axis=2).astype(np.uint8)
    with atomic_write(folder / "sample.npy") as file:
        np.save(file, sample)
