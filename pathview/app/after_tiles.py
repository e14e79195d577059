"""Work that can wait until the tiles in view have been read: the small pictures beside the large one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from pathview.tiles.loader import TileLoader

_LOOK_EVERY_MS = 30
_LONGEST_MS = 600


class AfterTiles(QObject):
    """Calls a function once, as soon as no tiles are waited for, but after a moment in any case.

    Parameters
    ----------
    loader
        What reads the tiles.
    call
        The function.
    parent
        Owner; with it the call is gone.
    """

    def __init__(self, loader: TileLoader, call: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._loader = loader
        self._call = call
        self._waited = 0
        self._timer = QTimer(self, interval=_LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin to wait, anew if it has begun before."""
        self._waited = 0
        self._timer.start()

    def stop(self) -> None:
        """Do not call."""
        self._timer.stop()

    def _look(self) -> None:
        self._waited += _LOOK_EVERY_MS
        counters = self._loader.counters()
        if not (counters.waiting or counters.reading) or self._waited >= _LONGEST_MS:
            self._timer.stop()
            self._call()
