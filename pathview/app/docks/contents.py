"""What is in the panels, each made for the slide that is open by then."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from pathview.app.action_table import ActionTable
from pathview.app.bookmarks import Bookmarks
from pathview.app.canvas_widget import CanvasWidget
from pathview.app.docks.annotations import AnnotationsDock
from pathview.app.docks.bookmarks import BookmarksDock
from pathview.app.docks.channels import ChannelsDock
from pathview.app.docks.hotspots import HotspotsDock
from pathview.app.docks.image import ImageDock
from pathview.app.docks.layers import LayersDock
from pathview.app.docks.links import LinksDock
from pathview.app.docks.log import LogDock
from pathview.app.docks.models import ModelsDock
from pathview.app.docks.overview import OverviewDock
from pathview.app.docks.performance import PerformanceDock
from pathview.app.docks.runs import RunsDock
from pathview.app.docks.slide_facts import SlideFactsDock
from pathview.app.reading import Reading
from pathview.app.workspace import Workspace
from pathview.inference.hotspots import Hotspot


class Contents:
    """The widgets of all panels.

    Parameters
    ----------
    workspace
        What they show.
    canvas
        What draws it.
    actions
        What their buttons do.
    bookmarks
        Changes the bookmarks.
    reading
        What was looked at.
    go_to_hotspot
        Shows one of the regions that are listed.

    Attributes
    ----------
    models, annotations, layers, channels, image
        Some of them.
    by_name
        All, by the names of their panels and in the order in which Tab goes through them.
    """

    def __init__(
        self,
        workspace: Workspace,
        canvas: CanvasWidget,
        actions: ActionTable,
        bookmarks: Bookmarks,
        reading: Reading,
        go_to_hotspot: Callable[[Hotspot], None],
    ) -> None:
        self.models = ModelsDock(workspace, actions)
        self.annotations = AnnotationsDock(workspace)
        self.layers = LayersDock(workspace)
        self.channels = ChannelsDock(workspace)
        self.image = ImageDock(workspace, actions)
        widgets: list[QWidget] = [
            OverviewDock(workspace, reading), self.models, self.channels, self.layers, self.image,
            SlideFactsDock(workspace, actions), self.annotations,
            BookmarksDock(workspace, bookmarks, actions), HotspotsDock(workspace, go_to_hotspot),
            LinksDock(workspace, actions), RunsDock(workspace),
            PerformanceDock(workspace, canvas), LogDock(),
        ]  # fmt: skip
        self.by_name = {widget.objectName(): widget for widget in widgets}
