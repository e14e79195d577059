"""The question before weights that are a program run for the first time."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from pathview.inference.source import ModelSource


def asks_leave(source: ModelSource, parent: QWidget) -> bool:
    """Ask whether a model whose weights are a program may run; "no" is what Enter and Esc say.

    Parameters
    ----------
    source
        With the SHA-256 of its weights on its card.
    parent
        The window.
    """
    card, recipe = source.card, source.recipe
    if recipe is None:
        return True
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle("Allow a program?")
    # Names of files and models may look like markup.
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"The weights of {card.title or card.name} are a program.")
    box.setInformativeText(
        f"{recipe.weights.name} is {recipe.format.value}. It runs with your rights and can do what you can: "
        "allow it only if you trust where it comes from.\n\n"
        f"{recipe.weights}\nSHA-256 {card.sha256}\n\nYou are asked once for each file."
    )
    allow = box.addButton("Allow and run", QMessageBox.ButtonRole.AcceptRole)
    no = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    box.exec()
    agreed = box.clickedButton() is allow
    box.deleteLater()
    return agreed
