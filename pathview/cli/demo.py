"""`pathview demo`: the synthetic slide in the window, or a run over it where there is no display."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from pathview.cli.messages import ProgressLine, say

MODEL = "pcam-tumour-lite0"


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where a headless run leaves its results.")
    ] = Path("demo-output"),
    headless: Annotated[
        bool, typer.Option("--headless", help="No window, even where there is a display.")
    ] = False,
    model: Annotated[str, typer.Option("--model", "-m", help="The model of a headless run.")] = MODEL,
) -> None:
    """Open the synthetic demo slide; without a display, run the model over it and leave pictures."""
    from pathview.core.files import cache_folder
    from pathview.slides.demo import make_demo_slide

    line = ProgressLine()
    made = make_demo_slide(
        cache_folder() / "demo", progress=lambda share: line.show(f"drawing the demo slide: {share:.0%}")
    )
    line.clear()
    say(f"the demo slide is synthetic, not real tissue: {made.slide}")
    if has_display() and not headless:
        raise typer.Exit(subprocess.call([sys.executable, "-m", "pathview", str(made.slide)]))
    _run_headless(made.slide, made.truth, output, model)


def has_display() -> bool:
    """Tell whether a window can open here."""
    named = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return named or sys.platform in ("win32", "darwin")


def _run_headless(slide: Path, truth: Path, output: Path, model: str) -> None:
    from pathview.cli.run_slide import RunOptions, run_slide, use_device
    from pathview.export.report import write_report
    from pathview.export.run_folder import RunFolder
    from pathview.export.truth import score_against
    from pathview.inference.heatmap import Heatmap
    from pathview.startup.registry import load_registry

    source = load_registry().model(model)
    record = run_slide(slide, source, RunOptions(output, use_device("auto", model)))
    place = RunFolder.of(output, slide, model)
    found = score_against(Heatmap.open(place.heatmap), truth)
    screenshot = _screenshot(slide, place.heatmap, place.folder / "window.png")
    write_report(place, record, found, screenshot)
    for file in sorted(path for path in place.folder.iterdir() if path.name != "heatmap.zarr"):
        print(file)
    print(place.heatmap)
    counts = f"{found.positive} of {found.cells} cells"
    say(f"AUC of {model} against the drawn tumour islands: {found.auc:.3f} ({counts} inside)")


def _screenshot(slide: Path, heatmap: Path, target: Path) -> Path | None:
    """Start the window on a virtual screen and save a picture of it; None where there is no such screen."""
    starter = shutil.which("xvfb-run")
    if starter is None and not has_display():
        say("no picture of the window: there is neither a display nor xvfb-run")
        return None
    screen = (
        []
        if has_display() or starter is None
        else [starter, "-a", "-s", "-screen 0 1600x1200x24 +extension GLX"]
    )
    window = [sys.executable, "-m", "pathview", str(slide), "--heatmap", str(heatmap)]
    command = [*screen, *window, "--screenshot", str(target)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"no picture of the window: {error}")
        return None
    if done.returncode or not target.exists():
        say(f"no picture of the window: {done.stderr.strip()[-300:]}")
        return None
    return target
