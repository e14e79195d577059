"""What a model needs and gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pathview.inference.parameter import Parameter


class Task(StrEnum):
    """The kinds of model; the first one runs today, the others are reserved words of the manifest."""

    CLASSIFY = "classify"
    SEGMENT = "segment"
    DETECT = "detect"


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
        Output classes in the order of the output columns.
    positive
        The class a heatmap shows first; one of `classes`.
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
