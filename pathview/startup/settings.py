"""Settings: a frozen value read from TOML; a bad file never stops the start."""

from __future__ import annotations

import dataclasses
import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from pathview.core.files import config_folder, write_text
from pathview.core.place import Place, lasting
from pathview.inference.engines.choice import BACKENDS

_log = logging.getLogger(__name__)
_RECENT_LIMIT = 15


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can set, with the defaults of a first start.

    Attributes
    ----------
    theme
        "system", "light" or "dark".
    cache_mb
        Memory for decoded tiles, in MiB.
    reader_threads
        Threads that read tiles for the screen.
    device
        Where models run: "auto", "cpu", "cuda:N" or "mps".
    backend
        What runs them: "auto" for the fastest engine that says the same as float32, "torch" or "openvino".
    model_memory_mb
        Memory that a model's process may take, in MiB; 0 for three quarters of the machine's.
    coarse_first
        Let a model make a rough map of the whole slide first; otherwise it begins where one looks.
    convert_colours
        Show slides in sRGB where they carry an ICC profile; otherwise the file's own numbers.
    smooth
        Let zooming and panning run out smoothly; otherwise the view jumps, for those whom motion makes ill.
    show_coverage
        Shade in the overview the tissue that was not looked at.
    coverage_um
        How closely it must have been looked at, um per screen pixel: 0.25, 0.5, 1, 2 or 4.
    recent
        Absolute paths of the slides opened last, or their addresses without secrets, newest first.
    recent_commands
        What was run from the command palette last, newest first.
    models
        Model folders that were added in the window.
    allowed_code
        SHA-256 of the files of weights that may run as programs.
    interpreters
        The Python that a plugin runs in, by the plugin's id; only where it is another than PathView's own.
    shortcuts
        Keys by action, in Qt's portable words; only where they differ from the action table.
    """

    theme: str = "system"
    cache_mb: int = 512
    reader_threads: int = 2
    device: str = "auto"
    backend: str = "auto"
    model_memory_mb: int = 0
    coarse_first: bool = False
    convert_colours: bool = True
    smooth: bool = True
    show_coverage: bool = False
    coverage_um: float = 1.0
    recent: tuple[str, ...] = ()
    recent_commands: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    allowed_code: tuple[str, ...] = ()
    interpreters: Mapping[str, str] = field(default_factory=dict)
    shortcuts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_recent(self, place: Place) -> Settings:
        """Return the settings with `place` as the newest recent slide."""
        newest = lasting(place)
        others = (entry for entry in self.recent if entry != newest)
        return dataclasses.replace(self, recent=(newest, *others)[:_RECENT_LIMIT])


_CHECKS: dict[str, Any] = {
    "theme": lambda value: value in ("system", "light", "dark"),
    "cache_mb": lambda value: type(value) is int and 64 <= value <= 1 << 20,
    "reader_threads": lambda value: type(value) is int and 1 <= value <= 32,
    "device": lambda value: isinstance(value, str),
    "backend": lambda value: value in BACKENDS,
    "model_memory_mb": lambda value: type(value) is int and 0 <= value <= 1 << 24,
    "coarse_first": lambda value: type(value) is bool,
    "convert_colours": lambda value: type(value) is bool,
    "smooth": lambda value: type(value) is bool,
    "show_coverage": lambda value: type(value) is bool,
    "coverage_um": lambda value: value in (0.25, 0.5, 1.0, 2.0, 4.0),
    "recent": lambda value: _is_words(value),
    "recent_commands": lambda value: _is_words(value),
    "models": lambda value: _is_words(value),
    "allowed_code": lambda value: _is_words(value),
    "interpreters": lambda value: isinstance(value, dict) and _is_words([*value.values()]),
}


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def settings_path() -> Path:
    """Return where the settings are kept."""
    return config_folder() / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; what is missing, unknown or malformed is left at its default and logged.

    Parameters
    ----------
    path
        Default: `settings_path()`.
    """
    path = settings_path() if path is None else path
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read (%s); the defaults are used", path, error)
        return Settings()
    good: dict[str, Any] = {}
    for key, value in raw.items():
        if key == "shortcuts" and isinstance(value, dict):
            good[key] = _shortcuts(path, value)
        elif key in _CHECKS and _CHECKS[key](value):
            good[key] = tuple(value) if isinstance(value, list) else value
        else:
            _log.warning("%s: %s = %r is not a setting that can be used; the default is", path, key, value)
    return Settings(**good)


def _shortcuts(path: Path, value: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    good = {action: tuple(keys) for action, keys in value.items() if _is_words(keys)}
    for action in value.keys() - good.keys():
        _log.warning("%s: the keys of %s are not a list of words; they are ignored", path, action)
    return good


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings atomically.

    Raises
    ------
    OSError
        If the file cannot be written; the old one is intact.
    """
    values = dataclasses.asdict(settings)
    write_text(settings_path() if path is None else path, tomli_w.dumps(values))
