"""Slide after slide: a command goes on past a bad one, and its JSON comes in one piece at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pathview.cli.messages import as_json_text
from pathview.core.errors import PathViewError
from pathview.core.place import Place, place_of

if TYPE_CHECKING:
    from pathview.slides.slide import Slide

type Report = dict[str, Any]

SlideFiles = Annotated[
    list[Place],
    typer.Argument(
        metavar="SLIDE...", parser=place_of, help="Slide files, or addresses of some.", show_default=False
    ),
]


def each_slide(
    slides: Iterable[Place],
    work: Callable[[Place], Report],
    refused: Callable[[Place, PathViewError], Report | None],
    show: Callable[[Report], None],
    as_json: bool,
) -> list[Report]:
    """Do the same with each slide, print what came of it, and return that.

    Parameters
    ----------
    slides
        The files, or their addresses.
    work
        Returns a file's report as JSON values, or raises a `PathViewError`.
    refused
        Told what `work` raised; returns a report on it, or None where there is none.
    show
        Prints one report for people, as soon as it is there.
    as_json
        Print all reports as a JSON list at the end instead.
    """
    reports: list[Report] = []
    for path in slides:
        try:
            report: Report | None = work(path)
        except PathViewError as error:
            report = refused(path, error)
        if report is None:
            continue
        reports.append(report)
        if not as_json:
            show(report)
    if as_json:
        print(as_json_text(reports))
    return reports


def opened(work: Callable[[Slide], Report]) -> Callable[[Place], Report]:
    """Return `work` as something to do with a file, which is open meanwhile.

    Raises
    ------
    SlideOpenError
        By what is returned, if the file cannot be opened.
    """

    def open_and_work(path: Place) -> Report:
        from pathview.slides.open import open_slide

        with open_slide(path) as slide:
            return work(slide)

    return open_and_work
