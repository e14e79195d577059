"""Which actions can be done now, and what Undo and Redo would do."""

from __future__ import annotations

from pathview.app.action_table import ActionTable
from pathview.app.workspace import Workspace
from pathview.inference.run_status import RunState
from pathview.view.magnification import downsample_at


def show_states(
    actions: ActionTable, workspace: Workspace, *, has_model: bool, has_parameters: bool = False
) -> None:
    """Enable what can be done now and word Undo, Redo and Pause after what they would do.

    Parameters
    ----------
    actions
        The window's.
    workspace
        What is open in it.
    has_model
        Whether there is any model to run.
    has_parameters
        Whether the chosen one has something that can be set.
    """
    history = None if workspace.session is None else workspace.session.history
    undo = history.undo_label if history else None
    redo = history.redo_label if history else None
    facts = _facts(workspace) | {
        "model": has_model,
        "parameters": has_parameters,
        "undo": undo is not None,
        "redo": redo is not None,
    }
    actions.enable(frozenset(word for word, true in facts.items() if true))
    for key, word, label in (("undo", "&Undo", undo), ("redo", "&Redo", redo)):
        actions[key].setText(f"{word} {label.lower()}" if label else word)
    actions["coarse_first"].setChecked(workspace.settings.coarse_first)
    actions[f"stains_{workspace.adjustments.current.part}"].setChecked(True)
    actions[f"views_{workspace.panes.arrangement.layout}"].setChecked(True)
    status = workspace.runs.status
    paused = status is not None and status.state is RunState.PAUSED
    actions.show_as("pause", "&Resume the run" if paused else "&Pause the run", "play" if paused else "pause")


def _facts(workspace: Workspace) -> dict[str, bool]:
    session = workspace.session
    return {
        "slide": session is not None,
        "slides": bool(workspace.slides),
        "tabs": len(workspace.slides) > 1,
        "pair": len({id(pane.slide) for pane in workspace.panes.shown if pane.slide is not None}) > 1,
        "views": len(workspace.panes.shown) > 1,
        "annotations": session is not None and len(session.annotations) > 0,
        "bookmark": session is not None and len(session.bookmarks) > 0,
        "selection": bool(workspace.view.state.selection),
        "heatmap": bool(workspace.runs.heatmaps),
        "heatmaps": len(workspace.runs.heatmaps) > 1,
        "detections": workspace.slide is not None and bool(workspace.slide.detections),
        "run": workspace.runs.going,
        "scale": session is not None and downsample_at(1.0, session.slide.info) is not None,
        "adjusted": not workspace.adjustments.current.neutral,
        "copied": workspace.adjustments.copied is not None,
        "stains": workspace.adjustments.separable,
        "channels": session is not None and bool(session.slide.info.channels),
        "planes": session is not None and session.slide.info.planes > 1,
    }
