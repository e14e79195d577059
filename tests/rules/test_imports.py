"""The floors hold, and what is slow to import is imported on use only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_TORCH = ("compiled_engine", "limits", "scoring", "torch_engine")
HEAVY = ("torch", "timm", "PySide6", "vispy", "tifffile", "zarr", "openslide", "skimage")


def loaded_after(statement: str) -> set[str]:
    """Return the top-level modules that a fresh process has loaded after `statement`."""
    code = (
        f"{statement}\nimport sys\nprint('\\n'.join(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return set(done.stdout.split())


def test_the_import_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stdout


def test_help_imports_nothing_heavy() -> None:
    loaded = loaded_after(
        "import sys\nfrom pathview.__main__ import main\n"
        "import io, contextlib\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n    assert main(['--help']) == 0"
    )
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "floor", ["core", "slides", "tiles", "annotations", "inference", "study", "view", "export"]
)
def test_lower_floors_import_without_qt_gl_or_torch(floor: str) -> None:
    files = (ROOT / "pathview" / floor).rglob("*.py")
    names = sorted(".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)
    light = [name for name in names if not name.endswith((*WITH_TORCH, "__init__"))]
    loaded = loaded_after("\n".join(f"import {name}" for name in light))
    assert loaded.isdisjoint({"torch", "timm", "PySide6", "vispy"})


def test_the_window_imports_no_torch() -> None:
    loaded = loaded_after(
        "import pathview.app.application, pathview.app.main_window, pathview.inference.remote"
    )
    assert "PySide6" in loaded
    assert loaded.isdisjoint({"torch", "timm", "safetensors"})


def test_the_window_starts_without_what_only_some_users_ask_for() -> None:
    code = "import pathview.app.application, pathview.render.canvas, sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    later = {
        "multiprocessing", "pathview.inference.remote", "pathview.inference.spec",
        "pathview.app.dialogs.shortcuts", "pathview.app.dialogs.region_export", "pathview.slides.demo",
        "pathview.export.region_image", "PIL.JpegImagePlugin", "scipy", "tifffile", "vispy.app",
        "wsidicom", "zarr",
    }  # fmt: skip
    assert later.isdisjoint(done.stdout.split())


def test_a_slide_is_shown_without_what_is_only_beside_it() -> None:
    """Each of these took a start longer; what imports one of them again does so, too."""
    code = (
        "import pathview.app.application, pathview.render.canvas, pathview.slides.open, sys\n"
        "print('\\n'.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    loaded = set(done.stdout.split())
    beside = {
        "pathview.app.furnishing", "pathview.app.commands", "pathview.app.overlays.palette",
        "pathview.app.overlays.problems", "pathview.startup.registry", "pathview.startup.discover",
        "pathview.inference.run", "pathview.inference.source", "pathview.inference.timm_model",
        "pathview.inference.engines.start", "pathview.slides.image_reader", "pathview.slides.planes_reader",
        "pathview.slides.zarr_reader", "pathview.slides.open_remote", "PIL.ImageFile", "difflib",
    }  # fmt: skip
    assert beside.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith(("pathview.app.docks", "pathview.app.dialogs"))]
