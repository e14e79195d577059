"""The window without GL: a canvas that records, a study in a temporary folder, hands for mouse and keys."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable, Container, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from pathview.app.application import InboxBridge, offered_models
from pathview.app.main_window import MainWindow
from pathview.app.workspace import Workspace
from pathview.core.place import Place
from pathview.core.pyramid import TileKey
from pathview.slides.made import write_made_tiff
from pathview.startup.settings import Settings
from pathview.study.study import Study
from pathview.tiles.loader import TileLoader
from pathview.tiles.source import Rgb, TileSource
from pathview.view.arrangement import Area
from pathview.view.compose import Frame
from pathview.view.picture import Picture

_NONE = Qt.KeyboardModifier.NoModifier
_LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["pathview"]


@pytest.fixture(autouse=True)
def only_the_demo_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models with weights would make every window late; the one without tells as much about the window."""
    monkeypatch.setenv("PATHVIEW_PLUGINS", "texture_demo")


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that ends with a window of its own or with a timer that still ticks."""
    before = set(QApplication.topLevelWidgets())
    yield
    delete_what_is_due()
    left = [widget for widget in QApplication.topLevelWidgets() if widget not in before]
    assert not left, f"widgets left behind: {left}"
    ticking = [timer for timer in living(QTimer) if timer.isActive()]
    assert not ticking, f"timers left behind: {ticking}"


def delete_what_is_due() -> None:
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def living(kind: type[QTimer]) -> list[QTimer]:
    # By `type`: `isinstance` asks objects for their class, and torch has some that warn when they are asked.
    return [item for item in gc.get_objects() if issubclass(type(item), kind) and shiboken6.isValid(item)]


class _Everything:
    def __contains__(self, key: object) -> bool:
        return True


class Native(QWidget):
    """A plain widget in the place of the GL one, on a screen of any density."""

    frameSwapped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ratio = 1.0

    def devicePixelRatioF(self) -> float:
        return self.ratio


class RecordingCanvas:
    """Keeps the frames it is given; every tile is there at once, unless `slow`."""

    def __init__(self) -> None:
        self.native = Native()
        self.pictures: list[Picture] = []
        self.budgets: list[float | None] = []
        self.forgotten: list[TileSource] = []
        self.pending_uploads = False
        self.fades_go_on = False
        self.drawing = False
        self.slow = False

    def resident(self, source: TileSource) -> Container[TileKey]:
        return frozenset() if self.slow else _Everything()

    def fading(self, source: TileSource) -> Container[TileKey]:
        return frozenset()

    def show(
        self, picture: Picture, tiles: TileLoader, budget_s: float | None = None, *, same: bool = False
    ) -> bool:
        self.pictures.append(picture)
        self.budgets.append(budget_s)
        return True

    @property
    def frames(self) -> list[Frame]:
        """Of the active pane, which is the first of each picture."""
        return [picture.placed[0].frame for picture in self.pictures]

    def snapshot(self) -> Rgb:
        return np.zeros((1, 1, 3), np.uint8)

    def forget(self, source: TileSource) -> None:
        self.forgotten.append(source)


class Hands:
    """A window, and what a user does with it; places are level-0 pixels."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        settings: Settings,
        *,
        resize: bool = True,
        first: Path | None = None,
        whole: bool = True,
    ) -> None:
        self.qtbot = qtbot
        self.bridge = InboxBridge()
        self.canvas = RecordingCanvas()
        study = Study.open(folder)
        self.workspace = Workspace(settings, offered_models, study, self.bridge.inbox)
        self.problems: list[tuple[str, str]] = []
        self.workspace.problem.connect(lambda title, text: self.problems.append((title, text)))
        self.window = MainWindow(self.workspace, self.canvas)
        if resize:
            self.window.resize(1400, 900)
        with qtbot.waitExposed(self.window), self._furnished() if whole else nullcontext():
            self.window.show()
            if first is not None:
                self.workspace.open(first)

    def _furnished(self) -> AbstractContextManager[object]:
        return cast("AbstractContextManager[object]", self.qtbot.waitSignal(self.window.furnished))

    @property
    def native(self) -> Native:
        return self.canvas.native

    @property
    def frame(self) -> Frame:
        """What the screen shows in the active pane once everything asked for has been drawn."""
        self.settle()
        return self.canvas.frames[-1]

    @property
    def shown_at(self) -> dict[Area, Frame]:
        """What the screen shows in each place once everything asked for has been drawn."""
        self.settle()
        return {placed.area: placed.frame for placed in self.canvas.pictures[-1].placed}

    # keys: these need the focus of a screen -----------------------------
    def activate(self) -> None:
        """Make the window the active one, as a window manager does; a virtual screen has none."""
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow, timeout=10_000)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        self.activate()
        QTest.keyClick(self.window.windowHandle(), key, modifiers)
        self.settle()

    def trigger(self, key: str) -> None:
        """Choose an action, as from its menu."""
        action = self.window.actions_table[key]
        assert action.isEnabled(), f"{key} is disabled"
        action.trigger()
        self.settle()

    # mouse: straight to the canvas, so that no screen is needed --------
    def at(self, x: float, y: float) -> QPointF:
        """Return where on the canvas the slide's (x, y) is, in logical pixels."""
        sx, sy = self.workspace.view.state.viewport.to_screen(x, y)
        area = self.workspace.panes.area(self.workspace.panes.active)
        return QPointF((area.x + sx) / self.native.ratio, (area.y + sy) / self.native.ratio)

    def under(self, at: QPointF) -> tuple[float, float]:
        """Return which place of the slide is at a point of the canvas."""
        ratio, area = self.native.ratio, self.workspace.panes.area(self.workspace.panes.active)
        return self.workspace.view.state.viewport.to_slide(at.x() * ratio - area.x, at.y() * ratio - area.y)

    def middle(self, place: int) -> QPointF:
        """Return the middle of one of the panes, in logical pixels."""
        area = self.workspace.panes.areas[place]
        ratio = self.native.ratio
        return QPointF((area.x + area.width / 2) / ratio, (area.y + area.height / 2) / ratio)

    def mouse(
        self,
        kind: QEvent.Type,
        at: QPointF,
        button: Qt.MouseButton = _LEFT,
        modifiers: Qt.KeyboardModifier = _NONE,
        held: Qt.MouseButton | None = None,
    ) -> None:
        moving = kind == QEvent.Type.MouseMove
        down = button if held is None else held
        event = QMouseEvent(
            kind, at, self.native.mapToGlobal(at), Qt.MouseButton.NoButton if moving else button,
            Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else down, modifiers,
        )  # fmt: skip
        QApplication.sendEvent(self.native, event)

    def press(
        self, at: QPointF, button: Qt.MouseButton = _LEFT, modifiers: Qt.KeyboardModifier = _NONE
    ) -> None:
        self.mouse(QEvent.Type.MouseButtonPress, at, button, modifiers)

    def move(
        self, at: QPointF, button: Qt.MouseButton = _LEFT, modifiers: Qt.KeyboardModifier = _NONE
    ) -> None:
        self.mouse(QEvent.Type.MouseMove, at, button, modifiers)

    def hover(self, at: QPointF) -> None:
        self.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton)

    def release(
        self, at: QPointF, button: Qt.MouseButton = _LEFT, modifiers: Qt.KeyboardModifier = _NONE
    ) -> None:
        self.mouse(QEvent.Type.MouseButtonRelease, at, button, modifiers)

    def click(self, x: float, y: float, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        at = self.at(x, y)
        self.hover(at)
        self.press(at, modifiers=modifiers)
        self.release(at, modifiers=modifiers)

    def double(self, x: float, y: float) -> None:
        self.click(x, y)
        self.mouse(QEvent.Type.MouseButtonDblClick, self.at(x, y))
        self.release(self.at(x, y))

    def drag(
        self,
        *points: QPointF,
        button: Qt.MouseButton = _LEFT,
        modifiers: Qt.KeyboardModifier = _NONE,
    ) -> None:
        self.press(points[0], button, modifiers)
        for start, end in pairwise(points):
            for step in range(1, 9):
                self.move(start + (end - start) * (step / 8), button, modifiers)
        self.release(points[-1], button, modifiers)

    def wheel(self, at: QPointF, notches: float) -> None:
        event = QWheelEvent(
            at, self.native.mapToGlobal(at), QPoint(), QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton, _NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.native, event)

    # waiting -----------------------------------------------------------
    def wait(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        self.qtbot.waitUntil(condition, timeout=round(seconds * 1000))

    def settle(self) -> None:
        """Handle what is queued: posted results, the coalesced repaint."""
        for _ in range(4):
            QApplication.processEvents()

    def open(self, path: Place) -> None:
        """Open a slide and wait until it shows."""
        self.workspace.open(path)
        self.wait(lambda: self.shown == path)
        self.settle()

    @property
    def shown(self) -> Place | None:
        session = self.workspace.session
        return None if session is None else session.slide.info.path

    def tool(self, name: str) -> None:
        self.trigger(f"tool_{name}")

    def close(self) -> None:
        """Close the window as the user does, and take it apart."""
        self.window.close()
        self.window.deleteLater()
        self.bridge.deleteLater()
        delete_what_is_due()


class Start:
    """Starts windows on one study; what a test leaves open is closed after it."""

    def __init__(self, qtbot: QtBot, study: Path) -> None:
        self._qtbot = qtbot
        self.study = study
        self.started: list[Hands] = []

    def __call__(
        self,
        settings: Settings | None = None,
        *,
        resize: bool = True,
        first: Path | None = None,
        whole: bool = True,
    ) -> Hands:
        settings = settings or Settings(theme="light", smooth=False)
        hands = Hands(self._qtbot, self.study, settings, resize=resize, first=first, whole=whole)
        self.started.append(hands)
        return hands

    def stored(self) -> list[tuple[object, ...]]:
        """Return the annotations' rows as another program would read them from the database."""
        with closing(sqlite3.connect(f"file:{self.study / 'study.sqlite'}?mode=ro", uri=True)) as database:
            return database.execute("SELECT * FROM annotation").fetchall()


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    starter = Start(qtbot, tmp_path / "study")
    yield starter
    for hands in starter.started:
        if shiboken6.isValid(hands.window):
            hands.close()


@pytest.fixture
def user(start: Start) -> Hands:
    """Return a window without a slide."""
    return start()


@pytest.fixture
def bare_tiff(tmp_path: Path) -> Path:
    """Return a slide of 1500 x 1100 pixels that does not state their size."""
    return write_made_tiff(tmp_path / "bare.tif", mpp=None)


@pytest.fixture
def reader(user: Hands, made_tiff: Path) -> Hands:
    """Return a window with a made slide of 1500 x 1100 pixels, 0.25 um/px."""
    user.open(made_tiff)
    return user
