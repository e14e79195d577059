"""What waits for the slide that the program starts with: not for ever, and not when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from pathview.app.after_picture import AfterPicture


class Waiting:
    """A start in any state, and how often what waits for it was called."""

    def __init__(self, owner: QObject) -> None:
        workspace: Any = SimpleNamespace(opening=False, slides=[])
        canvas: Any = SimpleNamespace(settled=False)
        self.workspace, self.canvas = workspace, canvas
        self.calls = 0
        self.after = AfterPicture(workspace, canvas, self._call, owner)

    def _call(self) -> None:
        self.calls += 1


@pytest.fixture
def waiting(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    monkeypatch.setattr("pathview.app.after_picture._LONGEST_MS", 10**6)
    owner = QObject()
    yield Waiting(owner)
    owner.deleteLater()


def test_it_comes_at_once_where_no_slide_is_asked_for(waiting: Waiting, qtbot: QtBot) -> None:
    waiting.after.start()
    qtbot.waitUntil(lambda: waiting.calls == 1)
    qtbot.wait(60)
    assert waiting.calls == 1


def test_it_waits_while_a_slide_is_opened_and_until_it_is_seen(waiting: Waiting, qtbot: QtBot) -> None:
    waiting.workspace.opening = True
    waiting.after.start()
    qtbot.wait(60)
    assert not waiting.calls
    waiting.workspace.opening, waiting.workspace.slides = False, ["a slide"]
    qtbot.wait(60)
    assert not waiting.calls
    waiting.canvas.settled = True
    qtbot.waitUntil(lambda: waiting.calls == 1)


def test_it_comes_in_any_case_after_a_while(
    waiting: Waiting, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathview.app.after_picture._LONGEST_MS", 100)
    waiting.workspace.opening = True
    waiting.after.start()
    qtbot.waitUntil(lambda: waiting.calls == 1)


def test_stopped_it_does_not_come(waiting: Waiting, qtbot: QtBot) -> None:
    waiting.after.start()
    waiting.after.stop()
    qtbot.wait(60)
    assert not waiting.calls
