"""The list of suspicious regions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from pathview.app.docks.view_pictures import SIZE, ViewPictures
from pathview.app.key_guard import UNSEARCHED
from pathview.app.scale_words import area_words, place
from pathview.app.workspace import Workspace
from pathview.inference.hotspots import MOST, ORDERS, Hotspot
from pathview.view.hotspot_view import viewport_of

_COLUMNS = ("", "Score", "Area")
_PICTURE, _SCORE, _AREA = 0, 1, 2
_ORDERS = {"score": "Highest score first", "area": "Largest first"}
_NO_HEATMAP = "Run a model, or show its heatmap:\nregions over its threshold are listed here."
_NOTHING = "No cell is over the model's threshold."
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class _Table(QAbstractTableModel):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._pictures = ViewPictures(workspace, self._show_pictures)
        self.rows: tuple[Hotspot, ...] = ()

    def refill(self) -> None:
        self.beginResetModel()
        self.rows = self._workspace.hotspots.spots
        self.endResetModel()

    def _show_pictures(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, _PICTURE), self.index(len(self.rows) - 1, _PICTURE))

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return len(_COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, session = self.rows[index.row()], self._workspace.session
        if session is None:
            return None
        info = session.slide.info
        if role == Qt.ItemDataRole.DisplayRole:
            return (f"{index.row() + 1}", f"{row.score:.2f}", area_words(row.area, info.mpp))[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == _PICTURE:
            return self._picture(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{place(info, *row.peak)}\nhighest {row.score:.3f}, mean {row.mean:.3f}"
        return None

    def _picture(self, row: Hotspot) -> object:
        found = self._workspace.hotspots.found
        if found is None:
            return None
        size = (SIZE.width(), SIZE.height())
        viewport = replace(self._workspace.view.state.viewport.upright(), size=size)
        return self._pictures.get(viewport_of(row, found.heatmap.grid.stride, viewport))


def _counted(number: int) -> str:
    if number == MOST:
        return f"the first {MOST} regions"
    return "" if not number else "1 region" if number == 1 else f"{number} regions"


class HotspotsDock(QWidget):
    """Suspicious regions of the heatmap in front, with thumbnail, score and area, to go to.

    Parameters
    ----------
    workspace
        Whose heatmap it is.
    go
        Shows a region.
    """

    def __init__(self, workspace: Workspace, go: Callable[[Hotspot], None]) -> None:
        super().__init__()
        self.setObjectName("hotspots")
        self._workspace = workspace
        self._spots = workspace.hotspots
        self._go = go
        self._model = _Table(workspace)
        self._hint = QLabel(_NO_HEATMAP)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setObjectName("muted")
        self.table = self._made_table()
        self.setFocusProxy(self.table)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self.table)
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the hot-spots")
        self.order.setToolTip("Which regions come first")
        for order in ORDERS:
            self.order.addItem(_ORDERS[order], order)
        self.order.activated.connect(lambda index: self._spots.arrange(ORDERS[index]))
        self.count = QLabel()
        self.count.setObjectName("muted")
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        row.addWidget(self.order)
        row.addWidget(self.count, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self._pages, 1)
        self._spots.changed.connect(self._refill)
        workspace.scale_changed.connect(self._refill)
        self._refill()

    def _made_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._model)
        table.setAccessibleName("Hot-spots")
        table.setWhatsThis("Enter or a double click goes there.")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        # So that the keys that go from one to the next work in the list as well.
        table.setProperty(UNSEARCHED, True)
        table.setIconSize(SIZE)
        rows = table.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(SIZE.height() + 6)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_AREA, QHeaderView.ResizeMode.Stretch)
        table.doubleClicked.connect(self._chosen)
        table.installEventFilter(self)
        return table

    def _refill(self) -> None:
        spots = self._spots.spots
        if spots != self._model.rows:
            self._model.refill()
        self._pages.setCurrentIndex(1 if spots else 0)
        self._hint.setText(_NO_HEATMAP if self._spots.found is None else _NOTHING)
        self.count.setText(_counted(len(spots)))
        for number, spot in enumerate(spots):
            if spot.peak == self._spots.at:
                self._choose(number)

    def _choose(self, row: int) -> None:
        # Not `selectRow`, which takes a Shift that is held for a wish to add to the selection.
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().setCurrentIndex(self._model.index(row, _PICTURE), flags)
        self.table.scrollTo(self._model.index(row, _PICTURE))

    def _chosen(self, index: QModelIndex) -> None:
        spot = self._model.rows[index.row()]
        self._spots.go(spot)
        self._go(spot)

    def showEvent(self, event: QShowEvent) -> None:
        """Keep the list up to date while it shows."""
        self._spots.watch(True)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Let the regions be while nobody sees them."""
        self._spots.watch(False)
        super().hideEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Enter before any shortcut of the window does."""
        if not isinstance(event, QKeyEvent) or event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and self.table.currentIndex().isValid():
            self._chosen(self.table.currentIndex())
            return True
        return False
