"""The commands for detections, as data."""

from __future__ import annotations

from pathview.app.action_info import ActionInfo

DETECTION_ACTIONS: tuple[ActionInfo, ...] = (
    ActionInfo(
        "toggle_detections",
        "Show detec&tions",
        "Show or hide the objects that models have found",
        ("D",),
        needs="detections",
    ),
    ActionInfo(
        "export_detections",
        "Export detec&tions …",
        "Write the objects that a model has found as GeoJSON or CSV",
        needs="detections",
    ),
)
