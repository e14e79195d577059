"""Whole-slide files in: readers behind one `Slide`. What a plugin's reader needs is named here and stays."""

from pathview.core.errors import SlideOpenError, TileReadError
from pathview.core.files import fingerprint
from pathview.core.geometry import Box
from pathview.slides.plain_info import plain_info
from pathview.slides.reader import Level, Rgb, SlideInfo, SlideReader

__all__ = [
    "Box", "Level", "Rgb", "SlideInfo", "SlideOpenError", "SlideReader", "TileReadError",
    "fingerprint", "plain_info",
]  # fmt: skip
