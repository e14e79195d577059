"""Shader programs, made from the GLSL files of this package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from vispy import gloo


def program(vertex: str, fragment: str, *defined: str) -> Any:
    """Return a gloo program of two files of `pathview.render.shaders`, for example "tiles", "rgb".

    The words of `defined` are defined for the preprocessor of the second.
    """
    shaders = files("pathview.render") / "shaders"
    words = "".join(f"#define {word}\n" for word in defined)
    return gloo.Program(
        (shaders / f"{vertex}.vert").read_text("utf-8"),
        words + (shaders / f"{fragment}.frag").read_text("utf-8"),
    )
