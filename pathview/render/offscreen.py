"""Drawing into memory: where there is no graphics card, pixels get to the screen by other means."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy import gloo
from vispy.gloo import gl

from pathview.render.gl_calls import Fence, fence, read_pixels
from pathview.render.surface import Draw

# How the software rasterisers of Mesa, Qt, Google, Microsoft and Apple call themselves.
_SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "swiftshader", "gdi generic", "basic render")


def in_software(renderer: str | None = None) -> bool:
    """Tell whether OpenGL is worked out by the processor.

    Parameters
    ----------
    renderer
        What GL_RENDERER says; None asks the current context.
    """
    name = gl.glGetParameter(gl.GL_RENDERER) if renderer is None else renderer
    return any(word in str(name).lower() for word in _SOFTWARE)


class Offscreen:
    """Draws pictures into a framebuffer of its own; each method needs the context to be current.

    A software rasteriser works on threads of its own: between `begin` and `take` the caller is free.

    Parameters
    ----------
    context
        The vispy `GLContext`.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._target: Any = None
        self._pixels: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)
        self._fence: Fence | None = None

    def begin(self, size: tuple[int, int], draw: Draw) -> None:
        """Have `draw` draw a picture of `size`, (width, height) physical pixels, and go on."""
        target = self._fitting(size)
        with target:
            draw()
        self._context.flush_commands()
        self._fence = fence()

    @property
    def ready(self) -> bool:
        """Whether `take` would not have to wait."""
        return self._fence is None or self._fence.passed

    def take(self) -> NDArray[np.uint32]:
        """Return the picture as (height, width) 0xffRRGGBB, top row first, waiting until it is done."""
        with self._target:
            self._context.flush_commands()
            read_pixels(self._pixels)
        self._context.flush_commands()
        self._fence = None
        return self._pixels[::-1]

    def _fitting(self, size: tuple[int, int]) -> Any:
        width, height = size
        if self._pixels.shape != (height, width):
            if self._target is not None:
                self._target.color_buffer.delete()
                self._target.depth_buffer.delete()
                self._target.delete()
            self._pixels = np.zeros((height, width), np.uint32)
            self._target = gloo.FrameBuffer(
                gloo.Texture2D((height, width, 4)), gloo.RenderBuffer((height, width), "depth")
            )
        return self._target
