"""How far a run is, as a bar."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar

from pathview.app.run_words import is_starting
from pathview.inference.run_status import RunStatus


def show_progress(bar: QProgressBar, status: RunStatus, text: str) -> None:
    """Show a run's progress in `bar`, with `text` on it once the total is known.

    While the model loads, the bar stands still: Qt's busy animation would repaint the window and its
    canvas sixty times a second, which without a GPU takes from the model the very core it loads on.
    """
    bar.setRange(0, max(1, status.total))
    bar.setValue(status.done + status.failed)
    bar.setFormat("" if is_starting(status) else text)
