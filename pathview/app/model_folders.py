"""Models in the window: folders are added, read anew, and allowed to run where they are programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog

from pathview.app.dialogs.allow_code import asks_leave
from pathview.app.dialogs.model_parameters import ParametersDialog
from pathview.core.errors import PathViewError
from pathview.inference.parameter import Value
from pathview.inference.source import ModelSource
from pathview.startup.find_model import allowed, identified, in_folder
from pathview.startup.offer import offer_readers

if TYPE_CHECKING:
    from pathview.app.main_window import MainWindow


class ModelFolders:
    """What the Model menu does besides running.

    Parameters
    ----------
    window
        Whose menu it is.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workspace = window.workspace
        self._values: dict[str, dict[str, Value]] = {}

    def ask(self) -> None:
        """Ask for a model folder and add it."""
        folder = QFileDialog.getExistingDirectory(self._window, "Add model folder")
        if folder:
            self.add(Path(folder))

    def add(self, folder: Path) -> None:
        """Add a model folder for this and later starts, and choose its model; a refusal is told on a card."""

        def added(source: ModelSource) -> None:
            workspace = self._workspace
            known = workspace.registry.models.get(source.card.name)
            if known is not None and known.folder != source.folder:
                reason = f'there is a model {source.card.name} already; give this one another "name"'
                workspace.problem.emit("Cannot add the model", f"{folder}: {reason}")
                return
            kept = [*(name for name in workspace.settings.models if name != str(folder)), str(folder)]
            workspace.settings = replace(workspace.settings, models=tuple(kept))
            workspace.settings_changed.emit()
            self._workspace.read_models()
            self._window.panels.contents.models.choose(source.card.name)

        self._off_thread("Cannot add the model", lambda: in_folder(folder.absolute()), added)

    def reload(self) -> None:
        """Stop what runs and read all manifests anew; the next run takes the code that is there then."""
        self._workspace.runs.close()
        # Another manifest may have other parameters.
        self._values.clear()
        offer_readers()
        self._workspace.read_models()

    def set_parameters(self) -> None:
        """Show the form of the chosen model's parameters and keep what it says for the next runs."""
        model = self._window.panels.contents.models.model
        card = None if model is None else self._workspace.registry.model(model).card
        if card is None or not card.parameters:
            return
        title, values = card.title or card.name, self._values.get(card.name, {})
        dialog = ParametersDialog(title, card.parameters, values, self._window)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._values[card.name] = dialog.values
        dialog.deleteLater()

    def make_ready(self, model: str, then: Callable[[ModelSource], None]) -> None:
        """Call `then` with a model whose weights are known, and allowed where they are a program.

        Parameters
        ----------
        model
            A name of the registry.
        then
            Not called where the model is refused or the user says no.
        """
        values = self._values.get(model, {})
        try:
            source = self._workspace.registry.model(model)
            if not source.has_files:
                then(source.with_values(values))
                return
        except PathViewError as error:
            self._workspace.problem.emit("Cannot run the model", str(error))
            return
        self._off_thread(
            "Cannot run the model",
            lambda: identified(source.with_values(values)),
            lambda it: self._allow(it, then),
        )

    def _allow(self, source: ModelSource, then: Callable[[ModelSource], None]) -> None:
        settings = self._workspace.settings
        digest = source.card.sha256
        if source.is_code and digest not in settings.allowed_code:
            if not asks_leave(source, self._window):
                return
            # Others may have changed while the question was open.
            settings = self._workspace.settings
            self._workspace.settings = replace(settings, allowed_code=(*settings.allowed_code, digest))
            self._workspace.settings_changed.emit()
        then(allowed(source, self._workspace.settings.allowed_code))

    def _off_thread(
        self, title: str, work: Callable[[], ModelSource], done: Callable[[ModelSource], None]
    ) -> None:
        workspace = self._workspace

        def finish(source: ModelSource) -> None:
            workspace.busy.emit("")
            if not workspace.closed:
                done(source)

        def refuse(error: Exception) -> None:
            workspace.busy.emit("")
            workspace.problem.emit(title, str(error))

        workspace.busy.emit("Reading the model's weights …")
        workspace.background.run(work, finish, refuse)
