"""The class that new annotations get."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox

from pathview.app.theme import swatch
from pathview.app.workspace import Workspace
from pathview.core.palette import RUN_CLASSES

_KEYS = 9


class ClassBox(QComboBox):
    """A list of classes; the keys 1 to 9 choose, and give the selected annotations the class too.

    Parameters
    ----------
    workspace
        Whose study names the classes.
    """

    class_chosen = Signal(object)
    """The new class name, or None for unclassified."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("class-box")
        self.setToolTip("Class of new annotations (keys 1 to 9)")
        self.setAccessibleName("Class of new annotations")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(130)
        classes = workspace.study.classes()
        for name, color in classes.items():
            self.addItem(swatch(color), name, name)
        self.addItem(swatch((255, 170, 0)), "Unclassified", None)
        # After those that have keys: they say nothing of the tissue, but where models are to look.
        for name, color in RUN_CLASSES.items():
            self.addItem(swatch(color), name, name)
        self._with_keys = min(_KEYS, len(classes))
        self.currentIndexChanged.connect(lambda _: self.class_chosen.emit(self.class_name))
        for number in range(self._with_keys):
            shortcut = QShortcut(QKeySequence(str(number + 1)), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(lambda index=number: self.choose(index))

    @property
    def class_name(self) -> str | None:
        """The chosen class, or None for unclassified."""
        name = self.currentData()
        return name if isinstance(name, str) else None

    def choices(self) -> list[tuple[str, str]]:
        """Return the name of each entry and its key, "" for none."""
        return [(self.itemText(i), str(i + 1) if i < self._with_keys else "") for i in range(self.count())]

    def choose(self, index: int) -> None:
        """Choose an entry by its place, also once more: the selected annotations get its class."""
        if index == self.currentIndex():
            self.class_chosen.emit(self.class_name)
        else:
            self.setCurrentIndex(index)
