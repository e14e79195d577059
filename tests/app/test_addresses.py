"""Slides on servers in the window: asked for, dropped, remembered without secrets, lost and found again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit

from pathview.app import status_line
from pathview.core.place import Address
from pathview.slides import watch
from pathview.slides.made import write_made_tiff
from pathview.slides.remote import http
from pathview.startup.settings import load_settings
from pathview.tiles.plan import TilePlan

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES_S", (0.01, 0.01))


@pytest.fixture
def address(server: Any) -> Address:
    """Return the address of a made slide, with secrets."""
    write_made_tiff(server.folder / "made.tif")
    server.password = "anna:s3cret"
    return Address(f"http://anna:s3cret@127.0.0.1:{server.port}/made.tif?sig=abc123")


def answer(act: Callable[[QInputDialog], object]) -> None:
    """Do something in the dialog that comes next."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QInputDialog)
        act(dialog)

    QTimer.singleShot(500, look)


def test_an_address_is_asked_for_and_opened(user: Any, address: Address) -> None:
    def enter(dialog: QInputDialog) -> None:
        line: Any = dialog.findChild(QLineEdit)
        QTest.keyClicks(line, f" {address.url} ")
        QTest.keyClick(line, Qt.Key.Key_Return)

    answer(enter)
    user.activate()
    QTest.keyClick(user.window.windowHandle(), Qt.Key.Key_O, CONTROL | SHIFT)
    user.wait(lambda: user.shown == address)
    assert user.window.windowTitle() == "made.tif — PathView"


def test_no_address_opens_nothing(user: Any) -> None:
    answer(lambda dialog: QTest.keyClick(dialog, Qt.Key.Key_Escape))
    user.trigger("open_address")
    user.settle()
    assert user.shown is None
    assert not user.problems


def test_a_recent_address_has_no_secrets_and_opens_again_in_this_run(
    start: Any, address: Address, fresh_home: Path
) -> None:
    user = start()
    user.open(address)
    assert load_settings().recent == (str(address),)
    user.trigger("close")
    (first, *_) = user.window.recent.menu.actions()
    assert (first.text(), first.toolTip()) == ("made.tif", str(address))
    first.trigger()
    user.wait(lambda: user.shown == address)
    assert [str(record.path) for record in user.workspace.study.slides()] == [str(address)]
    user.close()
    for file in fresh_home.rglob("*"):
        assert not file.is_file() or b"s3cret" not in file.read_bytes(), file
        assert not file.is_file() or b"abc123" not in file.read_bytes(), file
    later = start(load_settings())
    later.window.recent.menu.actions()[0].trigger()
    later.wait(lambda: bool(later.problems))
    assert "refuses access" in later.problems[0][1]


@pytest.mark.parametrize("how", ["link", "text"])
def test_a_dropped_address_opens(how: str, user: Any, address: Address) -> None:
    data = QMimeData()
    if how == "link":
        data.setUrls([QUrl(address.url)])
    else:
        data.setText(f"{address.url}\n")
    where, copy = QPointF(200, 200), Qt.DropAction.CopyAction
    enter = QDragEnterEvent(where.toPoint(), copy, data, _LEFT, _NONE)
    QApplication.sendEvent(user.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(user.window, QDropEvent(where, copy, data, _LEFT, _NONE))
    user.wait(lambda: user.shown == address)


def test_a_link_of_another_kind_is_not_taken(user: Any) -> None:
    data = QMimeData()
    data.setUrls([QUrl("mailto:a@b.org")])
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, data, _LEFT, _NONE)
    QApplication.sendEvent(user.window, enter)
    assert not enter.isAccepted()


def test_the_window_lives_on_while_a_server_says_nothing_and_can_be_closed(
    user: Any, address: Address, server: Any
) -> None:
    server.hold.clear()
    user.workspace.open(address)
    QTest.qWait(100)
    assert "made.tif" in user.window.status_line.busy
    began = time.monotonic()
    user.window.close()
    assert time.monotonic() - began < 3
    server.hold.set()


def test_annotations_are_found_again_whichever_way_a_slide_is_opened(
    user: Any, address: Address, server: Any
) -> None:
    user.open(server.folder / "made.tif")
    session = user.workspace.session
    user.open(address)
    assert user.workspace.session.annotations is session.annotations


def test_a_lost_server_is_named_in_the_status_line_and_its_tiles_come_back(
    start: Any, address: Address, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.0)
    monkeypatch.setattr(status_line, "_RETRY_MS", 50)
    user = start()
    user.open(address)
    user.settle()
    trouble = user.window.status_line.trouble
    tiles = user.workspace.scene.slide_tiles
    # Nothing that was read is kept, so that it has to be read again.
    reader = user.workspace.session.slide._reader._reader
    reader._cache.clear()
    reader._file._memory.clear()
    for block in reader._file._cache._folder.iterdir():
        block.unlink()
    user.workspace.loader.forget(tiles)
    server.stop()
    user.workspace.loader.wish("test", [(tiles, TilePlan((), (), (tiles.pyramid.root,)))])
    user.wait(lambda: not trouble.isHidden())
    assert trouble.text() == "The server 127.0.0.1 cannot be reached"
    server.start()
    user.wait(trouble.isHidden)
    user.wait(lambda: tiles.pyramid.root in user.workspace.loader.cached(tiles))
    user.wait(lambda: not user.window.status_line._retry.isActive())
