"""The desktop program: one QApplication, one window, one way in for results of other threads."""

from __future__ import annotations

import argparse
import logging
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QSurfaceFormat
from PySide6.QtWidgets import QApplication

from pathview.app.main_window import MainWindow
from pathview.app.memory import give_large_blocks_back, leave_out_what_stays
from pathview.app.screenshot import ScreenshotWhenSettled
from pathview.app.software_surface import SoftwareSurface
from pathview.app.start import EarlyOpening
from pathview.app.theme import application_icon
from pathview.app.workspace import Workspace
from pathview.core.errors import StudyError
from pathview.core.files import data_folder
from pathview.core.inbox import Inbox
from pathview.core.log import set_up
from pathview.render.surface import Surface
from pathview.startup.settings import Settings, load_settings
from pathview.study.study import Study

if TYPE_CHECKING:
    from pathview.startup.registry import Registry

_log = logging.getLogger(__name__)
_DRAIN_S = 0.002
APP_ID = "org.pathview.PathView"


class InboxBridge(QObject):
    """Wakes Qt's event loop when something arrives in the inbox, and drains it on the main thread."""

    arrived = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.inbox = Inbox(self.arrived.emit)
        self.arrived.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _drain(self) -> None:
        self.inbox.drain(_DRAIN_S)


def make_application(arguments: list[str]) -> QApplication:
    """Return the QApplication, named and with a GL format that every driver has."""
    give_large_blocks_back()
    surface = QSurfaceFormat.defaultFormat()
    surface.setDepthBufferSize(24)
    surface.setSwapInterval(1)
    QSurfaceFormat.setDefaultFormat(surface)
    application = QApplication([sys.argv[0], *arguments])
    application.setApplicationName("PathView")
    application.setOrganizationName("PathView")
    application.setDesktopFileName(APP_ID)
    application.setWindowIcon(application_icon((16, 32, 64)))
    return application


def offered_models(settings: Settings) -> Registry:
    """Return the models of plugins and of the folders that the user has added."""
    # Only here: manifests are read when the slide is seen.
    from pathview.startup.registry import known_registry

    return known_registry(settings)


def make_window(bridge: InboxBridge) -> MainWindow:
    """Return the window with everything behind it.

    Raises
    ------
    StudyError
        If the place where annotations are kept cannot be used.
    """
    from pathview.render.canvas import GlCanvas
    from pathview.render.fades import FADE_S, Fades
    from pathview.render.painter import COPIES_BYTES

    study = Study.open(data_folder() / "study")
    settings = load_settings()
    workspace = Workspace(settings, offered_models, study, bridge.inbox)
    software = SoftwareSurface.where_needed()
    if software is not None:
        # What is on the screen lies in memory twice; the budget is for both.
        workspace.loader.spare(COPIES_BYTES)
    # Half a dozen pictures where one is enough: for a card nothing, for a processor all the readers' time.
    fades = Fades(FADE_S if settings.smooth and software is None else 0.0)
    return MainWindow(workspace, GlCanvas(software or _card_surface(), fades))


def _card_surface() -> Surface:
    """Return the surface of a window that a graphics card draws."""
    # Only here: without a card nothing of vispy but its GL objects is needed.
    import vispy

    vispy.use(app="pyside6")
    from pathview.render.vispy_surface import VispySurface

    return VispySurface()


def run_window(options: argparse.Namespace, opening: EarlyOpening | None) -> int:
    """Open the window and return the exit code when it has closed.

    Parameters
    ----------
    options
        As `pathview.app.start` reads them.
    opening
        The first of the slides that are to be shown.
    """
    set_up(options.verbose)
    application = make_application([])
    bridge = InboxBridge()
    try:
        window = make_window(bridge)
    except StudyError as error:
        print(f"pathview: {error}", file=sys.stderr)  # noqa: T201 - there is no window to say it in
        return 1
    catch_everything(window)
    window.furnished.connect(leave_out_what_stays)
    if options.theme:
        window.set_theme(options.theme, keep=False)
    if options.size:
        window.resize(*options.size)
    window.show()
    if options.heatmap:
        show_heatmap_once_open(window.workspace, options.heatmap)
    if opening is not None:
        window.workspace.open(*options.slides, first=opening.result)
    if options.screenshot:
        shot = ScreenshotWhenSettled(window, options.screenshot)
        QTimer.singleShot(0, shot.start)
    return application.exec()


def show_heatmap_once_open(workspace: Workspace, path: Path) -> None:
    """Show a heatmap file as soon as the slide that is in front is there."""

    def show(session: object) -> None:
        if session is not None:
            workspace.slide_changed.disconnect(show)
            workspace.runs.show_file(path)

    workspace.slide_changed.connect(show)


def catch_everything(window: MainWindow) -> None:
    """Log and show what nobody caught: a slot that raises must not take the window with it.

    Parameters
    ----------
    window
        Where it is shown; what fails once often fails with every mouse move, and is then counted.
    """

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.exit(130)
            return
        report = "".join(traceback.format_exception(kind, error, trace))
        _log.error("unexpected error\n%s", report)
        window.workspace.inbox.post(lambda: _show_report(window, report))

    def thread_hook(facts: threading.ExceptHookArgs) -> None:
        if facts.exc_value is not None:
            hook(facts.exc_type, facts.exc_value, facts.exc_traceback)

    sys.excepthook = hook
    threading.excepthook = thread_hook


def _show_report(window: MainWindow, report: str) -> None:
    if not window.workspace.closed:
        window.show_problem(
            "Something unexpected went wrong",
            "Your annotations are saved, and you can go on. If it comes again, please report the details.",
            report,
        )
