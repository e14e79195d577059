"""Tools: state machines from pointer events to edits; tested by feeding points."""

from collections.abc import Callable

from pathview.view.tools.freehand import Freehand
from pathview.view.tools.landmark import Landmark
from pathview.view.tools.pan import Pan
from pathview.view.tools.polygon import Polygon
from pathview.view.tools.rectangle import Rectangle
from pathview.view.tools.select import Select
from pathview.view.tools.tool import Tool, ToolStep
from pathview.view.tools.zoom import Zoom

__all__ = ["TOOLS", "Tool", "ToolStep"]

TOOLS: dict[str, Callable[[], Tool]] = {
    "pan": Pan,
    "select": Select,
    "polygon": Polygon,
    "freehand": Freehand,
    "rectangle": Rectangle,
    "zoom": Zoom,
    "landmark": Landmark,
}
"""Makers of tools by name, in the order of the tool bar."""
