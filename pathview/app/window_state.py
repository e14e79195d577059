"""Where the window and its panels were, kept from one start to the next."""

from __future__ import annotations

import logging

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from pathview.core.files import config_folder

_log = logging.getLogger(__name__)
# Raised when panels come, go or change their names: an older arrangement is then left alone.
LAYOUT_VERSION = 6


def save_window(window: QMainWindow) -> None:
    """Remember geometry and panels; a folder that cannot be written is no reason to complain at closing."""
    settings = _file()
    if settings is not None:
        settings.setValue("geometry", window.saveGeometry())
        settings.setValue("panels", window.saveState(LAYOUT_VERSION))
        settings.sync()


def restore_window(window: QMainWindow) -> None:
    """Put the window where it was; what is missing, damaged or of another version is left as it is."""
    settings = _file()
    if settings is None:
        return
    geometry, panels = settings.value("geometry"), settings.value("panels")
    if isinstance(geometry, QByteArray) and not window.restoreGeometry(geometry):
        _log.info("the window's last place cannot be used")
    if isinstance(panels, QByteArray) and not window.restoreState(panels, LAYOUT_VERSION):
        _log.info("the last arrangement of panels cannot be used")


def _file() -> QSettings | None:
    try:
        return QSettings(str(config_folder() / "window.ini"), QSettings.Format.IniFormat)
    except OSError as error:
        _log.info("the window's place cannot be kept: %s", error)
        return None
