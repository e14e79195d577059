"""The code of a plugin, imported from its folder."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def plugin_function(folder: Path, name: str) -> Callable[..., Any]:
    """Import a module of a plugin's folder anew and return a function of it.

    The folder counts as a package, so its modules may import each other: ``from .network import Network``.

    Parameters
    ----------
    folder
        Where plugin.toml lies.
    name
        "module:function".

    Raises
    ------
    Exception
        Whatever the module raises when it is imported; SystemExit, too.
    """
    module, _, function = name.partition(":")
    package = f"pathview_plugin_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    for known in [known for known in sys.modules if known.partition(".")[0] == package]:
        del sys.modules[known]
    sys.modules[package] = root = ModuleType(package)
    root.__path__ = [str(folder)]
    # A file that was written this very second would not be seen otherwise.
    importlib.invalidate_caches()
    made: Callable[..., Any] = getattr(importlib.import_module(f"{package}.{module}"), function)
    return made


def made(folder: Path, name: str, *arguments: Any) -> Any:
    """Return what a function of a plugin returns; parameters and errors as `plugin_function`."""
    return plugin_function(folder, name)(*arguments)
