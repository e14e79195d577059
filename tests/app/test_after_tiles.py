"""What waits for the tiles in view: not for ever, and not when there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from pathview.app.after_tiles import AfterTiles
from pathview.core.inbox import Inbox
from pathview.tiles.loader import TileLoader


@pytest.fixture
def loader() -> Iterator[TileLoader]:
    loader = TileLoader(Inbox(), threads=0)
    yield loader
    loader.close()


@pytest.fixture
def owner(qtbot: QtBot) -> Iterator[QObject]:
    owner = QObject()
    yield owner
    owner.deleteLater()


def busy(loader: TileLoader, monkeypatch: pytest.MonkeyPatch, **counts: int) -> None:
    counters: Any = replace(loader.counters(), **counts)
    monkeypatch.setattr(loader, "counters", lambda: counters)


def test_it_comes_soon_where_nothing_is_waited_for(loader: TileLoader, owner: QObject, qtbot: QtBot) -> None:
    calls: list[str] = []
    after = AfterTiles(loader, lambda: calls.append("now"), owner)
    after.start()
    assert not calls
    qtbot.waitUntil(lambda: bool(calls), timeout=5000)
    qtbot.wait(100)
    assert calls == ["now"]


@pytest.mark.parametrize("counts", [{"waiting": 3}, {"reading": 1}])
def test_it_waits_for_tiles_that_are_wanted_or_being_read(
    counts: dict[str, int],
    loader: TileLoader,
    owner: QObject,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pathview.app.after_tiles._LONGEST_MS", 10**6)
    calls: list[str] = []
    after = AfterTiles(loader, lambda: calls.append("now"), owner)
    busy(loader, monkeypatch, **counts)
    after.start()
    qtbot.wait(150)
    assert not calls
    busy(loader, monkeypatch, waiting=0, reading=0)
    qtbot.waitUntil(lambda: bool(calls), timeout=5000)


def test_it_comes_in_any_case_after_a_while(
    loader: TileLoader, owner: QObject, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    busy(loader, monkeypatch, waiting=3)
    AfterTiles(loader, lambda: calls.append("now"), owner).start()
    qtbot.waitUntil(lambda: bool(calls), timeout=5000)


def test_stopped_it_does_not_come(loader: TileLoader, owner: QObject, qtbot: QtBot) -> None:
    calls: list[str] = []
    after = AfterTiles(loader, lambda: calls.append("now"), owner)
    after.start()
    after.stop()
    qtbot.wait(100)
    assert not calls
