"""The commands of the Heatmap menu, as data."""

from __future__ import annotations

from pathview.app.action_info import ActionInfo

HEATMAP_ACTIONS: tuple[ActionInfo, ...] = (
    ActionInfo(
        "next_hotspot",
        "&Next hot-spot",
        "Show the next region in which the heatmap is over its model's threshold",
        ("J",),
        needs="heatmap",
    ),
    ActionInfo(
        "previous_hotspot",
        "&Previous hot-spot",
        "Show the region before in which the heatmap is over its model's threshold",
        ("Shift+J",),
        needs="heatmap",
    ),
    ActionInfo(
        "hotspots", "&Hot-spots", "List the regions over the threshold, or hide the list", ("Ctrl+Shift+J",)
    ),
    ActionInfo(
        "toggle_contours",
        "Show &contours",
        "Show or hide the lines along which a heatmap crosses its model's threshold",
        ("Shift+K",),
        needs="heatmap",
    ),
    ActionInfo(
        "toggle_tissue",
        "Sho&w where runs look",
        "Show or hide the edges of what model runs take for tissue",
        ("Shift+T",),
        needs="slide",
    ),
    ActionInfo(
        "exclude_tissue",
        "E&xclude from runs",
        "Have runs leave the selected areas out, or those that are drawn next",
        needs="slide",
    ),
    ActionInfo(
        "include_tissue",
        "&Include in runs",
        "Have runs look at all of the selected areas, or of those that are drawn next",
        needs="slide",
    ),
    ActionInfo(
        "difference",
        "&Difference of two heatmaps …",
        "Show where one heatmap is higher than another, and where lower",
        needs="heatmaps",
    ),
    ActionInfo(
        "outline_heatmap",
        "&Outlines to annotations …",
        "Make annotations of the areas in which the heatmap is over a threshold",
        ("Ctrl+K",),
        needs="heatmap",
    ),
)
