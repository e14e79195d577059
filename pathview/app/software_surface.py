"""The canvas where there is no graphics card: drawn into memory, shown as any widget's picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext, QPainter, QPaintEvent, QSurfaceFormat
from PySide6.QtWidgets import QWidget
from vispy.gloo.context import GLContext, set_current_canvas

from pathview.render.offscreen import Offscreen, in_software
from pathview.render.surface import Draw

_LOOK_EVERY_MS = 1


class MemoryWidget(QWidget):
    """Shows the picture that a `SoftwareSurface` has drawn."""

    frameSwapped = Signal()
    """A new picture has been handed over; named as QOpenGLWidget's, which tells the same."""

    def __init__(self, surface: SoftwareSurface) -> None:
        super().__init__()
        self._surface = surface
        # All of it is painted each time: nothing need be cleared before.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what was drawn last; a widget that has changed its size waits for a picture that fits."""
        image = self._surface.image_that_fits()
        painter = QPainter(self)
        painter.drawImage(QPointF(0, 0), image)
        painter.end()


class SoftwareSurface:
    """A `Surface` that is drawn by the processor.

    With a window of OpenGL's own, or a widget for it, Qt would put the whole window together by OpenGL
    again for every frame, in software as well: that takes longer than drawing the slide. Here the picture is
    copied into the window instead, and the main thread does not wait while it is drawn.

    Parameters
    ----------
    gl_context
        Qt's context, created.
    target
        What it is made current with; nothing is drawn there.
    """

    def __init__(self, gl_context: QOpenGLContext, target: QOffscreenSurface) -> None:
        self._gl = gl_context
        self._gl_target = target
        self.context: Any = GLContext()
        self._offscreen = Offscreen(self.context)
        self._image = QImage()
        self._draw: Draw = _nothing
        self._again = False
        self.native = MemoryWidget(self)
        self.drawing = False
        self._look = QTimer(self.native, interval=_LOOK_EVERY_MS, timerType=Qt.TimerType.PreciseTimer)
        self._look.timeout.connect(self._on_look)
        # The context holds a copy of every tile that is shown: it must not outlive the window.
        self.native.destroyed.connect(gl_context.deleteLater)

    @classmethod
    def where_needed(cls) -> SoftwareSurface | None:
        """Return a surface if OpenGL is worked out by the processor here, else None."""
        form = QSurfaceFormat.defaultFormat()
        target = QOffscreenSurface()
        target.setFormat(form)
        target.create()
        gl_context = QOpenGLContext()
        gl_context.setFormat(form)
        if not gl_context.create() or not gl_context.makeCurrent(target):
            return None
        if in_software():
            return cls(gl_context, target)
        gl_context.doneCurrent()
        return None

    @property
    def physical_size(self) -> tuple[int, int]:
        """Width and height in physical pixels."""
        ratio = self.pixel_scale
        return max(1, round(self.native.width() * ratio)), max(1, round(self.native.height() * ratio))

    @property
    def pixel_scale(self) -> float:
        """Physical pixels per logical pixel."""
        return self.native.devicePixelRatioF()

    def serve(self, begin: Draw, draw: Draw) -> None:
        """Call `draw` to draw; the context stays the same for good."""
        self._draw = draw

    def set_current(self) -> None:
        """Make the context current."""
        self._gl.makeCurrent(self._gl_target)
        set_current_canvas(self)

    def update(self) -> None:
        """Begin to draw at once, or when what is being drawn is done."""
        if self.drawing:
            self._again = True
        elif self.native.isVisible():
            self._begin()
        else:
            self._image = QImage()  # it would show what is gone when it is seen again

    def renew(self) -> None:
        """Make another framebuffer for the next picture."""
        self._offscreen = Offscreen(self.context)
        self.drawing = False

    def image_that_fits(self) -> QImage:
        """Return the newest picture of the widget's present size, drawing one if there is none."""
        if (self._image.width(), self._image.height()) != self.physical_size:
            self._begin()
            self._finish()
        return self._image

    def close(self) -> None:
        """Stop looking, and let go of the context."""
        self._look.stop()
        self._gl.doneCurrent()
        self._gl.deleteLater()

    def _begin(self) -> None:
        self.set_current()
        self.drawing, self._again = True, False
        self._offscreen.begin(self.physical_size, self._draw)
        self._look.start()

    def _on_look(self) -> None:
        self.set_current()
        if self.drawing and self._offscreen.ready:
            self._finish()
            self.native.update()

    def _finish(self) -> None:
        self._look.stop()
        pixels = self._offscreen.take()
        height, width = pixels.shape
        if (self._image.width(), self._image.height()) != (width, height):
            self._image = QImage(width, height, QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(self.pixel_scale)
        rows = np.frombuffer(self._image.bits(), np.uint32).reshape(height, self._image.bytesPerLine() // 4)
        np.copyto(rows[:, :width], pixels)
        self.drawing = False
        self.native.frameSwapped.emit()
        if self._again:
            self.update()


def _nothing() -> None:
    """Draw nothing: nobody has said yet what."""
