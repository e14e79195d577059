"""The links between slides, as the study keeps them: one for each two."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pathview.core.errors import PathViewError
from pathview.view.landmarks import Glass, Link

if TYPE_CHECKING:
    from pathview.app.open_slide import OpenSlide
    from pathview.app.workspace import Workspace

_log = logging.getLogger(__name__)


class LinkStore:
    """Gives and takes links as seen from either slide; main thread only.

    Parameters
    ----------
    workspace
        Whose study it is.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        # As the study has them: from the smaller fingerprint to the larger.
        self._links: dict[tuple[str, str], Link] = {}

    def get(self, a: OpenSlide, b: OpenSlide) -> Link:
        """Return how `a` lies on `b`; without landmarks where nobody has said."""
        first, second = sorted((fingerprint(a), fingerprint(b)))
        if first == second:
            return Link()
        if (first, second) not in self._links:
            self._links[first, second] = self._stored(first, second)
        link = self._links[first, second]
        return link if fingerprint(a) == first else link.swapped()

    def put(self, a: OpenSlide, b: OpenSlide, link: Link) -> None:
        """Remember how `a` lies on `b`; in a study that is read only, as long as the program runs."""
        first, second = sorted((fingerprint(a), fingerprint(b)))
        if first == second:
            return
        self._links[first, second] = link if fingerprint(a) == first else link.swapped()
        if a.session.read_only:
            return
        try:
            kept = self._links[first, second]
            self._workspace.study.set_link(first, second, None if kept == Link() else kept.to_json())
        except PathViewError as error:
            self._workspace.problem.emit("Cannot keep the link", str(error))

    def _stored(self, first: str, second: str) -> Link:
        try:
            text = self._workspace.study.link(first, second)
            return Link() if text is None else Link.from_json(text)
        except (PathViewError, ValueError) as error:
            _log.warning("a stored link is not used: %s", error)
            return Link()


def fingerprint(slide: OpenSlide) -> str:
    """Return what a slide is known by in the study."""
    return slide.session.slide.info.fingerprint


def glass(slide: OpenSlide) -> Glass:
    """Return what a link must know of a slide."""
    info = slide.session.slide.info
    return Glass(info.size, info.mpp)
