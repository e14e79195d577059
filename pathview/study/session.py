"""One open slide and everything made on it, in memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from pathview.annotations.bookmark_store import BookmarkStore
from pathview.annotations.edit import Edit
from pathview.annotations.history import History
from pathview.annotations.store import AnnotationStore
from pathview.core.stated import StatedMpp
from pathview.slides.scale import with_stated_mpp
from pathview.study.database import now
from pathview.study.slide_scale import SlideScale, user_name

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
        The open slide; whoever opened it closes it. Its pixel size is the stated one where there is one.
    annotations
        What lies on the slide; changed through `history` only.
    scale
        The pixel size that was stated for the slide; changed through `history` only.
    bookmarks
        Views to come back to; changed through `history` only.
    history
        Does, undoes and redoes edits. Each is committed to the study first and then applied to
        `annotations`, `scale` and `bookmarks`; if it cannot be stored, it raises and nothing changes.
    folder
        Where heatmaps of this slide lie.
    read_only
        Whether edits are refused because another program has the study open for writing.
    heatmaps, runs
        By model id.
    """

    slide: Slide
    annotations: AnnotationStore
    scale: SlideScale
    bookmarks: BookmarkStore
    history: History
    folder: Path
    read_only: bool = False
    heatmaps: dict[str, Heatmap] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def state_mpp(self, mpp: tuple[float, float] | None) -> None:
        """State the slide's pixel size, or take back what was stated; an edit like those of annotations.

        Parameters
        ----------
        mpp
            (x, y) in um/px at level 0; None goes back to what the file says. What is stated already is no
            edit.

        Raises
        ------
        ImpossibleScaleError
            If no slide can have it.
        StudyError
            If it cannot be stored; then nothing has changed.
        """
        stated = self.scale.stated
        if mpp is None:
            self.history.do(Edit.state("Remove stated pixel size", stated, None))
        elif stated is None or stated.mpp != mpp:
            source = with_stated_mpp(self.slide.file_info, mpp, "")
            assert source.mpp is not None, "it was stated"
            after = StatedMpp(*source.mpp, user_name(), now())
            self.history.do(Edit.state("Set pixel size", stated, after))

    def heatmap_folder(self, model_id: str) -> Path:
        """Return where the heatmap of a model lies or will lie; its parent folder exists unless read-only.

        The name is quoted, so that no model id, wherever it comes from, can point outside the study.
        """
        if not self.read_only:
            self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{quote(model_id, safe='')}.zarr"


class Holder(Protocol):
    """What an edit changes; it looks at its own part of the edit alone."""

    def check(self, edit: Edit) -> None:
        """Raise `EditConflictError` if the edit does not fit."""
        ...

    def apply(self, edit: Edit) -> None:
        """Make the edit true and tell the listeners."""
        ...


def commit_then_apply(commit: Callable[[Edit], None], *holders: Holder) -> Callable[[Edit], None]:
    """Return the one way in which a session makes an edit true: stored first, shown afterwards."""

    def apply(edit: Edit) -> None:
        for holder in holders:
            holder.check(edit)
        commit(edit)
        # A listener that fails must not keep the other parts from becoming true.
        with ExitStack() as parts:
            for holder in reversed(holders):
                parts.callback(holder.apply, edit)

    return apply
