"""The list of bookmarks."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from pathview.annotations.bookmark import Bookmark
from pathview.app.action_table import ActionTable
from pathview.app.bookmarks import Bookmarks
from pathview.app.docks.view_pictures import SIZE, ViewPictures
from pathview.app.scale_words import magnification, place
from pathview.app.workspace import Workspace
from pathview.study.session import Session
from pathview.view.bookmarked import thumbnail_viewport

_NO_SLIDE = "Open a slide: views that you keep\nare listed here."
_COLUMNS = ("Name", "View", "Note")
_NAME, _VIEW, _NOTE = 0, 1, 2
_NOTE_WIDTH = 50
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class _Table(QAbstractTableModel):
    def __init__(self, workspace: Workspace, bookmarks: Bookmarks) -> None:
        super().__init__()
        self._workspace = workspace
        self._bookmarks = bookmarks
        self._pictures = ViewPictures(workspace, self._show_pictures)
        self.rows: list[Bookmark] = []

    def refill(self) -> None:
        session = self._workspace.session
        self.beginResetModel()
        self.rows = [] if session is None else list(session.bookmarks)
        self.endResetModel()

    def _show_pictures(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))

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
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (row.name, magnification(session.slide.info, row.downsample), row.note)[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return self._pictures.get(thumbnail_viewport(row, (SIZE.width(), SIZE.height())))
        if role == Qt.ItemDataRole.ToolTipRole:
            lines = (row.name, place(session.slide.info, row.x, row.y), _lying(row), row.note)
            return "\n".join(line for line in lines if line)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (_NAME, _NOTE) else flags

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, text = self.rows[index.row()], str(value).strip()
        name, note = (text, row.note) if index.column() == _NAME else (row.name, text)
        return self._bookmarks.word(row, name, note)


class BookmarksDock(QWidget):
    """Bookmarks with thumbnail, magnification and note, to go to, name and delete.

    Parameters
    ----------
    workspace
        Whose bookmarks are shown.
    bookmarks
        Changes them.
    actions
        What the button does.
    """

    def __init__(self, workspace: Workspace, bookmarks: Bookmarks, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("bookmarks")
        self._workspace = workspace
        self._bookmarks = bookmarks
        self._add_action = actions["add_bookmark"]
        self._model = _Table(workspace, bookmarks)
        self._hint = QLabel()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setObjectName("muted")
        self.table = self._made_table()
        self.setFocusProxy(self.table)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._hint)
        self._pages.addWidget(self.table)
        self.add = QPushButton("Add this view")
        self.add.clicked.connect(self._add_action.trigger)
        self.remove = QPushButton("Delete")
        self.remove.setToolTip("Delete the chosen bookmarks (Del)")
        self.remove.clicked.connect(self._delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(6, 4, 6, 4)
        buttons.addWidget(self.add)
        buttons.addWidget(self.remove)
        column.addLayout(buttons)
        self._add_action.changed.connect(self._show_state)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_state())
        workspace.slide_changed.connect(self._on_slide)
        workspace.scale_changed.connect(self._refill)
        workspace.layers_changed.connect(self._model._show_pictures)
        self._on_slide(workspace.session)

    def _made_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._model)
        table.setAccessibleName("Bookmarks")
        table.setWhatsThis("Enter or a double click goes there, F2 writes name or note, Delete deletes.")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setIconSize(SIZE)
        rows = table.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(SIZE.height() + 6)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(_NOTE_WIDTH)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_VIEW, QHeaderView.ResizeMode.ResizeToContents)
        header.resizeSection(_NOTE, _NOTE_WIDTH)
        table.doubleClicked.connect(self._go)
        table.customContextMenuRequested.connect(self._show_menu)
        table.installEventFilter(self)
        return table

    # slide -> list ---------------------------------------------------
    def _on_slide(self, session: Session | None) -> None:
        if session is not None:
            session.bookmarks.changed.connect(self._refill, unique=True)
        self._refill()

    def _refill(self) -> None:
        chosen = {bookmark.id for bookmark in self._chosen()}
        known = {bookmark.id for bookmark in self._model.rows}
        self._model.refill()
        for number, row in enumerate(self._model.rows):
            if row.id in chosen or (known and row.id not in known):  # what was chosen, or has just come
                self._choose(number)
        self._pages.setCurrentIndex(1 if self._model.rows else 0)
        self._show_state()

    def _show_state(self) -> None:
        keys = self._add_action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        keep = f"{keys or 'The button below'} keeps the present view\nas a bookmark."
        self._hint.setText(_NO_SLIDE if self._workspace.session is None else keep)
        self.add.setEnabled(self._add_action.isEnabled())
        self.add.setToolTip(self._add_action.toolTip())
        self.remove.setEnabled(bool(self._chosen()))

    # list -> slide ---------------------------------------------------
    def _chosen(self) -> list[Bookmark]:
        rows = {index.row() for index in self.table.selectionModel().selectedIndexes()}
        return [self._model.rows[row] for row in sorted(rows) if row < len(self._model.rows)]

    def _choose(self, row: int) -> None:
        # Not `selectRow`, which takes the Ctrl of Ctrl+D for a wish to add to the selection.
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().setCurrentIndex(self._model.index(row, _NAME), flags)
        self.table.scrollTo(self._model.index(row, _NAME))

    def _go(self, index: QModelIndex) -> None:
        self._bookmarks.go(self._model.rows[index.row()])

    def _delete(self) -> None:
        doomed = self._chosen()
        if doomed:
            row = self._model.rows.index(doomed[0])
            self._bookmarks.delete(doomed)
            if self._model.rows and not self._chosen():
                self._choose(min(row, len(self._model.rows) - 1))

    def _show_menu(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.addAction("&Go there", lambda: self._go(index))
        menu.addAction("&Name …", lambda: self.table.edit(self._model.index(index.row(), _NAME)))
        menu.addAction("N&ote …", lambda: self.table.edit(self._model.index(index.row(), _NOTE)))
        menu.addAction("&Delete", self._delete)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Enter and Delete before any shortcut of the window does."""
        if not isinstance(event, QKeyEvent):
            return False
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not enters and event.key() not in _DELETES:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress:
            index = self.table.currentIndex()
            if enters and index.isValid():
                self._go(index)
            elif not enters:
                self._delete()
        else:
            return False
        return True


def _lying(row: Bookmark) -> str:
    words = ["mirrored"] if row.flipped else []
    turned = (-row.rotation if row.flipped else row.rotation) % 360.0
    return " · ".join([*words, f"turned {turned:.4g}°"] if turned else words)
