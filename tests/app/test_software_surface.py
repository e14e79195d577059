"""The canvas without a graphics card: what was drawn into memory is what the widget shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from pathview.app.software_surface import SoftwareSurface

RED, GREEN, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0)


class Painted:
    """A surface on the screen, cleared to a colour."""

    def __init__(self, surface: SoftwareSurface) -> None:
        self.surface = surface
        self.color = RED
        self.drawn = 0
        surface.serve(lambda: None, self.draw)

    def draw(self) -> None:
        self.drawn += 1
        self.surface.context.clear(color=self.color, depth=True)

    def busy(self) -> bool:
        return self.surface.drawing

    def shown(self) -> set[str]:
        """Return the colours of the corners and the middle of what the widget shows."""
        picture: QImage = self.surface.native.grab().toImage()
        right, bottom = picture.width() - 1, picture.height() - 1
        places = ((0, 0), (right, 0), (0, bottom), (right, bottom), (right // 2, bottom // 2))
        return {QColor(picture.pixel(*place)).name() for place in places}


@pytest.fixture
def painted(qtbot: QtBot) -> Iterator[Painted]:
    surface = SoftwareSurface.where_needed()
    if surface is None:
        pytest.skip("a graphics card draws here")
    qtbot.addWidget(surface.native)
    painted = Painted(surface)
    surface.native.resize(200, 100)
    with qtbot.waitExposed(surface.native):
        surface.native.show()
    yield painted
    surface.close()


def test_the_widget_shows_what_is_drawn(painted: Painted, qtbot: QtBot) -> None:
    assert painted.shown() == {"#ff0000"}
    painted.color = GREEN
    with qtbot.waitSignal(painted.surface.native.frameSwapped):
        painted.surface.update()
        assert painted.busy()
    assert not painted.busy()
    assert painted.shown() == {"#00ff00"}


def test_what_is_asked_for_while_it_draws_is_drawn_after_that_and_once(
    painted: Painted, qtbot: QtBot
) -> None:
    before = painted.drawn
    painted.surface.update()
    painted.color = BLUE
    for _ in range(3):
        painted.surface.update()
    qtbot.waitUntil(lambda: not painted.busy())
    assert painted.shown() == {"#0000ff"}
    assert painted.drawn == before + 2


def test_another_size_is_filled_at_once(painted: Painted, qtbot: QtBot) -> None:
    painted.surface.native.resize(320, 240)
    assert painted.shown() == {"#ff0000"}
    assert painted.surface.physical_size == (320, 240)


def test_a_resize_amid_drawing_does_not_leave_it_waiting(painted: Painted, qtbot: QtBot) -> None:
    painted.surface.update()
    painted.surface.native.resize(320, 240)
    with qtbot.waitSignal(painted.surface.native.frameSwapped):
        painted.shown()
    assert not painted.busy()


def test_what_changed_while_it_was_hidden_shows_at_once(painted: Painted, qtbot: QtBot) -> None:
    painted.surface.native.hide()
    painted.color = GREEN
    painted.surface.update()
    assert not painted.busy()
    with qtbot.waitExposed(painted.surface.native):
        painted.surface.native.show()
    assert painted.shown() == {"#00ff00"}
