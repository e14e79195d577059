"""What an exporter of a plugin gets when the command line asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pathview.core.errors import HeatmapMismatchError
from pathview.core.files import data_folder
from pathview.core.place import Place
from pathview.export.gather import gather
from pathview.export.values import ExportValues
from pathview.inference.heatmap import Heatmap
from pathview.slides.open import open_slide
from pathview.slides.reader import SlideInfo
from pathview.slides.scale import with_stated_mpp
from pathview.study.study import Study


def values_for_export(slide: Place, heatmaps: Sequence[Path], study: Path | None) -> ExportValues:
    """Return what is known of a slide.

    Parameters
    ----------
    slide
        Where it is.
    heatmaps
        Folders of runs, the topmost last.
    study
        Where its annotations are; None for the study of the window, which need not be there.

    Raises
    ------
    PathViewError
        If the slide, a heatmap or the study cannot be read, or a heatmap is another slide's.
    """
    with open_slide(slide) as opened:
        info = opened.info
    named: dict[str, Heatmap] = {}
    for path in heatmaps:
        heatmap = Heatmap.open(path)
        if heatmap.facts.slide_fingerprint != info.fingerprint:
            raise HeatmapMismatchError(path, f"they are of another slide than {slide}")
        model = heatmap.facts.model
        named[f"{model} {len(named) + 1}" if model in named else model] = heatmap
    return _with_study(info, named, study)


def _with_study(info: SlideInfo, heatmaps: dict[str, Heatmap], study: Path | None) -> ExportValues:
    folder = study or data_folder() / "study"
    if study is None and not folder.exists():
        return gather(info, (), heatmaps)
    with Study.open(folder, read_only=True) as kept:
        stated = kept.journal.load_mpp(info.fingerprint)
        if stated is not None:
            info = with_stated_mpp(info, stated.mpp, stated.source)
        return gather(info, kept.journal.load(info.fingerprint), heatmaps)
