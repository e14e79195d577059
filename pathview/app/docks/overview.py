"""The overview: the whole slide, and where one looks."""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from pathview.app.after_tiles import AfterTiles
from pathview.app.docks.coverage_legend import CoverageLegend
from pathview.app.docks.unseen_shade import UnseenShade
from pathview.app.reading import Reading
from pathview.app.workspace import Workspace
from pathview.slides.channels import Look
from pathview.slides.reader import Rgb
from pathview.study.session import Session
from pathview.tiles.source import SlideTiles

_EDGE = 700
_LATER_MS = 150
_EMPTY = "Open a slide to see it here"


class _Shown(NamedTuple):
    """A thumbnail, of which look of the slide it is, and in whose colours the pixmap is."""

    look: Look | None
    thumbnail: Rgb
    tiles: SlideTiles
    pixmap: QPixmap


class OverviewDock(QWidget):
    """A thumbnail, in the colours of the canvas, with the frame of the view; a click or a drag goes there.

    Parameters
    ----------
    workspace
        Whose slide and view are shown.
    reading
        What was looked at; the rest of the tissue is shaded on request.
    """

    def __init__(self, workspace: Workspace, reading: Reading) -> None:
        super().__init__()
        self.setObjectName("overview")
        self._workspace = workspace
        self._thumbnail: Rgb | None = None  # in the file's own numbers
        self._tiles: SlideTiles | None = None  # in whose colours the pixmap is, or will be
        self._pixmap: QPixmap | None = None
        # As they were shown last, so that going from one open slide to another reads and blanks nothing.
        self._known: WeakKeyDictionary[Session, _Shown] = WeakKeyDictionary()
        self.shade = UnseenShade(workspace, reading, self)
        self.legend = CoverageLegend(workspace, reading)
        self.legend.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch(1)
        column.addWidget(self.legend)
        self.shade.changed.connect(self._show_legend)
        self.setMinimumHeight(80)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click or drag to go there")
        self.setAccessibleName("Overview")
        self.setAccessibleDescription(_EMPTY)
        self._first = AfterTiles(workspace.loader, self._fetch, self)
        workspace.slide_changed.connect(self._on_slide)
        workspace.layers_changed.connect(self._convert)
        # A slider that is dragged changes the look many times a second.
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._fetch)
        workspace.looks.changed.connect(lambda: self._later.start())
        workspace.view.changed.connect(self._on_view)
        self._on_slide(workspace.session)

    def sizeHint(self) -> QSize:
        """Ask for the shape of a slide on its side."""
        return QSize(280, 140)

    def _on_slide(self, session: Session | None) -> None:
        self._thumbnail = self._tiles = self._pixmap = None
        self._later.stop()
        self.setAccessibleDescription(
            _EMPTY if session is None else "The whole slide, and what of it is in view"
        )
        self.shade.take(None)
        self.update()
        self._first.stop()
        known = None if session is None else self._known.get(session)
        if known is not None and known.look == self._workspace.looks.look:
            self._thumbnail, self._tiles, self._pixmap = known.thumbnail, known.tiles, known.pixmap
            self.shade.take(known.thumbnail)
            self._convert()
        elif session is not None:
            self._first.start()

    def _show_legend(self) -> None:
        session, unseen = self._workspace.session, self.shade.unseen
        self.legend.setVisible(self.shade.on)
        if self.shade.on and session is not None:
            self.legend.show_limit(session.slide.info.mpp)
            if unseen is not None:
                self.legend.show_share(unseen.share)
        self.update()

    def _fetch(self) -> None:
        session, look = self._workspace.session, self._workspace.looks.look
        if session is not None:
            slide = session.slide
            self._workspace.background.run(
                lambda: slide.thumbnail(_EDGE, look),
                lambda pixels: self._keep(session, look, pixels),
                lambda _: None,
            )

    def _keep(self, session: Session, look: Look | None, thumbnail: Rgb) -> None:
        if self._workspace.session is session and self._workspace.looks.look == look:
            self._thumbnail, self._tiles = thumbnail, None
            self.shade.take(thumbnail)
            self._convert()

    def _convert(self) -> None:
        """Show the thumbnail in the colours of the canvas, unless it is in them already."""
        tiles, thumbnail = self._workspace.scene.slide_tiles, self._thumbnail
        if thumbnail is None or tiles is self._tiles or not isinstance(tiles, SlideTiles):
            return
        self._tiles = tiles
        # A quarter of a million new colours take LittleCMS longer than a frame may.
        self._workspace.background.run(
            lambda: tiles.colour.apply(thumbnail), lambda pixels: self._show(tiles, pixels), lambda _: None
        )

    def _show(self, tiles: SlideTiles, pixels: Rgb) -> None:
        session, thumbnail = self._workspace.session, self._thumbnail
        if self._tiles is tiles and session is not None and thumbnail is not None:
            self._pixmap = QPixmap.fromImage(to_image(pixels))
            self._known[session] = _Shown(self._workspace.looks.look, thumbnail, tiles, self._pixmap)
            self.update()

    def _on_view(self, old: object, new: object) -> None:
        self.update()

    def _target(self) -> tuple[QRectF, float] | None:
        """Return where the thumbnail lies and its logical pixels per level-0 pixel."""
        session = self._workspace.session
        if session is None:
            return None
        width, height = session.slide.info.size
        free = self.height() - (0 if self.legend.isHidden() else self.legend.height())
        scale = max(min((self.width() - 8) / width, (free - 8) / height), 1e-9)
        left, top = (self.width() - width * scale) / 2, (free - height * scale) / 2
        return QRectF(left, top, width * scale, height * scale), scale

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the thumbnail and the frame."""
        target = self._target()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if target is None:
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _EMPTY)
            painter.end()
            return
        place, scale = target
        if self._pixmap is not None:
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
            self.shade.paint(painter, place)
        painter.setClipRect(place.adjusted(-2, -2, 2, 2))
        viewport = self._workspace.view.state.viewport
        width, height = viewport.size
        corners = [viewport.to_slide(*at) for at in ((0, 0), (width, 0), (width, height), (0, height))]
        # Where the view reaches past the slide, the frame follows the slide's edge and stays in sight.
        frame = QPolygonF(
            [QPointF(place.x() + x * scale, place.y() + y * scale) for x, y in corners]
        ).intersected(QPolygonF(place))
        # Dark under light: the frame shows on pale tissue, on glass and on dark slides alike.
        for color, thickness in ((QColor(255, 255, 255, 220), 4.0), (QColor(60, 40, 130), 2.0)):
            painter.setPen(QPen(color, thickness))
            painter.drawPolygon(frame)
        if frame.boundingRect().width() < 8:
            painter.setBrush(QColor(60, 40, 130))
            painter.drawEllipse(frame.boundingRect().center(), 4, 4)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where was clicked."""
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the drag."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def _go(self, at: QPointF) -> None:
        target = self._target()
        if target is not None:
            place, scale = target
            x, y = (at.x() - place.x()) / scale, (at.y() - place.y()) / scale
            self._workspace.look(self._workspace.view.state.viewport.centered(x, y))


def to_image(pixels: Rgb) -> QImage:
    """Return (h, w, 3) uint8 pixels as a QImage of its own memory."""
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
