"""Menus and toolbar as lists of action keys."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from pathview.app.action_table import ActionTable
from pathview.app.actions import plain
from pathview.view.magnification import POWERS

SEPARATOR = ""
MENUS: dict[str, tuple[str, ...]] = {
    "&File": (
        "open", "open_address", "open_demo", "recent", "close", SEPARATOR,
        "export_annotations", "export_detections", "export_region", "export_cells", "export_as", SEPARATOR,
        "quit",
    ),
    "&Edit": ("undo", "redo", SEPARATOR, "select_all", "rename", "delete", SEPARATOR, "pixel_size"),
    "&View": (
        "toggle_annotations", "toggle_detections", "toggle_heatmap", SEPARATOR,
        "toggle_grid", "toggle_crosshair", SEPARATOR,
        "toggle_coverage", "reset_coverage", SEPARATOR,
        "magnifier", "toggle_magnifier", "magnifier_2x", "magnifier_4x", "magnifier_full", SEPARATOR,
        "colour_profile", "auto_contrast", "plane_up", "plane_down", SEPARATOR,
        "full_screen", "panels", "toggle_panels", "log", "reset_panels", SEPARATOR,
        "theme_system", "theme_light", "theme_dark",
    ),
    "&Navigate": (
        "zoom_in", "zoom_out", "zoom_fit", "zoom_full", "tool_zoom", SEPARATOR,
        *(f"power_{power:g}" for power in POWERS), SEPARATOR,
        "rotate_left", "rotate_right", "rotate_to", "flip", "upright", SEPARATOR,
        "pan_left", "pan_right", "pan_up", "pan_down", SEPARATOR, "back", "forward", SEPARATOR,
        "add_bookmark", "next_bookmark", "previous_bookmark", "bookmarks",
    ),
    "&Image": (
        "compare", "reset_adjustment", SEPARATOR, "auto_adjust", "white_from_glass", SEPARATOR,
        "stains_all", "stains_first", "stains_second", "stains_residual", "estimate_stains", SEPARATOR,
        "copy_adjustment", "paste_adjustment",
    ),
    "&Slides": (
        "views_one", "views_beside", "views_stacked", "views_three", "views_four", SEPARATOR,
        "show_again", "next_view", "previous_view", SEPARATOR, "next_slide", "previous_slide", SEPARATOR,
        "swipe", "blink", "blink_on", "next_partner", SEPARATOR,
        "link_views", "link_as_now", "tool_landmark", "links",
    ),
    "&Annotate": ("tool_pan", "tool_select", "tool_polygon", "tool_freehand", "tool_rectangle"),
    "&Model": (
        "run", "run_selection", "tta", "coarse_first", SEPARATOR, "pause", "cancel", SEPARATOR,
        "queue_run", "queue_all", "runs", SEPARATOR,
        "toggle_tissue", "exclude_tissue", "include_tissue", SEPARATOR,
        "model_parameters", "model_card", "add_model", "reload_models",
    ),
    "Hea&tmap": (
        "next_hotspot", "previous_hotspot", "hotspots", SEPARATOR, "toggle_contours", "outline_heatmap",
        SEPARATOR, "difference",
    ),
    "&Help": ("palette", "shortcuts", "whats_this", SEPARATOR, "about"),
}  # fmt: skip
SUBMENUS = {"recent": "Open &recent", "panels": "&Panels", "export_as": "E&xport as"}
"""Titles of the places that are submenus, which the window fills."""
TOOLBAR: tuple[str, ...] = (
    "open", SEPARATOR, "tool_pan", "tool_select", "tool_polygon", "tool_freehand", "tool_rectangle", "class",
    SEPARATOR, "undo", "redo", SEPARATOR, "zoom_out", "zoom_in", "tool_zoom", "zoom_fit", SEPARATOR, "run",
    "pause", "cancel",
)  # fmt: skip


def menu_paths() -> dict[str, str]:
    """Return the menu of each action as it is read: "View"."""
    return {key: plain(title) for title, keys in MENUS.items() for key in keys if key != SEPARATOR}


def fill_menus(bar: QMenuBar, actions: ActionTable) -> dict[str, QMenu]:
    """Build the menu bar.

    Parameters
    ----------
    bar
        The window's.
    actions
        What the keys stand for.

    Returns
    -------
    dict
        The submenus by place, for the window to fill.
    """
    made: dict[str, QMenu] = {}
    for title, keys in MENUS.items():
        menu = bar.addMenu(title)
        for key in keys:
            if key == SEPARATOR:
                menu.addSeparator()
            elif key in SUBMENUS:
                made[key] = menu.addMenu(SUBMENUS[key])
            else:
                menu.addAction(actions[key])
    return made


def fill_toolbar(bar: QToolBar, actions: ActionTable, widgets: dict[str, QWidget]) -> None:
    """Build the toolbar; `widgets` are the entries that are no actions, by name."""
    for key in TOOLBAR:
        if key == SEPARATOR:
            bar.addSeparator()
        elif key in widgets:
            bar.addWidget(widgets[key])
        else:
            bar.addAction(actions[key])
