"""The line under the overview that says what its shading means."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from pathview.app.docks.unseen import hatch
from pathview.app.elided_label import ElidedLabel
from pathview.app.reading import Reading
from pathview.app.workspace import Workspace

LIMITS_UM = (0.25, 0.5, 1.0, 2.0, 4.0)


class CoverageLegend(QWidget):
    """A hatched square, from which magnification on a place counts as seen, and how much was seen.

    Parameters
    ----------
    workspace
        Whose slide is shown.
    reading
        What was looked at.
    """

    def __init__(self, workspace: Workspace, reading: Reading) -> None:
        super().__init__()
        self._workspace = workspace
        self.limit = QComboBox()
        self.limit.setAccessibleName("From which resolution on tissue counts as seen")
        self.limit.setToolTip("How closely tissue must have been looked at to count as seen")
        self.limit.activated.connect(lambda index: reading.judge_at(LIMITS_UM[index]))
        self.share = ElidedLabel("100 % seen")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 4)
        row.setSpacing(6)
        row.addWidget(_Swatch())
        row.addWidget(QLabel("not seen at"))
        row.addWidget(self.limit)
        row.addWidget(self.share, 1)

    def show_limit(self, mpp: tuple[float, float] | None) -> None:
        """Word the choices for a slide of that pixel size, in um/px, or for one of which nobody knows it."""
        words = [f"≤ {um:g} µm/px" if mpp is not None else f"≤ 1:{4 * um:g}" for um in LIMITS_UM]
        if words != [self.limit.itemText(index) for index in range(self.limit.count())]:
            self.limit.clear()
            self.limit.addItems(words)
        self.limit.setCurrentIndex(LIMITS_UM.index(self._workspace.settings.coverage_um))

    def show_share(self, share: float | None) -> None:
        """Say how much of the tissue was seen; None where no tissue was found."""
        # Rounded down: all of it is said only of all of it.
        self.share.setText("no tissue" if share is None else f"{int(100 * share)} % seen")


class _Swatch(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Hatched: tissue that was not looked at")

    def sizeHint(self) -> QSize:
        """Ask for a small square."""
        return QSize(16, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it as the overview shades."""
        painter = QPainter(self)
        hatch(painter, QRectF(self.rect()))
        painter.setPen(self.palette().mid().color())
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
