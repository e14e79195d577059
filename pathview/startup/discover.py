"""Where plugins are: bundled, in the user's folder, or installed as packages."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from pathview.core.files import bundled_folder, data_folder

ENTRY_POINTS = "pathview.plugins"


def plugin_files() -> Iterator[Path]:
    """Yield the plugin.toml of each plugin found, bundled ones first; nothing is imported.

    ``PATHVIEW_PLUGINS`` limits them to a comma-separated list of folder names; empty means none.
    """
    limit = os.environ.get("PATHVIEW_PLUGINS")
    wanted = None if limit is None else {name.strip() for name in limit.split(",")}
    for file in _all_files():
        if wanted is None or file.parent.name in wanted:
            yield file


def model_folders() -> list[Path]:
    """Return the folders of the user's models folder that hold a manifest."""
    root = data_folder() / "models"
    return sorted(file.parent for file in root.glob("*/config.json"))


def _all_files() -> Iterator[Path]:
    for root in (bundled_folder("plugins"), data_folder() / "plugins"):
        if root.is_dir():
            yield from sorted(root.glob("*/plugin.toml"))
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        # find_spec of a top-level name finds the folder without running the package.
        spec = importlib.util.find_spec(point.value.partition(":")[0].partition(".")[0])
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            file = Path(folder, *point.value.partition(":")[0].split(".")[1:], "plugin.toml")
            if file.is_file():
                yield file
