"""One open slide and everything made on it, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pathview.annotations.edit import Edit
from pathview.annotations.history import History
from pathview.annotations.store import AnnotationStore

if TYPE_CHECKING:
    from pathview.inference.heatmap import Heatmap
    from pathview.inference.run import Run
    from pathview.slides.slide import Slide


@dataclass(eq=False, slots=True, weakref_slot=True)
class Session:
    """One slide of a study; there is nothing to save, since each edit is stored before it shows.

    Made by `Study.session`; main thread only.

    Attributes
    ----------
    slide
        The open slide; whoever opened it closes it.
    annotations
        What lies on the slide; changed through `history` only.
    history
        Does, undoes and redoes edits. Each is committed to the study first and then applied to
        `annotations`; if it cannot be stored, it raises and nothing changes.
    folder
        Where heatmaps of this slide lie.
    read_only
        Whether edits are refused because another program has the study open for writing.
    heatmaps, runs
        By model id.
    """

    slide: Slide
    annotations: AnnotationStore
    history: History
    folder: Path
    read_only: bool = False
    heatmaps: dict[str, Heatmap] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def heatmap_folder(self, model_id: str) -> Path:
        """Return where the heatmap of a model lies or will lie; its parent folder exists unless read-only.

        The name is quoted, so that no model id, wherever it comes from, can point outside the study.
        """
        if not self.read_only:
            self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{quote(model_id, safe='')}.zarr"


def commit_then_apply(commit: Callable[[Edit], None], annotations: AnnotationStore) -> Callable[[Edit], None]:
    """Return the one way in which a session makes an edit true: stored first, shown afterwards."""

    def apply(edit: Edit) -> None:
        annotations.check(edit)
        commit(edit)
        annotations.apply(edit)

    return apply
