"""PathView's window, driven: arguments are the slide and WxH."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint

from benchmarks.peers.child import obey, say
from pathview.app.application import InboxBridge, make_application, make_window

slide, size = sys.argv[1:]
application = make_application([])
bridge = InboxBridge()
window = make_window(bridge)
window.move(0, 0)
window.resize(*map(int, size.split("x")))
window.show()
workspace, widget = window.workspace, window.canvas_widget
workspace.open(Path(slide))
while workspace.session is None or not widget.settled:
    application.processEvents()
start = (0.0, 0.0)


def jump(x: float, y: float) -> None:
    """Show a place at 1:1."""
    global start
    start = (x, y)
    workspace.look(replace(workspace.view.state.viewport, center=start, downsample=1.0))


def move(pixels: float) -> None:
    """Show what is so many pixels further."""
    center = (start[0] + 0.9028 * pixels, start[1] + 0.43 * pixels)
    workspace.look(replace(workspace.view.state.viewport, center=center))


corner = widget.mapToGlobal(QPoint(0, 0))
say("ready", area=[corner.x(), corner.y(), widget.width(), widget.height()])
obey(application.processEvents, jump, move)
os._exit(0)
