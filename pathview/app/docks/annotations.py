"""The list of annotations."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QStackedLayout, QTableView, QWidget

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.annotations.measure import measure
from pathview.app.scale_words import area_words
from pathview.app.theme import swatch
from pathview.app.workspace import Workspace
from pathview.core.geometry import Box
from pathview.core.palette import class_color
from pathview.study.session import Session

_NO_SLIDE = "Open a slide: its annotations\nare listed here."
_NONE_YET = "Choose polygon, freehand or rectangle\nand draw on the slide."
_COLUMNS = ("Class", "Name", "Area")
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class _Table(QAbstractTableModel):
    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.rows: list[Annotation] = []

    def refill(self) -> None:
        session = self._workspace.session
        self.beginResetModel()
        self.rows = [] if session is None else list(session.annotations)
        self.endResetModel()

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
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole or (role == Qt.ItemDataRole.EditRole and index.column() == 1):
            return (row.class_name or "Unclassified", row.name, self._area(row))[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 1:
            return row.name or "F2 or a double click names it"
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return swatch(class_color(row.class_name))
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == 1 else flags

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.rows[index.row()]
        name = str(value).strip()
        if name == row.name:
            return False
        return self._workspace.edit(Edit.replace("Name annotation", (row, replace(row, name=name))))

    def _area(self, row: Annotation) -> str:
        session = self._workspace.session
        mpp = None if session is None else session.slide.info.mpp
        return area_words(measure(row.geometry, mpp).area_px, mpp)


class AnnotationsDock(QWidget):
    """Annotations with class, name and area; a click selects, a double click goes there, F2 names.

    Parameters
    ----------
    workspace
        Whose annotations are shown.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("annotations")
        self._workspace = workspace
        self._model = _Table(workspace)
        self._stack = QStackedLayout(self)
        self._hint = QLabel()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setObjectName("muted")
        self.table = QTableView()
        self.table.setModel(self._model)
        self.table.setAccessibleName("Annotations")
        self.table.setWhatsThis("A row selects, a double click goes there, F2 on a row names the annotation.")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        rows = self.table.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self._stack.addWidget(self._hint)
        self._stack.addWidget(self.table)
        self._echo = False
        self.table.selectionModel().selectionChanged.connect(self._on_rows)
        self.table.doubleClicked.connect(lambda index: self._go(index.row(), index.column()))
        workspace.slide_changed.connect(self._on_slide)
        self._on_slide(workspace.session)
        workspace.scale_changed.connect(self._refill)
        workspace.view.changed.connect(self._on_view)

    def _on_slide(self, session: Session | None) -> None:
        if session is not None:
            session.annotations.changed.connect(self._on_edit, unique=True)
        self._hint.setText(_NO_SLIDE if session is None else _NONE_YET)
        self._refill()

    def _on_edit(self, edit: Edit) -> None:
        self._refill()

    def _refill(self) -> None:
        self._echo = True
        self._model.refill()
        self._echo = False
        self._stack.setCurrentIndex(1 if self._model.rows else 0)
        self._mark(self._workspace.view.state.selection)

    def _on_view(self, old: object, new: object) -> None:
        if getattr(old, "selection", None) != getattr(new, "selection", None):
            self._mark(self._workspace.view.state.selection)

    def _mark(self, selected: frozenset[UUID]) -> None:
        marked = QItemSelection()
        numbers = [number for number, row in enumerate(self._model.rows) if row.id in selected]
        for number in numbers:
            marked.select(self._model.index(number, 0), self._model.index(number, len(_COLUMNS) - 1))
        self._echo = True
        rows = self.table.selectionModel()
        rows.select(marked, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        current = self.table.currentIndex()
        if numbers and (not current.isValid() or current.row() not in numbers):
            # Where the arrow keys go on from.
            first = self._model.index(numbers[-1], 1)
            rows.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.table.scrollTo(first)
        self._echo = False

    def _on_rows(self, chosen: QItemSelection, dropped: QItemSelection) -> None:
        if not self._echo:
            rows = {index.row() for index in self.table.selectionModel().selectedIndexes()}
            ids = frozenset(self._model.rows[row].id for row in rows)
            self._workspace.view.set(replace(self._workspace.view.state, selection=ids))

    def _go(self, row: int, column: int) -> None:
        if column == 1:
            self.table.edit(self._model.index(row, column))
            return
        x0, y0, x1, y1 = self._model.rows[row].geometry.bounds
        viewport = self._workspace.view.state.viewport
        self._workspace.look(viewport.fitted(Box(x0, y0, x1, y1), margin=0.2))
