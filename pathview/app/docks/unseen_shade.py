"""The shading of the overview: worked out when the slide, what was looked at, or the limit is another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, QSize, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap

from pathview.app.docks.unseen import Unseen, shading, unseen
from pathview.app.reading import Reading
from pathview.app.workspace import Workspace
from pathview.inference.tissue import coloured
from pathview.slides.reader import Rgb
from pathview.study.session import Session

# What is looked at changes ten times a second while one moves.
_LATER_MS = 250


class UnseenShade(QObject):
    """Shades tissue that was not looked at, on a thumbnail of the slide, while that is switched on.

    Parameters
    ----------
    workspace
        Whose slide it is.
    reading
        What was looked at.
    parent
        Owner.
    """

    changed = Signal()
    """It looks different, or is switched on or off."""

    def __init__(self, workspace: Workspace, reading: Reading, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._reading = reading
        self._thumbnail: Rgb | None = None
        self._asked = False
        self._tissue: NDArray[np.bool_] | None = None
        self.unseen: Unseen | None = None
        self._drawn: tuple[Unseen, QSize, QPixmap] | None = None
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self.follow)
        reading.changed.connect(self._on_reading)

    @property
    def on(self) -> bool:
        """Whether it is switched on and there is a slide."""
        return self._workspace.settings.show_coverage and self._workspace.session is not None

    def take(self, thumbnail: Rgb | None) -> None:
        """Find tissue on a thumbnail of the whole slide, (h, w, 3) uint8; None without a slide."""
        self._thumbnail, self._asked, self._tissue, self.unseen = thumbnail, False, None, None
        self.follow()

    def follow(self) -> None:
        """Work the shading out anew."""
        session, coverage = self._workspace.session, self._reading.coverage
        if self.on and session is not None and coverage is not None:
            if self._tissue is None:
                self._find_tissue(session)
            else:
                size = session.slide.info.size
                self.unseen = unseen(coverage, self._tissue, size, self._reading.limit)
        self.changed.emit()

    def paint(self, painter: QPainter, place: QRectF) -> None:
        """Draw it over the thumbnail that fills `place`."""
        if not self.on or self.unseen is None:
            return
        # In device pixels, so that the lines are sharp.
        size = place.size().toSize() * painter.device().devicePixelRatio()
        if self._drawn is None or self._drawn[0] is not self.unseen or self._drawn[1] != size:
            self._drawn = self.unseen, size, shading(self.unseen.mask, size)
        painter.drawPixmap(place, self._drawn[2], QRectF(self._drawn[2].rect()))

    def _on_reading(self) -> None:
        if self.on and self.unseen is not None:
            self._later.start()
        else:
            self.follow()

    def _find_tissue(self, session: Session) -> None:
        thumbnail = self._thumbnail
        if thumbnail is None or self._asked:
            return
        self._asked = True

        def found(mask: NDArray[np.bool_]) -> None:
            if self._thumbnail is thumbnail and self._workspace.session is session:
                self._tissue = mask
                self.follow()

        self._workspace.background.run(lambda: coloured(thumbnail), found, lambda _: None)
