"""An exporter to begin from: the areas of annotations as JSON."""

from __future__ import annotations

from pathlib import Path

from pathview.core.files import write_text

_MANIFEST = """# What PathView reads without importing anything; docs/plugins.md explains each line.
id = "{name}"
api = 1
description = "Writes the areas of annotations. Replace it by your own format."

[[exporter]]
name = "{name}"
title = "{title}"
description = "The area of each annotation, in um2 where the pixel size is known."
suffix = ".json"                 # of the file that it writes
function = "exporter:write"      # module:function in this folder
needs = ["annotations"]          # what it cannot do without: "annotations", "heatmap", both or nothing

[[exporter.parameter]]           # a row of the form in the window, --set on the command line
name = "digits"
kind = "integer"
default = 1
least = 0
most = 6
title = "Digits"
help = "After the decimal point."
"""

_EXPORTER = '''"""An exporter in a few lines: the areas of annotations."""

import json


def write(values, target, digits):
    """Write `values`, a `pathview.export.ExportValues`, to the path `target`; what `function` names."""
    mpp = values.slide.mpp  # (x, y) um/px, or None where it is unknown: never guess
    scale = 1.0 if mpp is None else mpp[0] * mpp[1]
    rows = [
        {
            "class": one.class_name,
            "name": one.name,
            "area": round(one.geometry.area * scale, digits),  # a shapely geometry in level-0 pixels
        }
        for one in values.annotations
    ]
    table = {"slide": values.slide.path.name, "unit": "px2" if mpp is None else "um2", "areas": rows}
    target.write_text(json.dumps(table, indent=2), encoding="utf-8")
'''


def write_exporter_skeleton(folder: Path, name: str, title: str) -> None:
    """Write manifest and code of an exporter; parameters and errors as `write_skeleton`."""
    write_text(folder / "plugin.toml", _MANIFEST.format(name=name, title=title))
    write_text(folder / "exporter.py", _EXPORTER)
