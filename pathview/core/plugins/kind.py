"""What a plugin can offer."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of things in a plugin.toml."""

    MODEL = "model"
    READER = "reader"
    EXPORTER = "exporter"
