"""The panel of linked views: landmark pairs, how far each is off, and what the fit may do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pathview.app.action_table import ActionTable
from pathview.app.elided_label import ElidedLabel
from pathview.app.link_words import FITS, fit_words, off_by, summary
from pathview.app.workspace import Workspace
from pathview.core.errors import LinkError

_NO_PARTNER = "Show two slides side by side:\nhow they are linked is set here."
_BUTTONS = {"link_views": "Link", "tool_landmark": "Set landmarks", "link_as_now": "As they lie now"}
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class LinksDock(QWidget):
    """Landmark pairs of the active slide and the one beside it, to set, remove and fit.

    Parameters
    ----------
    workspace
        Whose slides they are, and their links.
    actions
        What the buttons do.
    """

    def __init__(self, workspace: Workspace, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("links")
        self._workspace = workspace
        self._links = links = workspace.links
        self._actions = actions
        hint = QLabel(_NO_PARTNER)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setObjectName("muted")
        self._names = ElidedLabel()
        self.pairs = self._made_list()
        self.fit = QComboBox()
        self.fit.setAccessibleName("What the fit may do")
        self.fit.setToolTip("What may happen to a slide so that the landmarks meet")
        for words, tip in FITS.values():
            self.fit.addItem(words)
            self.fit.setItemData(self.fit.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.fit.activated.connect(lambda index: links.choose(list(FITS)[index]))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setObjectName("link-words")
        self.buttons = {key: self._button(key, text) for key, text in _BUTTONS.items()}
        self.remove = QPushButton("Remove")
        self.remove.setToolTip("Remove the chosen pairs (Del)")
        self.remove.clicked.connect(self._remove)
        self._pages = QStackedWidget()
        self._pages.addWidget(hint)
        self._pages.addWidget(self._body())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        links.changed.connect(self.follow)
        workspace.slide_changed.connect(lambda _: self.follow())
        self.pairs.itemSelectionChanged.connect(self._show_remove)
        self.follow()

    def _made_list(self) -> QListWidget:
        pairs = QListWidget()
        pairs.setAccessibleName("Landmark pairs")
        pairs.setWhatsThis("A double click goes to the landmark, Delete removes the pair.")
        pairs.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        pairs.itemDoubleClicked.connect(self._go)
        pairs.installEventFilter(self)
        return pairs

    def _button(self, key: str, text: str) -> QPushButton:
        action = self._actions[key]
        button = QPushButton(text)
        button.setCheckable(action.isCheckable())
        button.clicked.connect(action.trigger)

        def follow() -> None:
            button.setEnabled(action.isEnabled())
            button.setChecked(action.isChecked())
            button.setToolTip(action.toolTip())

        action.changed.connect(follow)
        follow()
        return button

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addWidget(self._names)
        column.addLayout(_row(self.buttons["link_views"], self.fit))
        column.addWidget(self.pairs, 1)
        column.addWidget(self.words)
        column.addLayout(_row(self.buttons["tool_landmark"], self.buttons["link_as_now"], self.remove))
        return body

    # links -> panel --------------------------------------------------
    def follow(self) -> None:
        """Show what holds now."""
        links, active, partner = self._links, self._workspace.slide, self._links.partner
        self._pages.setCurrentIndex(0 if partner is None else 1)
        if active is None or partner is None:
            self.pairs.clear()
            return
        self._names.setText(f"{active.name} on {partner.name}")
        link, fit, in_um = links.link(), links.fit(), partner.session.slide.info.mpp is not None
        self.fit.setCurrentIndex(list(FITS).index(link.fit))
        try:
            residuals = links.residuals()
        except LinkError as error:
            residuals = ()
            self.words.setText(str(error))
        else:
            clicked = None if links.clicked is None else links.clicked[0].name
            self.words.setText(summary(link, residuals, in_um, clicked) + fit_words(link, fit))
        self._list(0 if link.placed else len(link.pairs), residuals, in_um)
        self._show_remove()

    def _list(self, count: int, residuals: tuple[float, ...], in_um: bool) -> None:
        chosen = {index.row() for index in self.pairs.selectedIndexes()}
        self.pairs.blockSignals(True)
        self.pairs.clear()
        for number in range(count):
            off = off_by(residuals[number], in_um) if residuals else "does not fit"
            item = QListWidgetItem(f"{number + 1}   {off}")
            self.pairs.addItem(item)
            item.setSelected(number in chosen)
        self.pairs.blockSignals(False)

    def _show_remove(self) -> None:
        self.remove.setEnabled(bool(self.pairs.selectedIndexes()))

    # panel -> links --------------------------------------------------
    def _remove(self) -> None:
        numbers = {index.row() for index in self.pairs.selectedIndexes()}
        if numbers:
            self.pairs.clearSelection()
            self._links.remove(numbers)

    def _go(self, item: QListWidgetItem) -> None:
        pair = self._links.link().pairs[self.pairs.row(item)]
        self._workspace.look(self._workspace.view.state.viewport.centered(*pair.a))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Delete before any shortcut of the window does."""
        if not isinstance(event, QKeyEvent) or event.key() not in _DELETES:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif event.type() == QEvent.Type.KeyPress:
            self._remove()
        else:
            return False
        return True


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    for widget in widgets:
        row.addWidget(widget)
    return row
