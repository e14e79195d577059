"""What a manifest says of a model's task, and of what only that task has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pathview.inference.card import Task
from pathview.inference.tasks.table import TASKS

KEYS = {"task", "features", "output_stride", "halo"}
"""Of a manifest, by `ModelCard`'s names."""

_MOST_FEATURES = 65_536
_MOST_OUTPUT_STRIDE = 64
# What a task has; what stands in a manifest beside that would do nothing.
_OWN = {
    Task.CLASSIFY: {"ood_threshold", "reference"},
    Task.DETECT: {"halo"},
    Task.EMBED: {"features"},
    Task.SEGMENT: {"output_stride", "halo", "reference"},
}
_OF_SOME_TASKS = set().union(*_OWN.values())


def task_of(entry: Mapping[str, Any]) -> Task | None:
    """Return the task that a manifest states, None where models of it cannot be run."""
    said = entry.get("task")
    return next((task for task in TASKS if task == said), None)


def default_stride(entry: Mapping[str, Any]) -> Any:
    """Return the grid step where a manifest states none: so that what each patch is trusted for meets."""
    patch, halo = entry.get("patch"), entry.get("halo", 0)
    return patch - 2 * halo if type(patch) is int and type(halo) is int else patch


def check_task(entry: Mapping[str, Any], found: list[str]) -> None:
    """Add what is wrong with the fields of a manifest's task to `found`."""
    task = task_of(entry)
    if task is None:
        names = ", ".join(f'"{one}"' for one in TASKS)
        found.append(f'"task" must be one of {names}, not {entry.get("task")!r}')
        return
    # An empty "reference" says nothing.
    for key in sorted(_OF_SOME_TASKS - _OWN[task]):
        if entry.get(key):
            found.append(f'"{key}" means nothing where "task" is "{task}"; leave it out')
    if task in _CHECKS:
        _CHECKS[task](entry, found)


def _check_embed(entry: Mapping[str, Any], found: list[str]) -> None:
    features = entry.get("features")
    if type(features) is not int or not 1 <= features <= _MOST_FEATURES:
        found.append(
            f'"features" must be how many features the model gives of a patch, 1 to {_MOST_FEATURES}, '
            f"not {features!r}"
        )
    for key in ("positive", "threshold", "multi_label"):
        if key in entry:
            found.append(f'"{key}" is of classes, and a model that embeds has none; leave it out')


def check_halo(entry: Mapping[str, Any], found: list[str]) -> bool:
    """Add what is wrong with halo and stride of a task whose patches overlap; return whether all is right."""
    patch, halo = entry.get("patch"), entry.get("halo", 0)
    stride = entry.get("stride", default_stride(entry))
    if type(patch) is not int or type(stride) is not int:
        return False
    if type(halo) is not int or not 0 <= 2 * halo < patch:
        found.append(f'"halo" must be a whole number of pixels below half the patch ({patch}), not {halo!r}')
        return False
    if stride > patch - 2 * halo:
        found.append(
            f'"stride" of {stride} px leaves pixels between patches of {patch} px with a halo of {halo}: '
            f"write {patch - 2 * halo} or less, or leave it out"
        )
        return False
    return True


def _check_segment(entry: Mapping[str, Any], found: list[str]) -> None:
    step = entry.get("output_stride", 1)
    if type(step) is not int or not 1 <= step <= _MOST_OUTPUT_STRIDE:
        found.append(
            f'"output_stride" must be how many pixels of the patch one of the output stands for, '
            f"1 to {_MOST_OUTPUT_STRIDE}, not {step!r}"
        )
    elif check_halo(entry, found):
        patch, stride = entry["patch"], entry.get("stride", default_stride(entry))
        if patch % step or stride % step or (patch - stride) % (2 * step):
            found.append(
                f'"output_stride" of {step} does not fit: patch ({patch}) and stride ({stride}) must be '
                f"multiples of it, and so must half of what they differ by"
            )


def _check_detect(entry: Mapping[str, Any], found: list[str]) -> None:
    check_halo(entry, found)
    if "multi_label" in entry:
        found.append('"multi_label" is of patches, and each object has one class; leave it out')


_CHECKS: dict[Task, Callable[[Mapping[str, Any], list[str]], None]] = {
    Task.DETECT: _check_detect,
    Task.EMBED: _check_embed,
    Task.SEGMENT: _check_segment,
}
