"""`pathview doctor`: whether everything is there that the program needs, and whether it fits together."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

import pathview
from pathview.cli.demo import MODEL, has_display
from pathview.cli.messages import as_json_text

if TYPE_CHECKING:
    from pathview.inference.diagnosis import GpuFacts

_PACKAGES = ("PySide6-Essentials", "vispy", "openslide-python", "openslide-bin", "numpy", "zarr", "shapely")
_MODEL_PACKAGES = ("torch", "timm", "safetensors", "openvino")
_DEVICES = """
from pathview.inference.device import available_devices, compiled_targets
import json
print(json.dumps([available_devices(), compiled_targets()]))
"""
_ENGINES = """
import sys
from pathview.inference.engine_check import print_check
from pathview.startup.registry import load_registry
print_check(load_registry().model(sys.argv[1]), sys.argv[2])
"""
_RENDERER = "import sys; from pathview.app.renderer import main; sys.exit(main())"
_PATIENCE_S = 180


def doctor(
    parity: Annotated[
        bool, typer.Option("--parity/--no-parity", help="Compare the engines on the bundled model.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print versions, devices, folders and what does not fit together; exit code 1 if something is wrong."""
    from pathview.core.files import cache_folder, config_folder, data_folder
    from pathview.inference.diagnosis import mismatches
    from pathview.startup.registry import load_registry

    facts = _versions()
    missing = [name for name in _PACKAGES if facts[name] == "missing"]
    gpu = _gpu_facts()
    facts["OpenSlide library"] = _openslide_version()
    facts["devices"] = "cannot be asked" if gpu.devices is None else ", ".join(gpu.devices)
    facts["NVIDIA"] = _cards(gpu)
    facts["display"] = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY") or _native_display()
    facts["OpenGL"] = _renderer()
    registry = load_registry()
    facts["models"] = ", ".join(registry.models) or "none"
    facts["broken plugins"] = "; ".join(f"{file}: {reason}" for file, reason in registry.broken) or "none"
    for name, folder in (("cache", cache_folder()), ("data", data_folder()), ("settings", config_folder())):
        facts[name] = f"{folder} ({shutil.disk_usage(folder).free / 1e9:.0f} GB free)"
    found = mismatches(gpu)
    engines = _engines(gpu) if parity else {}
    facts |= {f"engine {name}": words for name, words in engines.items()}
    facts["problems"] = "; ".join(found) or "none"
    if as_json:
        print(as_json_text(facts))
    else:
        width = max(len(name) for name in facts)
        print("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()))
    if missing or any(words.startswith("fails") for words in engines.values()):
        raise typer.Exit(1)


def _versions() -> dict[str, str]:
    facts = {
        "PathView": pathview.__version__,
        "Python": f"{platform.python_version()} on {platform.platform()}",
    }
    for name in (*_PACKAGES, *_MODEL_PACKAGES):
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            needed = name in _PACKAGES
            facts[name] = "missing" if needed else 'not installed; models need "pathview[models]"'
    return facts


def _openslide_version() -> str:
    try:
        import openslide
    except (ImportError, OSError) as error:
        return f"cannot be loaded: {error}"
    return str(openslide.__library_version__)


def _gpu_facts() -> GpuFacts:
    """Ask the driver, torch's own file and, in another process, torch."""
    from pathview.inference.diagnosis import GpuFacts, torch_build
    from pathview.inference.graphics_cards import installed_cards

    version, cuda = torch_build()
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in ("", "-1")
    fault = ""
    try:
        cards = installed_cards()
    except OSError as error:
        cards, fault = (), str(error)
    devices, targets = _devices() if version is not None else (("cpu",), ())
    return GpuFacts(cards, fault, version, cuda, targets, devices, hidden)


def _devices() -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    # In a process of its own: importing torch takes seconds, and a broken driver may take the process along.
    try:
        devices, targets = json.loads(_asked(_DEVICES))
    except (subprocess.SubprocessError, OSError, ValueError):
        return None, ()
    return tuple(devices), tuple(targets)


def _cards(gpu: GpuFacts) -> str:
    if gpu.driver_fault:
        return f"the driver does not work: {gpu.driver_fault}"
    words = []
    for card in gpu.cards:
        able = (
            "" if card.capability is None else f", compute capability {'.'.join(map(str, card.capability))}"
        )
        memory = "" if card.memory_mib is None else f", {card.memory_mib / 1024:.0f} GiB"
        words.append(f"{card.name}, driver {card.driver}{able}{memory}")
    built = "without CUDA" if gpu.cuda is None else f"for CUDA {gpu.cuda}"
    torch = "" if gpu.torch is None else f"; torch is built {built}"
    return f"{'; '.join(words) or 'no card, or no driver'}{torch}"


def _renderer() -> str:
    if not has_display():
        return "not asked: there is no display"
    try:
        name = _asked(_RENDERER).strip()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()
        return f"cannot be used: {said[-1] if said else 'its process ended'}"
    except (subprocess.SubprocessError, OSError) as error:
        return f"cannot be asked: {error}"
    software = any(word in name.lower() for word in ("llvmpipe", "softpipe", "swrast", "software"))
    return f"{name}{' (worked out by the processor: no graphics card is used)' if software else ''}"


def _engines(gpu: GpuFacts) -> dict[str, str]:
    """Compare what runs the bundled model with float32 torch."""
    if gpu.torch is None:
        return {"check": 'not done: models need "pathview[models]"'}
    device = gpu.devices[0] if gpu.devices else "cpu"
    try:
        found: dict[str, str] = json.loads(_asked(_ENGINES, MODEL, device).splitlines()[-1])
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()
        return {"check": f"fails: {said[-1] if said else 'its process ended'}"}
    except (subprocess.SubprocessError, OSError, ValueError, IndexError) as error:
        return {"check": f"fails: {error}"}
    return found


def _asked(code: str, *words: str) -> str:
    command = [sys.executable, "-c", code, *words]
    asked = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)
    return asked.stdout


def _native_display() -> str:
    return "native" if sys.platform in ("win32", "darwin") else "none: the window cannot open here"
