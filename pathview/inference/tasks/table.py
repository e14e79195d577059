"""Which tasks can be run, and what each of them is."""

from __future__ import annotations

from typing import Any

from pathview.inference.card import ModelCard, Task
from pathview.inference.tasks.classify import Classify
from pathview.inference.tasks.detect import Detect
from pathview.inference.tasks.embed import Embed
from pathview.inference.tasks.kind import TaskKind
from pathview.inference.tasks.segment import Segment

TASKS: dict[Task, TaskKind[Any]] = {
    Task.CLASSIFY: Classify(),
    Task.DETECT: Detect(),
    Task.EMBED: Embed(),
    Task.SEGMENT: Segment(),
}


def kind_of(card: ModelCard) -> TaskKind[Any]:
    """Return how a model's task is asked."""
    return TASKS[card.task]
