"""The model panel: choose a model, run it, watch it, stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pathview.app.actions import ActionTable
from pathview.app.workspace import Workspace
from pathview.inference.run import RunState, RunStatus

_WORDS = {
    RunState.READY: "Starting …",
    RunState.RUNNING: "Running",
    RunState.PAUSED: "Paused",
    RunState.DONE: "Done",
    RunState.CANCELLED: "Stopped; run again to go on from here",
    RunState.FAILED: "Failed",
}


class ModelsDock(QScrollArea):
    """A model's card, its run buttons and its progress.

    Parameters
    ----------
    workspace
        Where models run.
    actions
        The window's actions; the buttons here are the same ones.
    """

    title = "Model"
    chosen = Signal(str)

    def __init__(self, workspace: Workspace, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("models")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._workspace = workspace
        body = QWidget()
        column = QVBoxLayout(body)
        self.box = QComboBox()
        self.box.setToolTip("The model that a run uses")
        # A long title must not push the panel wider than its dock.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(16)
        for source in workspace.registry.models.values():
            self.box.addItem(source.card.title or source.card.name, source.card.name)
        self.box.currentIndexChanged.connect(self._describe)
        self._card = QLabel()
        self._card.setWordWrap(True)
        self._card.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QHBoxLayout()
        for key in ("run", "pause", "cancel"):
            button = QToolButton()
            button.setDefaultAction(actions[key])
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonTextBesideIcon
                if key == "run"
                else Qt.ToolButtonStyle.ToolButtonIconOnly
            )
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._bar = QProgressBar()
        self._bar.setTextVisible(True)
        self._state = QLabel()
        self._state.setWordWrap(True)
        self._state.setObjectName("run-state")
        for widget in (self.box, self._card):
            column.addWidget(widget)
        column.addLayout(buttons)
        column.addWidget(self._bar)
        column.addWidget(self._state)
        column.addStretch(1)
        self.setWidget(body)
        workspace.runs.changed.connect(self.show_status)
        self._describe()
        self.show_status(None)

    @property
    def model(self) -> str | None:
        """The name of the chosen model, or None when there is none at all."""
        name = self.box.currentData()
        return name if isinstance(name, str) else None

    def _describe(self) -> None:
        if self.model is None:
            self._card.setText(
                "No model is installed. Put a plugin folder into the plugins folder, then restart."
            )
            return
        card = self._workspace.registry.model(self.model).card
        lines = [
            card.description,
            f"<b>Classes</b> {', '.join(card.classes)}",
            f"<b>Sees</b> {card.patch} px at {card.mpp:g} µm/px",
            f"<b>Version</b> {card.version}" + (f", weights {card.sha256[:10]}" if card.sha256 else ""),
            f"<i>{card.intended_use or 'Research use only.'}</i>",
        ]
        self._card.setText("<br>".join(line for line in lines if line))

    def show_status(self, status: RunStatus | None) -> None:
        """Show how far a run is; None when there is none."""
        self._bar.setVisible(status is not None)
        if status is None:
            self._state.setText("")
            return
        # A run that has not found its tissue yet has no total: the bar then only says that something happens.
        starting = status.state is RunState.READY or (status.total == 0 and not status.state.final)
        self._bar.setRange(0, 0 if starting else max(1, status.total))
        self._bar.setValue(status.done + status.failed)
        self._bar.setFormat(f"{status.done} of {status.total} tiles")
        self._state.setText(describe(status))


def describe(status: RunStatus) -> str:
    """Return one line on a run: state, rate, time left, and what went wrong."""
    parts = [_WORDS[status.state]]
    if status.state is RunState.RUNNING and status.patches_per_s > 0:
        parts.append(f"{status.patches_per_s:.0f} tiles/s")
    if status.state is RunState.RUNNING and status.seconds_left is not None:
        parts.append(f"{_duration(status.seconds_left)} left")
    if status.skipped:
        parts.append(f"{status.skipped} without tissue")
    if status.failed:
        parts.append(f"{status.failed} failed")
    if status.error is not None:
        parts.append(str(status.error))
    return " · ".join(parts)


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes >= 90:
        return f"{minutes / 60:.1f} h"
    return f"{minutes:.0f} min" if minutes >= 1.5 else f"{seconds:.0f} s"
