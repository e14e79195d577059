"""napari with napari-wsi, in an environment of its own: arguments: slide, WxH, "sync" or "async"."""

from __future__ import annotations

import os
import sys

import napari
import numpy as np
from napari.settings import get_settings
from qtpy import QtCore, QtWidgets

from benchmarks.peers.child import obey, say

slide, size, mode = sys.argv[1:]
get_settings().experimental.async_ = mode == "async"
viewer = napari.Viewer(show=True)
window = viewer.window._qt_window
window.move(0, 0)
window.resize(*map(int, size.split("x")))
application = QtWidgets.QApplication.instance()
application.processEvents()
layer = viewer.open(slide, plugin="napari-wsi")[0]
application.processEvents()
viewer.reset_view()
application.processEvents()

native = viewer.window._qt_viewer.canvas._scene_canvas.native
corner = native.mapToGlobal(QtCore.QPoint(0, 0))
origin, right = (np.array(layer.data_to_world((0.0, x))) for x in (0.0, 1.0))
world_per_pixel = float(np.abs(right - origin).sum())
heading = np.array([0.43, 0.9028])
start = np.zeros(2)


def jump(x: float, y: float) -> None:
    """Show a place at 1:1."""
    global start
    viewer.camera.zoom = 1 / world_per_pixel
    start = np.array(layer.data_to_world((y, x)))[-2:]
    viewer.camera.center = tuple(start)


def move(pixels: float) -> None:
    """Show what is so many pixels further."""
    viewer.camera.center = tuple(start + heading * pixels * world_per_pixel)


say("ready", area=[corner.x(), corner.y(), native.width(), native.height()])
obey(application.processEvents, jump, move)
os._exit(0)
