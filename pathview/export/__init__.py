"""Files out: annotations, regions, tables. What a plugin's exporter needs is named here and stays."""

from pathview.annotations.annotation import Annotation
from pathview.core.errors import ExportError
from pathview.export.values import ExportValues, HeatmapValues
from pathview.slides.reader import SlideInfo

__all__ = ["Annotation", "ExportError", "ExportValues", "HeatmapValues", "SlideInfo"]
