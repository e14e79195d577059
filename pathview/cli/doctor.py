"""`pathview doctor`: whether everything is there that the program needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from typing import Annotated

import typer

import pathview
from pathview.cli.messages import as_json_text

_PACKAGES = ("PySide6-Essentials", "vispy", "openslide-python", "openslide-bin", "numpy", "zarr", "shapely")
_MODEL_PACKAGES = ("torch", "timm", "safetensors", "openvino")
_DEVICES = "from pathview.inference.device import available_devices; print(*available_devices())"


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print versions, devices, folders and free space; exit code 1 if something needed is missing."""
    from pathview.core.files import cache_folder, config_folder, data_folder
    from pathview.startup.registry import load_registry

    facts: dict[str, str] = {
        "PathView": pathview.__version__,
        "Python": f"{platform.python_version()} on {platform.platform()}",
    }
    missing = []
    for name in (*_PACKAGES, *_MODEL_PACKAGES):
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            needed = name in _PACKAGES
            facts[name] = "missing" if needed else 'not installed; models need "pathview[models]"'
            missing += [name] if needed else []
    facts["OpenSlide library"] = _openslide_version()
    facts["devices"] = _devices() if facts["torch"][0].isdigit() else "cpu"
    facts["display"] = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or _native_display()
    registry = load_registry()
    facts["models"] = ", ".join(registry.models) or "none"
    facts["broken plugins"] = "; ".join(f"{file}: {reason}" for file, reason in registry.broken) or "none"
    for name, folder in (("cache", cache_folder()), ("data", data_folder()), ("settings", config_folder())):
        facts[name] = f"{folder} ({shutil.disk_usage(folder).free / 1e9:.0f} GB free)"
    if as_json:
        print(as_json_text(facts))
    else:
        width = max(len(name) for name in facts)
        print("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()))
    if missing:
        raise typer.Exit(1)


def _openslide_version() -> str:
    try:
        import openslide
    except (ImportError, OSError) as error:
        return f"cannot be loaded: {error}"
    return str(openslide.__library_version__)


def _devices() -> str:
    # In a process of its own: importing torch takes seconds, and a broken driver may take the process along.
    try:
        asked = subprocess.run(
            [sys.executable, "-c", _DEVICES], capture_output=True, text=True, timeout=120, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        return f"cannot be asked: {error}"
    return asked.stdout.strip()


def _native_display() -> str:
    return "native" if sys.platform in ("win32", "darwin") else "none: the window cannot open here"
