"""What draws OpenGL here; `pathview doctor` asks it in a process of its own."""

from __future__ import annotations

import sys

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

_RENDERER, _VERSION = 0x1F01, 0x1F02


def main() -> int:
    """Print the name of the renderer and its version of OpenGL; 1 where there is none."""
    application = QGuiApplication(sys.argv[:1])
    context, surface = QOpenGLContext(), QOffscreenSurface()
    surface.create()
    if not context.create() or not context.makeCurrent(surface):
        sys.stderr.write("there is no OpenGL here\n")
        return 1
    functions = context.functions()
    name, version = functions.glGetString(_RENDERER), functions.glGetString(_VERSION)
    sys.stdout.write(f"{name}, OpenGL {version}\n")
    context.doneCurrent()
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
