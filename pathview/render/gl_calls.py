"""The few calls of OpenGL that vispy does not offer: fences, and reading pixels in place."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from vispy.gloo import gl
from vispy.gloo.gl import gl2

# Names in the OpenGL 3.2 core specification.
_SYNC_GPU_COMMANDS_COMPLETE = 0x9117
_SYNC_FLUSH_COMMANDS_BIT = 1
_TIMEOUT_EXPIRED = 0x911B
_BGRA = 0x80E1
_UNSIGNED_INT_8_8_8_8_REV = 0x8367

_uint, _int, _pointer = ctypes.c_uint, ctypes.c_int, ctypes.c_void_p


class Fence:
    """Tells when everything asked of the current context so far is done."""

    def __init__(self) -> None:
        self._name = _call("glFenceSync", _pointer, _uint, _uint)(_SYNC_GPU_COMMANDS_COMPLETE, 0)
        # Nothing would begin before something waits.
        gl.glFlush()

    @property
    def passed(self) -> bool:
        """Whether it is done; once it is, it stays so."""
        if self._name is None:
            return True
        wait = _call("glClientWaitSync", _uint, _pointer, _uint, ctypes.c_uint64)
        if wait(self._name, _SYNC_FLUSH_COMMANDS_BIT, 0) == _TIMEOUT_EXPIRED:
            return False
        _call("glDeleteSync", None, _pointer)(self._name)
        self._name = None
        return True


def fence() -> Fence | None:
    """Return a fence behind all that was asked for; None where the GL is older than fences (3.2)."""
    try:
        return Fence()
    except RuntimeError:  # what vispy raises for a function that is not there
        return None


def read_pixels(into: NDArray[np.uint32]) -> None:
    """Read the current framebuffer's lower left corner into (height, width) 0xAARRGGBB, bottom row first."""
    height, width = into.shape
    read = _call("glReadPixels", None, _int, _int, _int, _int, _uint, _uint, _pointer)
    read(0, 0, width, height, _BGRA, _UNSIGNED_INT_8_8_8_8_REV, into.ctypes.data)


@cache
def _call(name: str, result: Any, *arguments: Any) -> Any:
    return gl2._get_gl_func(name, result, arguments)
