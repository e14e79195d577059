"""The panel of all model runs in their order: what goes, what waits, and what has ended."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pathview.app.run_words import describe
from pathview.app.slide_run import SlideRun
from pathview.app.workspace import Workspace
from pathview.inference.phases import Phase
from pathview.inference.run_status import RunState

_NONE = "No run yet.\nModel, Queue on all open slides, fills the queue."
_DELETES = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class RunsDock(QWidget):
    """A row a run, in two lines: slide and model, and its state in words.

    Parameters
    ----------
    workspace
        Whose runs they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("runs")
        self._runs = workspace.runs
        self._shown: list[SlideRun] = []
        self.list = QListWidget()
        self.list.setAccessibleName("Model runs in their order")
        self.list.setWhatsThis("Runs that have ended, the one that goes on, and those that wait for it.")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setSpacing(2)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.installEventFilter(self)
        self.list.currentRowChanged.connect(lambda _: self._show_buttons())
        self.earlier = _button("↑", "Let the chosen run begin earlier", lambda: self._move(-1))
        self.later = _button("↓", "Let the chosen run begin later", lambda: self._move(1))
        self.pause = _button("Pause", "Pause the chosen run, or go on with it", self._pause)
        self.cancel = _button("Cancel", "Stop the chosen run; what is done stays", self._cancel)
        self.remove = _button("Remove", "Take the chosen run off the list (Del)", self._remove)
        self._pages = QStackedWidget()
        hint = QLabel(_NONE)
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setObjectName("muted")
        hint.setWordWrap(True)
        self._pages.addWidget(hint)
        self._pages.addWidget(self._body())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self.setFocusProxy(self.list)
        self._runs.changed.connect(lambda status: self.follow())
        self.follow()

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.earlier, self.later, self.pause, self.cancel, self.remove):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        return body

    @property
    def chosen(self) -> SlideRun | None:
        """The run whose row is chosen."""
        row = self.list.currentRow()
        return self._shown[row] if 0 <= row < len(self._shown) else None

    def follow(self) -> None:
        """Show the runs as they stand; the chosen one stays chosen wherever it goes."""
        chosen, queue = self.chosen, self._runs.queue
        self._pages.setCurrentIndex(1 if queue else 0)
        if [id(run) for run in queue] != [id(run) for run in self._shown]:
            self._shown = queue
            self.list.blockSignals(True)
            self.list.clear()
            self.list.addItems([""] * len(queue))
            going = next((place for place, run in enumerate(queue) if run.going), len(queue) - 1)
            self.list.setCurrentRow(queue.index(chosen) if chosen in queue else going)
            self.list.blockSignals(False)
        for row, run in enumerate(queue):
            _show(self.list.item(row), run)
        self._show_buttons()

    def _show_buttons(self) -> None:
        run = self.chosen
        waits = run is not None and _waits(run)
        paused = run is not None and run.status.state is RunState.PAUSED
        self.earlier.setEnabled(waits)
        self.later.setEnabled(waits)
        self.pause.setEnabled(run is not None and run.going)
        self.pause.setText("Resume" if paused else "Pause")
        self.cancel.setEnabled(run is not None and run.going)
        self.remove.setEnabled(run is not None)

    def _move(self, steps: int) -> None:
        if self.chosen is not None:
            self._runs.move(self.chosen, steps)

    def _pause(self) -> None:
        run = self.chosen
        if run is not None and run.going:
            (run.run.resume if run.status.state is RunState.PAUSED else run.run.pause)()

    def _cancel(self) -> None:
        if self.chosen is not None and self.chosen.going:
            self.chosen.run.cancel()

    def _remove(self) -> None:
        if self.chosen is not None:
            self._runs.remove(self.chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Delete remove the chosen run."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _DELETES:
            self._remove()
            return True
        return super().eventFilter(watched, event)


def _waits(run: SlideRun) -> bool:
    return run.going and run.status.phase is Phase.WAITING


def _show(item: QListWidgetItem, run: SlideRun) -> None:
    words = f"{run.slide.name} · {run.model}\n{_state(run)}"
    if item.text() != words:
        item.setText(words)
        item.setToolTip(words)


def _state(run: SlideRun) -> str:
    status = run.status
    if _waits(run) and status.state is RunState.READY:
        return "Waiting"
    if status.state is RunState.FAILED and status.error is not None:
        # Which model it is stands in the line above.
        return f"Failed · {getattr(status.error, 'reason', status.error)}"
    share = f"{100 * (status.done + status.failed) // status.total} % · " if status.total else ""
    return describe(status) if status.state.final else f"{share}{describe(status)}"


def _button(text: str, tip: str, press: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.clicked.connect(press)
    return button
