"""The program's errors: each carries its facts as fields, so that every front end words them itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pathview.core.place import Place
from pathview.core.pyramid import TileKey


class PathViewError(Exception):
    """Root of all errors that the program raises on purpose; its text is one clear sentence for the user."""


class SlideOpenError(PathViewError):
    """A file cannot be opened as a slide."""

    def __init__(self, path: Place, reason: str, tried: Sequence[str] = ()) -> None:
        self.path = path
        self.reason = reason
        self.tried = tuple(tried)
        readers = f" (tried: {', '.join(self.tried)})" if self.tried else ""
        super().__init__(f"Cannot open {path}: {reason}{readers}")


class TileReadError(PathViewError):
    """Pixels of an open slide cannot be read."""

    def __init__(self, path: Place, where: TileKey | str, reason: str) -> None:
        self.path = path
        self.where = where
        self.reason = reason
        super().__init__(f"Cannot read {where} of {path}: {reason}")


class UnknownScaleError(PathViewError):
    """Something needs micrometres, and the slide does not say how large its pixels are."""

    def __init__(self, path: Place, purpose: str) -> None:
        self.path = path
        self.purpose = purpose
        super().__init__(
            f"{path} does not state its pixel size, which {purpose} needs; state it in um/px and try again"
        )


class ImpossibleScaleError(PathViewError):
    """A pixel size was stated that no microscope slide can have."""

    def __init__(self, path: Place, mpp: tuple[float, float], valid: tuple[float, float]) -> None:
        self.path = path
        self.mpp = mpp
        super().__init__(
            f"{mpp[0]:g} x {mpp[1]:g} um/px cannot be the pixel size of {path}; "
            f"state one between {valid[0]:g} and {valid[1]:g} um/px"
        )


class AnnotationFormatError(PathViewError):
    """An annotation file is malformed; nothing of it was taken over."""

    def __init__(self, path: Path, where: str, reason: str) -> None:
        self.path = path
        self.where = where
        self.reason = reason
        super().__init__(f"Cannot read annotations from {path}, {where}: {reason}")


class EditConflictError(PathViewError):
    """An edit does not fit what the store holds."""


class ModelError(PathViewError):
    """A model cannot be found, loaded, or broke its contract."""

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"Model {model}: {reason}")


class PluginError(PathViewError):
    """A plugin's code, or the process that it runs in, failed."""

    def __init__(self, plugin: str, reason: str, kind: str = "") -> None:
        self.plugin = plugin
        self.reason = reason
        self.kind = kind
        super().__init__(f"Plugin {plugin}: {reason}")


class CodeNotAllowedError(ModelError):
    """The weights of a model are a program, which the user has not allowed to run."""

    def __init__(self, model: str, file: Path, kind: str) -> None:
        self.file = file
        super().__init__(
            model,
            f"{file.name} is {kind}, a program that would run with your rights; "
            "allow it if you trust where it comes from: with --allow-code, or once in the window",
        )


class ManifestError(PathViewError):
    """The manifest of a plugin or a model cannot be used as it stands."""

    def __init__(self, path: Path, defects: tuple[str, ...]) -> None:
        self.path = path
        self.defects = defects
        super().__init__(f"{path}: {'; '.join(defects)}")


class HeatmapMismatchError(PathViewError):
    """A results folder belongs to another model, slide or grid."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} holds other results: {reason}")


class StudyError(PathViewError):
    """A study folder cannot be opened or written."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"Study {path}: {reason}")


class ExportError(PathViewError):
    """A file cannot be exported."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"Cannot write {path}: {reason}")


class EstimateError(PathViewError):
    """Something cannot be judged from a slide's picture."""

    def __init__(self, purpose: str, reason: str) -> None:
        self.purpose = purpose
        self.reason = reason
        super().__init__(f"Cannot {purpose}: {reason}")


class LinkError(PathViewError):
    """Landmarks do not say how one slide lies on another."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The slides cannot be laid on each other: {reason}")


def in_a_sentence(error: BaseException) -> str:
    """Return what a library says as a part of a sentence, at most 200 characters."""
    text = " ".join(str(error).split()).rstrip(".")
    return text[:200] if text else type(error).__name__
