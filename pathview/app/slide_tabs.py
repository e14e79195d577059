"""A tab for each open slide, over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar

from pathview.app.open_slide import OpenSlide
from pathview.app.workspace import Workspace
from pathview.core.place import lasting


class SlideTabs(QTabBar):
    """Shows, moves and closes slides; hidden while there are fewer than two.

    Parameters
    ----------
    workspace
        Whose slides they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._slides: list[OpenSlide] = []
        self.setObjectName("slide-tabs")
        self.setAccessibleName("Open slides")
        self.setWhatsThis("The open slides: a click shows one, a drag moves its tab, the cross closes it.")
        self.setMovable(True)
        self.setTabsClosable(True)
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.setUsesScrollButtons(True)
        self.hide()
        self.currentChanged.connect(self._show)
        # A click on the tab that is current already means: in the active place.
        self.tabBarClicked.connect(self._show)
        self.tabCloseRequested.connect(self._close)
        self.tabMoved.connect(self._on_moved)
        workspace.slides_changed.connect(self._rebuild)
        workspace.panes.changed.connect(self._on_panes)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Close the slide whose tab the middle button clicks."""
        if event.button() == Qt.MouseButton.MiddleButton:
            self._close(self.tabAt(event.position().toPoint()))
        else:
            super().mouseReleaseEvent(event)

    def _show(self, index: int) -> None:
        if 0 <= index < len(self._slides):
            self._workspace.panes.show(self._slides[index])

    def _close(self, index: int) -> None:
        if 0 <= index < len(self._slides):
            self._workspace.close_slide(self._slides[index])

    def _on_moved(self, start: int, end: int) -> None:
        self._slides.insert(end, self._slides.pop(start))
        self._workspace.move_slide(start, end)

    def _rebuild(self) -> None:
        if self._slides == self._workspace.slides:
            return
        with QSignalBlocker(self):
            self._slides = list(self._workspace.slides)
            while self.count():
                self.removeTab(0)
            for slide in self._slides:
                index = self.addTab(slide.name.replace("&", "&&"))
                self.setTabToolTip(index, lasting(slide.session.slide.info.path))
        self.setVisible(len(self._slides) > 1)
        self._on_panes()

    def _on_panes(self) -> None:
        slide = self._workspace.slide
        if slide is not None and slide in self._slides:
            with QSignalBlocker(self):
                self.setCurrentIndex(self._slides.index(slide))
