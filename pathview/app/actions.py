"""The action table: every command of the window as data."""

from __future__ import annotations

import re

from PySide6.QtGui import QKeySequence

from pathview.app.action_info import ActionInfo, Standard
from pathview.app.detection_actions import DETECTION_ACTIONS
from pathview.app.heatmap_actions import HEATMAP_ACTIONS
from pathview.view.magnification import POWERS

NEEDS = {
    "slide": "a slide",
    "slides": "an open slide",
    "tabs": "a second open slide",
    "pair": "two slides in view",
    "views": "a second view",
    "annotations": "an annotation",
    "selection": "a selected annotation",
    "bookmark": "a bookmark",
    "undo": "a change to take back",
    "redo": "a change that was taken back",
    "heatmap": "a heatmap",
    "heatmaps": "two heatmaps",
    "detections": "detections",
    "model": "a model",
    "parameters": "a model with parameters",
    "run": "a model run that is going on",
    "channels": "a slide with channels",
    "planes": "a slide with several focal planes",
    "scale": "a slide whose pixel size is known",
    "adjusted": "an adjusted picture",
    "copied": "a copied adjustment",
    "stains": "a slide without channels",
}
"""What actions may need, by the word that stands for it, as a sentence says it."""


ACTIONS: tuple[ActionInfo, ...] = (
    ActionInfo("open", "&Open slide …", "Open a whole-slide image", (Standard.Open,), "folder-open"),
    ActionInfo(
        "open_address",
        "Open addre&ss …",
        "Open a slide on a web server or in an S3 bucket",
        ("Ctrl+Shift+O",),
        "",
    ),
    ActionInfo("open_demo", "Open &demo slide", "Open the synthetic demo slide; it is made on first use"),
    ActionInfo(
        "close", "&Close slide", "Close the slide; everything is saved already", ("Ctrl+W",), needs="slide"
    ),
    ActionInfo(
        "export_annotations",
        "Export &annotations …",
        "Write the annotations as GeoJSON",
        ("Ctrl+E",),
        "download",
        needs="annotations",
    ),
    ActionInfo(
        "export_region",
        "Export re&gion …",
        "Write the selection or the view as PNG or TIFF",
        ("Ctrl+Shift+E",),
        "image",
        needs="slide",
    ),
    ActionInfo(
        "export_cells",
        "Export &heatmap cells …",
        "Write the cells of the heatmap as CSV",
        (),
        "table-2",
        needs="heatmap",
    ),
    ActionInfo("quit", "&Quit", "Quit; everything is saved already", (Standard.Quit, "Ctrl+Q")),
    ActionInfo("undo", "&Undo", "Take the last change back", (Standard.Undo,), "undo-2", needs="undo"),
    ActionInfo(
        "redo", "&Redo", "Make the change again", (Standard.Redo, "Ctrl+Shift+Z"), "redo-2", needs="redo"
    ),
    ActionInfo(
        "delete", "&Delete", "Delete the selected annotations", ("Del",), "trash-2", needs="selection"
    ),
    ActionInfo(
        "select_all",
        "Select &all",
        "Select all annotations",
        (Standard.SelectAll, "Ctrl+Alt+A"),
        needs="annotations",
    ),
    ActionInfo("rename", "&Name …", "Name the selected annotation", ("F2",), needs="selection"),
    ActionInfo(
        "pixel_size",
        "Set pixel si&ze …",
        "State how large a pixel is, where the file does not say it or is wrong",
        ("Ctrl+U",),
        needs="slide",
    ),
    ActionInfo("tool_pan", "&Pan", "Drag to move, wheel to zoom", ("M",), "hand", "tool", "slide"),
    ActionInfo(
        "tool_select", "&Select", "Click to select, drag to move", ("S",), "mouse-pointer-2", "tool", "slide"
    ),
    ActionInfo(
        "tool_polygon",
        "P&olygon",
        "Click corners or drag; double-click or Enter closes",
        ("P",),
        "pentagon",
        "tool",
        "slide",
    ),
    ActionInfo(
        "tool_freehand",
        "&Freehand",
        "Press, draw round the region, release",
        ("Shift+P",),
        "lasso",
        "tool",
        "slide",
    ),
    ActionInfo(
        "tool_rectangle",
        "&Rectangle",
        "Drag from corner to corner; Shift for a square",
        ("R",),
        "square",
        "tool",
        "slide",
    ),
    ActionInfo(
        "tool_zoom",
        "&Zoom to a frame",
        "Drag a frame round what is to fill the window",
        ("Z",),
        "scan-search",
        "tool",
        "slide",
    ),
    ActionInfo(
        "zoom_in",
        "Zoom &in",
        "Look closer at the middle",
        (Standard.ZoomIn, "+", "="),
        "zoom-in",
        needs="slide",
    ),
    ActionInfo(
        "zoom_out", "Zoom &out", "Look from further away", (Standard.ZoomOut, "-"), "zoom-out", needs="slide"
    ),
    ActionInfo("zoom_fit", "&Fit to window", "Show the whole slide", ("Home",), "maximize", needs="slide"),
    ActionInfo(
        "zoom_full", "F&ull resolution (1:1)", "One slide pixel per screen pixel", ("Ctrl+1",), needs="slide"
    ),
    *(
        ActionInfo(
            f"power_{power:g}",
            f"Zoom to {power:g}×",
            f"Look as through an objective of {power:g}×",
            (f"Alt+{number}",),
            needs="scale",
        )
        for number, power in enumerate(POWERS, start=1)
    ),
    ActionInfo("back", "&Back", "Show what you looked at before", ("Alt+Left",), needs="slide"),
    ActionInfo("forward", "For&ward", "Show what you looked at after", ("Alt+Right",), needs="slide"),
    ActionInfo(
        "add_bookmark",
        "A&dd bookmark",
        "Keep the present view, to come back to it",
        ("Ctrl+D",),
        needs="slide",
    ),
    ActionInfo(
        "next_bookmark", "Ne&xt bookmark", "Go to the next bookmark", ("Ctrl+B",), needs="slide bookmark"
    ),
    ActionInfo(
        "previous_bookmark",
        "&Previous bookmark",
        "Go to the bookmark before",
        ("Ctrl+Shift+B",),
        needs="slide bookmark",
    ),
    ActionInfo("bookmarks", "Boo&kmarks", "Show the list of bookmarks, or hide it", ("Ctrl+Shift+D",)),
    ActionInfo(
        "rotate_left",
        "Rotate &left",
        "Turn the slide by a quarter to the left",
        ("Ctrl+Shift+Left",),
        needs="slide",
    ),
    ActionInfo(
        "rotate_right",
        "Rotate &right",
        "Turn the slide by a quarter to the right",
        ("Ctrl+Shift+Right",),
        needs="slide",
    ),
    ActionInfo(
        "rotate_to",
        "Rotate &to …",
        "Turn the slide to any angle; Alt and the wheel turn it by five degrees",
        needs="slide",
    ),
    ActionInfo(
        "flip",
        "&Mirror",
        "Swap left and right, as through the back of the glass",
        ("Ctrl+Shift+M",),
        needs="slide",
    ),
    ActionInfo("upright", "As &scanned", "Neither turned nor mirrored", ("Ctrl+Shift+Up",), needs="slide"),
    ActionInfo(
        "toggle_grid",
        "&Grid",
        "Show lines of known spacing",
        ("Shift+G",),
        needs="slide",
        switch=True,
        on=False,
    ),
    ActionInfo(
        "toggle_crosshair",
        "C&rosshair",
        "Mark the middle of the view",
        ("Shift+X",),
        needs="slide",
        switch=True,
        on=False,
    ),
    ActionInfo(
        "magnifier",
        "&Magnifier",
        "Magnify what is under the cursor while the key is held; from here, until it is chosen again",
        ("Q",),
        needs="slide",
        held=True,
    ),
    ActionInfo(
        "toggle_magnifier",
        "Magnifier sta&ys",
        "Magnify what is under the cursor until this is switched off",
        ("Shift+Q",),
        needs="slide",
        switch=True,
        on=False,
    ),
    ActionInfo(
        "magnifier_2x", "Magnify &2×", "The magnifier shows twice as much detail", (), "", "magnifier"
    ),
    ActionInfo("magnifier_4x", "Magnify &4×", "The magnifier shows four times as much", (), "", "magnifier"),
    ActionInfo(
        "magnifier_full",
        "Magnify to &1:1",
        "The magnifier shows one slide pixel per screen pixel",
        (),
        "",
        "magnifier",
    ),
    ActionInfo(
        "toggle_coverage",
        "Shade &unseen tissue",
        "Hatch in the overview what you have not looked at closely; only you see this",
        ("Shift+V",),
        switch=True,
        on=False,
    ),
    ActionInfo(
        "reset_coverage",
        "F&orget what was seen",
        "Begin anew with what you have looked at on this slide",
        needs="slide",
    ),
    ActionInfo("full_screen", "Full scr&een", "Give the slide the whole screen", ("F11",)),
    ActionInfo("pan_left", "Pan left", "Move the view to the left", ("Left",), needs="slide"),
    ActionInfo("pan_right", "Pan right", "Move the view to the right", ("Right",), needs="slide"),
    ActionInfo("pan_up", "Pan up", "Move the view up", ("Up",), needs="slide"),
    ActionInfo("pan_down", "Pan down", "Move the view down", ("Down",), needs="slide"),
    ActionInfo(
        "toggle_annotations", "Show &annotations", "Show or hide the annotations", ("A",), needs="slide"
    ),
    ActionInfo("toggle_heatmap", "Show &heatmap", "Show or hide the heatmap", ("C",), needs="heatmap"),
    ActionInfo(
        "colour_profile",
        "&Convert colours to sRGB",
        "Use the slide's ICC profile on the screen; models always get the file's own numbers",
        switch=True,
    ),
    ActionInfo("plane_up", "Focal plane up", "Show the focal plane above", ("PgUp",), needs="planes"),
    ActionInfo("plane_down", "Focal plane down", "Show the focal plane below", ("PgDown",), needs="planes"),
    ActionInfo(
        "auto_contrast",
        "Auto contrast of channels",
        "Suit the contrast of the visible channels to what is in view",
        ("Shift+C",),
        needs="channels",
    ),
    ActionInfo(
        "compare",
        "Show as &scanned",
        "Show the slide without adjustment while the key is held; from here, until it is chosen again",
        ("U",),
        needs="slide adjusted",
        held=True,
    ),
    ActionInfo(
        "auto_adjust",
        "&Auto adjust",
        "Make the glass white and spread the tissue from dark to white, on the screen alone",
        needs="slide",
    ),
    ActionInfo(
        "white_from_glass", "&White from glass", "Make the bare glass of the slide white", needs="slide"
    ),
    ActionInfo("stains_all", "All s&tains", "Show all stains together", (), "", "stain", "stains"),
    ActionInfo("stains_first", "&First stain only", "Show the first stain alone", (), "", "stain", "stains"),
    ActionInfo(
        "stains_second", "S&econd stain only", "Show the second stain alone", (), "", "stain", "stains"
    ),
    ActionInfo(
        "stains_residual",
        "&Residual only",
        "Show what neither stain explains",
        (),
        "",
        "stain",
        "stains",
    ),
    ActionInfo(
        "estimate_stains",
        "Esti&mate the stains",
        "Take the colours of the stains from the slide's own tissue",
        needs="stains",
    ),
    ActionInfo("copy_adjustment", "&Copy adjustment", "Take the adjustment to other slides", needs="slide"),
    ActionInfo(
        "paste_adjustment",
        "&Paste adjustment",
        "Adjust the picture as the one that was copied",
        needs="slide copied",
    ),
    ActionInfo(
        "reset_adjustment",
        "Reset a&djustment",
        "Show the slide as it was scanned",
        needs="slide adjusted",
    ),
    ActionInfo(
        "views_one", "&One view", "Give the canvas to one view", ("Ctrl+Alt+1",), "", "views", "slides"
    ),
    ActionInfo(
        "views_beside",
        "&Two views side by side",
        "Show two slides, or two places of one, side by side",
        ("Ctrl+Alt+2",),
        "",
        "views",
        "slides",
    ),
    ActionInfo(
        "views_stacked",
        "Two views, one &above the other",
        "Show two slides, or two places of one, one above the other",
        ("Ctrl+Alt+0",),
        "",
        "views",
        "slides",
    ),
    ActionInfo(
        "views_three",
        "T&hree views",
        "Show one view on the left and two on the right",
        ("Ctrl+Alt+3",),
        "",
        "views",
        "slides",
    ),
    ActionInfo(
        "views_four", "&Four views", "Show four views in a square", ("Ctrl+Alt+4",), "", "views", "slides"
    ),
    ActionInfo(
        "show_again",
        "Show this slide again &beside",
        "Show another place, or other layers, of the slide in a view of its own",
        ("Ctrl+Shift+N",),
        needs="slide",
    ),
    ActionInfo(
        "swipe",
        "S&wipe over another slide",
        "Show another slide, or this one as scanned, to the right of a line that you drag",
        ("Ctrl+Alt+X",),
        needs="slide",
        switch=True,
        on=False,
    ),
    ActionInfo(
        "blink",
        "Show the othe&r one in place",
        "Show another slide, or this one as scanned, in place of this one while the key is held",
        ("X",),
        needs="slide",
        held=True,
    ),
    ActionInfo(
        "blink_on",
        "Blin&k",
        "Show this slide and the other one in turns",
        ("Ctrl+Alt+B",),
        needs="slide",
        switch=True,
        on=False,
    ),
    ActionInfo(
        "next_partner",
        "&Compare with the next",
        "Choose what this slide is compared with: another open slide, or itself as scanned",
        ("Ctrl+Alt+N",),
        needs="slide",
    ),
    ActionInfo("next_view", "Ne&xt view", "Make the next view the active one", ("F6",), needs="views"),
    ActionInfo(
        "previous_view", "Pre&vious view", "Make the view before the active one", ("Shift+F6",), needs="views"
    ),
    ActionInfo(
        "next_slide",
        "&Next slide",
        "Show the slide of the next tab",
        ("Ctrl+Tab", "Ctrl+PgDown"),
        needs="tabs",
    ),
    ActionInfo(
        "previous_slide",
        "&Previous slide",
        "Show the slide of the tab before",
        ("Ctrl+Shift+Tab", "Ctrl+PgUp"),
        needs="tabs",
    ),
    ActionInfo(
        "link_views",
        "&Link views",
        "Where one view looks, the others look as well: same place, magnification, turn and mirror",
        ("Ctrl+Alt+S",),
        needs="views",
        switch=True,
        on=False,
    ),
    ActionInfo(
        "link_as_now",
        "L&ink as they lie now",
        "Take the views as they lie now for the same place, and forget landmarks",
        needs="pair",
    ),
    ActionInfo(
        "tool_landmark",
        "Set land&marks",
        "Click the same structure on two slides; each such pair says how they lie on each other",
        ("Shift+L",),
        "",
        "tool",
        "pair",
    ),
    ActionInfo("links", "Link&s", "Show how views are linked, or hide it"),
    ActionInfo("theme_system", "&System theme", "Follow the desktop", (), "", "theme"),
    ActionInfo("theme_light", "&Light theme", "Light window", (), "", "theme"),
    ActionInfo("theme_dark", "&Dark theme", "Dark window", (), "", "theme"),
    ActionInfo(
        "run",
        "&Run on the slide",
        "Run the chosen model over the tissue, beginning where you look",
        ("Ctrl+R",),
        "play",
        needs="slide model",
    ),
    ActionInfo(
        "run_selection",
        "Run in the &selection",
        "Run the chosen model inside the selected annotations",
        ("Ctrl+Shift+R",),
        needs="selection model",
    ),
    ActionInfo(
        "queue_run",
        "&Queue on the slide",
        "Run the chosen model over the slide when the runs before it have ended",
        needs="slide model",
    ),
    ActionInfo(
        "queue_all",
        "Queue on all &open slides",
        "Run the chosen model over all open slides, one after the other",
        needs="slides model",
    ),
    ActionInfo("runs", "Queue of r&uns", "Show the runs in their order, or hide them"),
    ActionInfo(
        "coarse_first",
        "Rough map &first",
        "Let the next runs map the whole slide coarsely first; otherwise they begin where you look",
        switch=True,
    ),
    ActionInfo(
        "pause", "&Pause the run", "Pause the run, or go on with it", ("Ctrl+P",), "pause", needs="run"
    ),
    ActionInfo(
        "cancel",
        "&Cancel the run",
        "Stop; what is done stays and can be resumed",
        ("Ctrl+.",),
        "square-stop",
        needs="run",
    ),
    ActionInfo(
        "model_parameters",
        "Model parame&ters …",
        "Set the parameters of the chosen model for the next runs",
        (),
        "sliders-horizontal",
        needs="parameters",
    ),
    ActionInfo(
        "tta",
        "Ask in eight &views",
        "Ask about each patch turned and mirrored, in the next runs: eight times slower, with uncertainty",
        needs="model",
        switch=True,
        on=False,
    ),
    ActionInfo("add_model", "&Add model folder …", "Add a folder with config.json and weights", (), "plus"),
    ActionInfo(
        "reload_models",
        "Reload models and p&lugins",
        "Stop the run and read all manifests anew; the next run takes the code that is there now",
    ),
    ActionInfo(
        "model_card",
        "&Model card",
        "What the chosen model is for, needs and gives",
        (),
        "info",
        needs="model",
    ),
    *HEATMAP_ACTIONS,
    *DETECTION_ACTIONS,
    ActionInfo(
        "toggle_panels", "Sho&w panels", "Hide all panels, or show those again that were there", ("Shift+A",)
    ),
    ActionInfo("log", "Show the log", "Show or hide the program's last messages", ("Ctrl+Shift+L",)),
    ActionInfo("reset_panels", "Put the panels &back", "Arrange the panels as at the first start"),
    ActionInfo("palette", "&Command palette", "Find any command by a few of its letters", ("Ctrl+L",)),
    ActionInfo("whats_this", "&What is this?", "Click anything to read what it is for", ("Shift+F1",)),
    ActionInfo("about", "&About PathView", "Version, licence and intended use"),
    ActionInfo("shortcuts", "&Keyboard shortcuts", "Look up and change the keys of every action", ("F1",)),
)


def plain(text: str) -> str:
    """Return the text of an action or a menu without the mark of its mnemonic."""
    return re.sub("&(.)", r"\1", text)


def default_keys(info: ActionInfo) -> tuple[str, ...]:
    """Return an action's keys on this desktop, in Qt's portable words."""
    sequences = (sequence for word in info.shortcuts for sequence in _sequences(word))
    return tuple(dict.fromkeys(sequence.toString() for sequence in sequences))


def _sequences(word: str | Standard) -> list[QKeySequence]:
    return [QKeySequence(word)] if isinstance(word, str) else QKeySequence.keyBindings(word)
