"""The model panel: choose a model, run it, watch it, stop it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pathview.app.action_table import ActionTable
from pathview.app.elided_label import ElidedLabel
from pathview.app.run_progress import show_progress
from pathview.app.run_words import describe, foreseen
from pathview.app.workspace import Workspace
from pathview.inference.card import Task
from pathview.inference.run_status import RunStatus

_NONE = "No model is installed. Add a model folder (+), or put a plugin into the plugins folder and reload."


class ModelsDock(QWidget):
    """What a model is in two lines, its run buttons and its progress.

    Parameters
    ----------
    workspace
        Where models run.
    actions
        The window's actions; the buttons here are the same ones.
    """

    model_chosen = Signal()
    """Another model is chosen, or its facts are others."""

    def __init__(self, workspace: Workspace, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("models")
        self._workspace = workspace
        self.box = QComboBox()
        self.box.setAccessibleName("Model")
        # A long title must not push the panel wider than its dock.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(16)
        self._facts = ElidedLabel()
        self._use = QLabel()
        self._use.setWordWrap(True)
        self.views = _switch(actions["tta"], "Eight views, with uncertainty")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Progress of the model run")
        self._state = QLabel()
        self._state.setWordWrap(True)
        self._state.setObjectName("run-state")
        self._state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._broken = QLabel()
        self._broken.setObjectName("broken-plugins")
        self._broken.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._arrange(actions)
        self.box.currentIndexChanged.connect(self._describe)
        workspace.runs.changed.connect(self.show_status)
        workspace.slide_changed.connect(lambda _: self.show_status(workspace.runs.status))
        workspace.models_changed.connect(self._list)
        self._list()
        self.show_status(workspace.runs.status)

    def _arrange(self, actions: ActionTable) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        for key in ("run", "pause", "cancel", "model_parameters", "model_card", "add_model"):
            if key == "model_parameters":
                buttons.addStretch(1)
            button = QToolButton()
            button.setDefaultAction(actions[key])
            if key == "run":
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            buttons.addWidget(button)
        for widget in (self.box, self._facts, self._use):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self.views)
        column.addWidget(self._bar)
        column.addWidget(self._state)
        column.addWidget(self._broken)
        column.addStretch(1)

    def choose(self, model: str) -> None:
        """Choose a model by its name, where it is listed."""
        self.box.setCurrentIndex(max(self.box.findData(model), 0))

    def _list(self) -> None:
        chosen = self.model
        self.box.blockSignals(True)
        self.box.clear()
        # What says something of a whole patch first: it is what a run begins with unless another is chosen.
        known = self._workspace.registry.models.values()
        for source in sorted(known, key=lambda one: one.card.task is not Task.CLASSIFY):
            self.box.addItem(source.card.title or source.card.name, source.card.name)
        self.choose(chosen or "")
        self.box.blockSignals(False)
        broken = self._workspace.registry.broken
        kind = "plugin" if all(file.name == "plugin.toml" for file, _ in broken) else "model"
        count = f"1 {kind} is" if len(broken) == 1 else f"{len(broken)} {kind}s are"
        self._broken.setText(f"⚠ {count} broken and not listed")
        reasons = [escape(f"{file.parent.name}: {reason}") for file, reason in broken]
        self._broken.setToolTip("<br>".join(reasons))
        self._broken.setVisible(bool(broken))
        self._describe()

    @property
    def model(self) -> str | None:
        """The name of the chosen model, or None when there is none at all."""
        name = self.box.currentData()
        return name if isinstance(name, str) else None

    @property
    def has_parameters(self) -> bool:
        """Whether the chosen model has something that can be set."""
        return self.model is not None and bool(self._workspace.registry.model(self.model).card.parameters)

    def minimumSizeHint(self) -> QSize:
        """Ask for the height that the wrapped lines take at the width there is: none of them may be cut."""
        least, layout = super().minimumSizeHint(), self.layout()
        if layout is None or not layout.hasHeightForWidth():
            return least
        wrapped = layout.totalMinimumHeightForWidth(max(self.width(), least.width()))
        return QSize(least.width(), max(least.height(), wrapped))

    def _describe(self) -> None:
        self.model_chosen.emit()
        self._facts.setVisible(self.model is not None)
        if self.model is None:
            self._use.setText(_NONE)
            return
        card = self._workspace.registry.model(self.model).card
        self.box.setToolTip(f"{card.title or card.name}\n{card.description}")
        self._facts.setText(f"{card.gives} · {card.patch} px at {card.mpp:g} µm/px")
        self._use.setText(f"<i>{escape(card.intended_use or 'Research use only.')}</i>")

    def show_status(self, status: RunStatus | None) -> None:
        """Show how far a run is; None when there is none."""
        known = status is not None and (status.total > 0 or not status.state.final)
        self._bar.setVisible(known)
        if status is None:
            opened = self._workspace.session is not None
            self._state.setText(
                "Nothing has been run yet" if opened else "Open a slide to run the model on it"
            )
            self._state.setEnabled(False)
            return
        show_progress(self._bar, status, f"{status.done} of {status.total} tiles")
        notes = (f"Note: {note}" for note in status.notes)
        self._state.setText("\n".join(filter(None, [describe(status), foreseen(status), *notes])))
        self._state.setEnabled(True)


def _switch(action: QAction, text: str) -> QCheckBox:
    """Return a box that is ticked while an action is on, and switches it."""
    box = QCheckBox(text)
    box.setToolTip(action.toolTip())

    def follow() -> None:
        box.setChecked(action.isChecked())
        box.setEnabled(action.isEnabled())

    box.clicked.connect(lambda _: action.trigger())
    action.changed.connect(follow)
    follow()
    return box
