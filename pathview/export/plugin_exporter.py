"""Exporters of plugins: named by manifests, run in processes of their own, one file each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from pathview.core.errors import ExportError, PluginError
from pathview.core.memory import default_cap
from pathview.core.plugins.code import plugin_function
from pathview.core.plugins.process import NUMPY, PluginProcess
from pathview.export.values import ExportValues
from pathview.inference.parameter import Parameter, Value, differing

DEADLINE_S = 600.0
"""How long an exporter may take."""
NEEDS = MappingProxyType({**NUMPY, "shapely": "2.1"})
"""What a Python that runs an exporter must have: annotations are shapes."""


class Need(StrEnum):
    """What an exporter cannot do without."""

    ANNOTATIONS = "annotations"
    HEATMAP = "heatmap"


_ABSENT = {
    Need.ANNOTATIONS: "there are no annotations on the slide",
    Need.HEATMAP: "there is no heatmap; run a model first, or name one",
}


@dataclass(frozen=True, slots=True)
class ExporterSource:
    """An exporter of a plugin: enough to run it in any process, and nothing imported yet.

    Attributes
    ----------
    name
        Its id, for the command line.
    folder
        The plugin's folder.
    function
        "module:function" inside it; called with the values, the path of the file to write, and the parameters
        by their names.
    suffix
        Of the file that it writes, in lower case with its dot.
    title, description
        For people.
    needs
        What it cannot do without.
    parameters
        What a user may set.
    python
        The interpreter that it runs in; None for the one that PathView runs in.
    """

    name: str
    folder: Path
    function: str
    suffix: str
    title: str = ""
    description: str = ""
    needs: tuple[Need, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    python: Path | None = None

    def lacks(self, *, annotations: bool, heatmap: bool) -> str:
        """Return in words what it needs and is not there, or ""."""
        there = {Need.ANNOTATIONS: annotations, Need.HEATMAP: heatmap}
        return "; ".join(_ABSENT[need] for need in self.needs if not there[need])

    def export(self, values: ExportValues, target: Path, settings: Mapping[str, Value] | None = None) -> None:
        """Write one file, in a process of its own; any thread.

        Parameters
        ----------
        values
            What is to be written.
        target
            Replaced only when the whole file is on disk.
        settings
            Of the parameters, by name; defaults for the others.

        Raises
        ------
        ExportError
            If something that it needs is not there, or it fails, dies, takes too long, or writes nothing; it
            names the plugin. The target is as it was.
        ModelError
            If a parameter cannot be set so.
        """
        if lack := self.lacks(annotations=bool(values.annotations), heatmap=bool(values.heatmaps)):
            raise ExportError(target, lack)
        arguments = {one.name: one.default for one in self.parameters}
        arguments |= dict(differing(self.parameters, settings or {}, self.name))
        part = target.with_name(f".{target.stem}.{uuid4().hex}.part{target.suffix}")
        try:
            self._write(values, part.absolute(), arguments)
            _settle(part, target)
        except PluginError as error:
            raise ExportError(target, f"the plugin {self.name}: {error.reason}") from error
        except OSError as error:
            raise ExportError(target, error.strerror or str(error)) from error
        finally:
            part.unlink(missing_ok=True)

    def _write(self, values: ExportValues, part: Path, arguments: dict[str, Value]) -> None:
        if not part.parent.is_dir():
            raise FileNotFoundError(2, f"there is no folder {part.parent}")
        process = PluginProcess(
            self.name,
            "pathview.export.plugin_exporter:ExportService",
            self.folder,
            self.function,
            python=self.python,
            needs=NEEDS,
            memory_bytes=default_cap(),
        )
        try:
            process.call("write", values, part, arguments, deadline_s=DEADLINE_S)
        finally:
            process.close()


class ExportService:
    """What the process of an exporter serves; parameters as `ExporterSource`."""

    def __init__(self, folder: Path, function: str) -> None:
        self._function = plugin_function(folder, function)

    def write(self, values: ExportValues, part: Path, arguments: dict[str, Value]) -> None:
        """Let the plugin write a file."""
        self._function(values, part, **arguments)


def _settle(part: Path, target: Path) -> None:
    if not part.is_file() or part.stat().st_size == 0:
        raise ExportError(target, "the plugin has written no file; it must write to the path it is given")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
