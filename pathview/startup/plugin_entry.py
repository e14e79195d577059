"""What the tables of readers and exporters in a manifest have in common: a name, and what to call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pathview.core.plugins.kind import Kind
from pathview.startup.card_fields import NAME, misspelt

CALLED = re.compile(r"[A-Za-z_]\w*:[A-Za-z_]\w*")
"""``module:function`` in a plugin's folder."""


def entry_defects(entry: Mapping[str, Any], keys: set[str], called: str) -> list[str]:
    """Return what is wrong with the keys of a table, its name, and what it names to be called.

    Parameters
    ----------
    entry
        The table.
    keys
        All that it may have.
    called
        The key of the ``module:function``.
    """
    found = misspelt(entry, keys)
    name, function = entry.get("name"), entry.get(called)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        found.append('"name" must be lower-case letters, digits, ".", "_" and "-"')
    if not isinstance(function, str) or not CALLED.fullmatch(function):
        found.append(f'"{called}" must be "module:function" in the plugin\'s folder')
    return found


def no_table(kind: Kind) -> str:
    """Return that entries of a kind must be tables."""
    return f"{kind}s are written as [[{kind}]] tables"
