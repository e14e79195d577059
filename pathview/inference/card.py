"""What a model needs and gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pathview.inference.parameter import Parameter


class Task(StrEnum):
    """What a model says of a patch: its class, that of each pixel, what lies in it, or features of it."""

    CLASSIFY = "classify"
    SEGMENT = "segment"
    DETECT = "detect"
    EMBED = "embed"


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Facts about a model, read from its manifest without importing it.

    Attributes
    ----------
    name
        The id used on the command line and in results.
    version
        The author's version.
    task
        What `predict` returns.
    mpp
        Resolution that the model was trained at, in um/px.
    patch, stride
        Input edge and grid step in the model's own pixels.
    classes
        Output classes in the order of the output columns; none of a model that embeds.
    positive
        The class a heatmap shows first; one of `classes`, "" where there are none.
    threshold
        Probability of `positive` from which the author calls a patch positive.
    multi_label
        Whether several classes can hold at once; otherwise the probabilities of a patch add up to 1.
    parameters
        What a user may set.
    title, description, intended_use, license, citation
        For people.
    sha256
        Of the weights, 64 hex digits; "" for a model without weights.
    facts
        What else the author tells people, (heading, words) in order: data, figures, what it is not for.
    ood_threshold
        Above this out-of-distribution score, 0 to 1, a patch is unlike what it was trained on; None for
        a model that cannot tell.
    features
        How many features a model that embeds gives of a patch; 0 for every other.
    output_stride
        Model pixels along the edge of one pixel of a dense map.
    halo
        Model pixels along a patch's edge in which its answer is not to be trusted; only of dense maps and
        detections, whose patches overlap by it.
    """

    name: str
    version: str
    task: Task
    mpp: float
    patch: int
    stride: int
    classes: tuple[str, ...]
    positive: str
    threshold: float = 0.5
    multi_label: bool = False
    parameters: tuple[Parameter, ...] = ()
    title: str = ""
    description: str = ""
    intended_use: str = ""
    license: str = ""
    citation: str = ""
    sha256: str = ""
    ood_threshold: float | None = None
    facts: tuple[tuple[str, str], ...] = ()
    features: int = 0
    output_stride: int = 1
    halo: int = 0

    @property
    def gives(self) -> str:
        """What it gives of a patch, in words."""
        if self.task is Task.EMBED:
            return f"{self.features} features, which have no map"
        return " / ".join(self.classes) + (" of each pixel" if self.task is Task.SEGMENT else "")

    @property
    def map_edge(self) -> int:
        """Edge, in pixels, of the dense map that a model that segments gives of a patch."""
        return self.patch // self.output_stride

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of what the model gives of one patch, where that is an array of one size."""
        dense = (self.map_edge, self.map_edge) if self.task is Task.SEGMENT else ()
        return (self.outputs, *dense)

    @property
    def outputs(self) -> int:
        """How many numbers the model gives of a patch, or of a pixel: its features or its classes."""
        return self.features if self.task is Task.EMBED else len(self.classes)
