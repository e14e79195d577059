"""What went wrong, on cards in the corner that wait until one has time for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pathview.app.problem_report import problem_report

_WIDTH = 380
_MARGIN = 16
_SHOWN = 3
_KEPT = 20


class ProblemCard(QFrame):
    """One problem.

    Parameters
    ----------
    title
        What failed.
    text
        Why, and what can be done.
    details
        More for a report; "" for none.
    names
        Returns the names that "Copy details" leaves out.

    Attributes
    ----------
    count
        How often it came.
    """

    closed = Signal(object)
    """The card is to go."""

    def __init__(self, title: str, text: str, details: str, names: Callable[[], list[str]]) -> None:
        super().__init__()
        self.setObjectName("problem")
        self.title, self.text, self.details = title, text, details
        self.count = 1
        self._names = names
        self._heading = _label(f"⚠  {title}", "problem-title")
        body = _label(text, "problem-text")
        body.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_button = QPushButton("Copy details")
        self.copy_button.setToolTip(
            "Copy this message, the versions and the log's end; names of files are left out"
        )
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Close this message (Esc)")
        self.copy_button.clicked.connect(self._copy)
        self.close_button.clicked.connect(lambda: self.closed.emit(self))
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.copy_button, self.close_button):
            # A click must not take the focus from the slide.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"{button.text()}: {title}")
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 10, 10)
        column.setSpacing(6)
        column.addWidget(self._heading)
        column.addWidget(body)
        column.addLayout(row)
        self.setFixedWidth(_WIDTH)
        self._name()

    def again(self) -> None:
        """Count one more."""
        self.count += 1
        self._heading.setText(f"⚠  {self.title}  ({self.count} times)")
        self._name()

    def _name(self) -> None:
        times = f", {self.count} times" if self.count > 1 else ""
        self.setAccessibleName(f"Problem: {self.title}{times}")
        self.setAccessibleDescription(self.text)

    def _copy(self) -> None:
        report = problem_report(self.title, self.text, self.details, self.count, self._names())
        QApplication.clipboard().setText(report)
        self.copy_button.setText("Copied")


class ProblemCards(QWidget):
    """The pile of cards, the newest on top; Esc closes that, and no card ever takes the focus.

    Parameters
    ----------
    pages
        What it lies over.
    names
        Returns the names that "Copy details" leaves out.
    """

    def __init__(self, pages: QStackedWidget, names: Callable[[], list[str]]) -> None:
        super().__init__(pages)
        self._pages = pages
        self._names = names
        self.cards: list[ProblemCard] = []
        self.more = QLabel()
        self.more.setObjectName("problem-more")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignRight)
        # A shape that is being drawn and a field that is being edited claim the key before this gets it.
        self._escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), pages, self._close_newest)
        self._escape.setContext(Qt.ShortcutContext.WindowShortcut)
        self._escape.setEnabled(False)
        pages.installEventFilter(self)
        pages.currentChanged.connect(lambda _: self._rise())
        self.hide()

    def say(self, title: str, text: str, details: str = "") -> None:
        """Put a card on the pile; the same problem once more is counted on its card instead."""
        known = next((c for c in self.cards if (c.title, c.text, c.details) == (title, text, details)), None)
        if known is None:
            known = ProblemCard(title, text, details, self._names)
            known.closed.connect(self.close_card)
        else:
            known.again()
            self.cards.remove(known)
            self._column.removeWidget(known)
        self.cards.insert(0, known)
        self._column.insertWidget(0, known)
        for old in self.cards[_KEPT:]:
            self.close_card(old)
        self._arrange()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(known, f"{title}. {text}"))

    def close_card(self, card: ProblemCard) -> None:
        """Take a card away; the focus goes back to the page if it was on the card."""
        focused = QApplication.focusWidget()
        self.cards.remove(card)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()
        self._arrange()
        page = self._pages.currentWidget()
        if page is not None and focused is not None and card.isAncestorOf(focused):
            page.setFocus()

    def _close_newest(self) -> None:
        if self.cards:
            self.close_card(self.cards[0])

    def _arrange(self) -> None:
        room = self._pages.height() - 2 * _MARGIN
        shown = self.cards[:_SHOWN]
        while len(shown) > 1 and sum(card.heightForWidth(_WIDTH) + 8 for card in shown) > room:
            shown = shown[:-1]
        for card in self.cards:
            card.setVisible(card in shown)
        hidden = len(self.cards) - len(shown)
        self.more.setText(f"and {hidden} more")
        self.more.setVisible(hidden > 0)
        self._escape.setEnabled(bool(self.cards))
        self.setVisible(bool(self.cards))
        self.adjustSize()
        self.move(max(0, self._pages.width() - self.width() - _MARGIN), _MARGIN)

    def _rise(self) -> None:
        # A stack of pages puts the new page on top of everything; the palette stays over the cards.
        self.raise_()
        palette = self._pages.findChild(QFrame, "palette")
        if palette is not None:
            palette.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize and self.cards:
            self._arrange()
        return False


def _label(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    # Names of files may look like markup.
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
