"""What a manifest says of an exporter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pathview.core.plugins.kind import Kind
from pathview.export.plugin_exporter import ExporterSource, Need
from pathview.startup.parameter_fields import read_parameters
from pathview.startup.plugin_entry import entry_defects, no_table

_KEYS = {"name", "title", "description", "suffix", "function", "needs", "parameter"}
_SUFFIX = re.compile(r"(\.[a-z0-9_-]+)+")


def read_exporter(folder: Path, entry: object, defects: list[str]) -> ExporterSource | None:
    """Return the exporter of an ``[[exporter]]`` table, or None where there is a defect.

    Parameters
    ----------
    folder
        Where the manifest lies.
    entry
        The table.
    defects
        Takes what is wrong, in words that say what to write instead.
    """
    if not isinstance(entry, Mapping):
        defects.append(no_table(Kind.EXPORTER))
        return None
    found = entry_defects(entry, _KEYS, "function")
    name, function, suffix = entry.get("name"), entry.get("function"), entry.get("suffix")
    if not isinstance(suffix, str) or not _SUFFIX.fullmatch(suffix):
        found.append('"suffix" must be the ending of the file in lower case with its dot, such as ".json"')
    needs = entry.get("needs", [])
    if not isinstance(needs, list) or not set(needs) <= set(Need):
        found.append(f'"needs" must be a list of {" and ".join(Need)}, or empty')
    parameters = read_parameters(entry.get("parameter", []), found, Kind.EXPORTER, ("values", "target"))
    defects += [f"exporter {name}: {defect}" for defect in found]
    if found:
        return None
    return ExporterSource(
        str(name),
        folder,
        str(function),
        str(suffix),
        str(entry.get("title", "")),
        str(entry.get("description", "")),
        tuple(Need(need) for need in needs),
        parameters,
    )
