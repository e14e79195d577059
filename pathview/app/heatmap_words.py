"""What a heatmap was made with, in words."""

from __future__ import annotations

from pathview.inference.facts import HeatmapFacts
from pathview.inference.heatmap import Heatmap

_HASH = 12


def made_with(facts: HeatmapFacts) -> str:
    """Return model, version, weights and views on one line, as legends and notes of outlines have it."""
    weights = f"weights {facts.weights_sha256[:_HASH]}" if facts.weights_sha256 else "no weights"
    views = [f"{facts.views} views"] if facts.views > 1 else []
    return ", ".join([f"{facts.model} {facts.model_version}", weights, *views])


def legend(heatmap: Heatmap) -> str:
    """Return what made a heatmap, and how much of it is done."""
    done, total, _, failed = heatmap.progress
    share = int(100 * done / total) if total else 100
    lost = f", {failed} failed" if failed else ""
    return f"{made_with(heatmap.facts)}\n{share} % done: {done} of {total} cells{lost}"
