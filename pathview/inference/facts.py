"""What a heatmap's values belong to."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

import pathview
from pathview.inference.card import ModelCard
from pathview.slides.reader import SlideInfo

_IDENTITY = {
    "slide_fingerprint": "another slide's values",
    "model": "another model's values",
    "model_version": "another model version's values",
    "weights_sha256": "values of other weights",
    "classes": "other classes",
    "model_mpp": "values at another resolution",
    "views": "values from another number of views of each patch",
}
# A file that is read anew may give the last digit of its scale otherwise.
_SAME_SCALE = 1e-3


@dataclass(frozen=True, slots=True)
class HeatmapFacts:
    """Model and slide of a heatmap; JSON-able and picklable.

    Attributes
    ----------
    model, model_version, weights_sha256, model_mpp
        From the model's card; um/px.
    classes, positive, threshold
        Output classes, the one shown first, and from which probability on a cell counts as it.
    slide_fingerprint, slide_size, slide_mpp
        Identity, level-0 (width, height), and (x, y) um/px used by the run.
    pathview_version
        The program that made it.
    slide_mpp_source
        Where `slide_mpp` came from; "" in results of programs that did not tell.
    views
        Turned and mirrored views of each patch that the probabilities are the mean of; 1 or 8.
    ood_threshold
        Above which out-of-distribution score a cell is unlike the training tissue; None where the model did
        not tell.
    coarse
        Edge, in cells, of the blocks that show what is known of one of their cells while others wait; 1 where
        each cell shows itself alone.
    """

    model: str
    model_version: str
    weights_sha256: str
    model_mpp: float
    classes: tuple[str, ...]
    positive: str
    threshold: float
    slide_fingerprint: str
    slide_size: tuple[int, int]
    slide_mpp: tuple[float, float] | None
    pathview_version: str
    slide_mpp_source: str = ""
    views: int = 1
    ood_threshold: float | None = None
    coarse: int = 1

    @classmethod
    def of(cls, card: ModelCard, info: SlideInfo, views: int = 1) -> Self:
        """Gather the facts of a run that starts now."""
        return cls(
            card.name,
            card.version,
            card.sha256,
            card.mpp,
            card.classes,
            card.positive,
            card.threshold,
            info.fingerprint,
            info.size,
            info.mpp,
            pathview.__version__,
            info.mpp_source,
            views,
            card.ood_threshold,
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError
            If `values` is something else.
        """
        mpp = values["slide_mpp"]
        width, height = values["slide_size"]
        limit = values.get("ood_threshold")
        return cls(
            model=str(values["model"]),
            model_version=str(values["model_version"]),
            weights_sha256=str(values["weights_sha256"]),
            model_mpp=float(values["model_mpp"]),
            classes=tuple(str(name) for name in values["classes"]),
            positive=str(values["positive"]),
            threshold=float(values["threshold"]),
            slide_fingerprint=str(values["slide_fingerprint"]),
            slide_size=(int(width), int(height)),
            slide_mpp=None if mpp is None else (float(mpp[0]), float(mpp[1])),
            pathview_version=str(values["pathview_version"]),
            slide_mpp_source=str(values.get("slide_mpp_source", "")),
            views=int(values.get("views", 1)),
            ood_threshold=None if limit is None else float(limit),
            coarse=max(1, int(values.get("coarse", 1))),
        )

    def level_of(self, index: int) -> float:
        """Return from which probability on a cell counts as the class at `index`.

        That is the model's threshold for the positive class, and one half for any other: the author says
        nothing of those.
        """
        return self.threshold if self.classes[index] == self.positive else 0.5

    def to_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        return asdict(self)

    def difference(self, other: HeatmapFacts) -> str:
        """Return why values under these facts are not `other`'s, or "" when they can be mixed."""
        for name, words in _IDENTITY.items():
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{words} ({mine!r}, not {theirs!r})"
        if not self.fits_scale(other.slide_mpp):
            scales = f"{in_um(self.slide_mpp)}, not {in_um(other.slide_mpp)}"
            return f"another pixel size of the slide, and with it another grid ({scales})"
        return ""

    def fits_scale(self, mpp: tuple[float, float] | None) -> bool:
        """Tell whether a slide whose (x, y) um/px are `mpp` has the pixel size that the run used.

        Where it has another, the model saw the tissue smaller or larger than the slide now says it is.
        """
        if self.slide_mpp is None or mpp is None:
            return self.slide_mpp == mpp
        pairs = zip(self.slide_mpp, mpp, strict=True)
        return all(math.isclose(used, now, rel_tol=_SAME_SCALE) for used, now in pairs)


def in_um(mpp: tuple[float, float] | None) -> str:
    """Return a pixel size in words, in um/px."""
    return "unknown" if mpp is None else f"{mpp[0]:.4g} x {mpp[1]:.4g} um/px"
