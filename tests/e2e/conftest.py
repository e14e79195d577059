"""A real window on a real or virtual screen, driven by key and mouse events."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QWidget
from pytestqt.exceptions import TimeoutError as QtTimeout
from pytestqt.qtbot import QtBot

from pathview.app.application import InboxBridge, make_window
from pathview.app.main_window import MainWindow


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["pathview"]


@pytest.fixture(autouse=True)
def needs_a_screen() -> None:
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        pytest.skip("no display: run tests/run.sh, which starts a virtual one")


class Driver:
    """Does what a user does, and waits for what a user sees."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self._bridge = InboxBridge()
        self.window: MainWindow = make_window(self._bridge)
        self.window.resize(1440, 900)
        with qtbot.waitSignal(self.window.furnished):
            self.window.show()
        self.activate()

    def activate(self) -> None:
        """Make the window the active one, as a window manager does; a virtual screen has none."""

        def active() -> bool:
            # Asked again: a window that is not on the screen yet cannot take the focus.
            if not self.window.isActiveWindow():
                self.window.activateWindow()
            return self.window.isActiveWindow()

        self.wait(active, 10)

    # what a user does ------------------------------------------------
    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.activate()
        QTest.keyClick(self.window.windowHandle(), key, modifiers)
        self.pause()

    def at(self, x: float, y: float) -> QPoint:
        """Return where on the window the level-0 point (x, y) is."""
        native = self.window.canvas_widget.canvas.native
        panes, ratio = self.window.workspace.panes, native.devicePixelRatioF()
        sx, sy = panes.active.state.viewport.to_screen(x, y)
        area = panes.area(panes.active)
        return native.mapTo(self.window, QPoint(round((area.x + sx) / ratio), round((area.y + sy) / ratio)))

    def press(self, at: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        QTest.mousePress(self.window.windowHandle(), button, Qt.KeyboardModifier.NoModifier, at)

    def move(self, at: QPoint) -> None:
        QTest.mouseMove(self.window.windowHandle(), at)
        self.pause(5)

    def release(self, at: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        QTest.mouseRelease(self.window.windowHandle(), button, Qt.KeyboardModifier.NoModifier, at)

    def click(self, at: QPoint) -> None:
        self.move(at)
        self.press(at)
        self.release(at)
        # Two clicks that follow at once would be a double click to Qt, as they would to a user's desktop.
        self.pause(QApplication.doubleClickInterval() + 20)

    def drag(self, *points: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        self.move(points[0])
        self.press(points[0], button)
        for start, end in pairwise(points):
            for step in range(1, 9):
                self.move(start + (end - start) * step / 8)
        self.release(points[-1], button)
        self.pause()

    def wheel(self, at: QPoint, notches: int) -> None:
        native = self.window.canvas_widget.canvas.native
        local = native.mapFrom(self.window, at)
        event = QWheelEvent(
            local.toPointF(), self.window.mapToGlobal(at).toPointF(), QPoint(), QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(native, event)
        self.pause()

    def answer_dialogs(self, path: Path, ask: Callable[[], None]) -> None:
        """Do `ask`, which opens dialogs: accept them, and type `path` where a file is asked for."""
        answers = 0

        def answer() -> None:
            nonlocal answers
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, QDialog):
                if not answers:
                    timer.start()
                return
            # A dialog that still fills its list may swallow an Enter: it is asked again until it goes.
            answers += 1
            if answers > 20:
                dialog.reject()
                return
            if isinstance(dialog, QFileDialog):
                field = dialog.findChild(QLineEdit)
                assert field is not None
                field.selectAll()
                QTest.keyClicks(field, str(path))
                QTest.keyClick(field, Qt.Key.Key_Return)
            else:
                QTest.keyClick(dialog, Qt.Key.Key_Return)
            timer.start()

        timer = QTimer(self.window, singleShot=True, interval=200)
        timer.timeout.connect(answer)
        timer.start()
        ask()
        timer.stop()

    def pause(self, ms: int = 30) -> None:
        QTest.qWait(ms)

    # what a user sees ------------------------------------------------
    def wait(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        try:
            self.qtbot.waitUntil(condition, timeout=round(seconds * 1000))
        except QtTimeout as error:
            raise AssertionError(f"waited {seconds} s in vain; {self.situation()}") from error

    def situation(self) -> str:
        """Say how things stand, for the message of a test that fails."""
        window, runs = self.window, self.window.workspace.runs
        problems = [(card.title, card.text) for card in window.problems.cards]
        focus = QApplication.focusWidget()
        return (
            f"run {runs.status}, heatmaps {list(runs.heatmaps)}, busy {window.status_line.busy!r}, "
            f"active {window.isActiveWindow()}, focus {type(focus).__name__}, problems {problems}"
        )

    def wait_sharp(self, seconds: float = 30) -> None:
        """Wait until everything in view is drawn and stays so."""
        widget = self.window.canvas_widget
        self.wait(lambda: widget.settled, seconds)
        self.pause(100)
        self.wait(lambda: widget.settled, seconds)

    def dialog(self, name: str) -> QWidget:
        self.wait(lambda: self.window.findChild(QWidget, name) is not None)
        found = self.window.findChild(QWidget, name)
        assert found is not None
        return found

    def picture(self, name: str) -> Path:
        """Save a picture of the window; kept for the docs where PATHVIEW_PICTURES names a folder."""
        self.pause(150)
        folder = Path(os.environ.get("PATHVIEW_PICTURES") or os.environ["PATHVIEW_HOME"])
        folder.mkdir(parents=True, exist_ok=True)
        # The screen rather than the window: dialogs belong into the picture.
        screen = self.window.screen()
        place = self.window.frameGeometry()
        shot = screen.grabWindow(0, place.x(), place.y(), place.width(), place.height())
        assert shot.save(str(folder / f"{name}.png"))
        return folder / f"{name}.png"

    def quit(self) -> None:
        """Close the window as the user does, and take it apart."""
        self.window.close()
        self.pause(50)
        self.window.deleteLater()
        self.pause(50)


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Callable[[], Driver]]:
    """Return a function that starts the program; what the test leaves open is closed."""
    drivers: list[Driver] = []

    def make() -> Driver:
        drivers.append(Driver(qtbot))
        return drivers[-1]

    yield make
    for driver in drivers:
        if driver.window.isVisible():
            driver.quit()
