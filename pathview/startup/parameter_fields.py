"""The parameters of a model in its manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pathview.core.plugins.kind import Kind as Offer
from pathview.inference.parameter import Kind, Parameter
from pathview.inference.transform import is_number
from pathview.startup.card_fields import misspelt

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = {"name", "kind", "default", "least", "most", "choices", "title", "help"}


def read_parameters(
    entries: object,
    defects: list[str],
    kind: Offer = Offer.MODEL,
    taken: tuple[str, ...] = ("folder", "card"),
) -> tuple[Parameter, ...]:
    """Return the parameters of a manifest: a list of tables with name, kind, default and bounds.

    Parameters
    ----------
    entries
        Of the manifest.
    defects
        Takes what is wrong, in words that say what to write instead.
    kind
        Of what they are parameters.
    taken
        Names of the arguments that the plugin's function has besides.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        defects.append(f"parameters are written as [[{kind}.parameter]] tables")
        return ()
    names = [str(entry.get("name")) for entry in entries]
    if len(set(names)) < len(names):
        defects.append("two parameters have the same name")
    return tuple(one for entry in entries if (one := _parameter(entry, defects, taken)) is not None)


def _parameter(entry: Mapping[str, Any], defects: list[str], taken: tuple[str, ...]) -> Parameter | None:
    found = misspelt(entry, _KEYS)
    name, kind = entry.get("name"), entry.get("kind")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in taken:
        found.append('"name" must be lower-case letters, digits and "_", as an argument of Python is')
    if kind not in set(Kind):
        found.append(f'"kind" must be {", ".join(Kind)}, not {kind!r}')
    for key in ("least", "most"):
        if key in entry and not is_number(entry[key]):
            found.append(f'"{key}" must be a number')
    choices = entry.get("choices", [])
    if not isinstance(choices, list) or not all(isinstance(choice, str) and choice for choice in choices):
        found.append('"choices" must be a list of texts')
    elif (kind == Kind.CHOICE) != bool(choices):
        found.append('"choices" belong to the kind "choice", and only to that')
    parameter = None
    if not found:
        parameter = Parameter(
            str(name), Kind(entry["kind"]), entry.get("default", False),
            entry.get("least"), entry.get("most"), tuple(choices),
            str(entry.get("title", "")), str(entry.get("help", "")),
        )  # fmt: skip
        try:
            parameter.checked(entry.get("default"))
        except ValueError as error:
            found.append(f'"default": {error}')
    defects += [f"parameter {name}: {defect}" for defect in found]
    return parameter
