"""Files of weights: what they are by their content, and their bytes, read once."""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from io import BufferedReader
from pathlib import Path

from pathview.core.errors import ModelError
from pathview.core.files import sha256_of
from pathview.inference.recipe import Format

_HEAD = 16
_LONGEST_HEADER = 100 << 20
_ZIP = b"PK\x03\x04"
_KNOWN = "safetensors, torch checkpoints (.pth), TorchScript, exported programs (.pt2) and ONNX can be used"


def sniff(path: Path, model: str) -> Format:
    """Return what a file of weights is, whatever its name; nothing in it is run or unpickled.

    Parameters
    ----------
    path
        The file.
    model
        Whose name an error carries.

    Raises
    ------
    ModelError
        If it cannot be read, or is of no kind that can be used.
    """
    try:
        with _open(path) as file:
            head = file.read(_HEAD)
            if head[:4] == _ZIP:
                with zipfile.ZipFile(file) as archive:
                    return _sniff_zip({name.partition("/")[2] or name for name in archive.namelist()})
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ModelError(model, f"its weights {path.name} cannot be read: {error}") from error
    header = int.from_bytes(head[:8], "little")
    if head[8:9] == b"{" and 2 <= header <= _LONGEST_HEADER:
        return Format.SAFETENSORS
    if path.suffix == ".onnx" and head[:1] == b"\x08":
        return Format.ONNX
    if head[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
        raise ModelError(
            model,
            f"{path.name} is a bare pickle, which is code; save the weights as safetensors "
            "(an old torch checkpoint: load it where you trust it, and save its state_dict so)",
        )
    raise ModelError(model, f"{path.name} is no file of weights by its content; {_KNOWN}")


def _sniff_zip(names: set[str]) -> Format:
    if any(name.startswith("code/") for name in names) or "constants.pkl" in names:
        return Format.TORCHSCRIPT
    if "archive_format" in names or "serialized_exported_program.json" in names:
        return Format.EXPORTED
    if "data.pkl" in names:
        return Format.CHECKPOINT
    raise ValueError(f"it is a zip file, but none that torch writes; {_KNOWN}")


def read_weights(path: Path, sha256: str, model: str) -> bytes:
    """Return a file's bytes, read and not mapped: a file that shrinks under a map kills the process.

    What is hashed here is what is used afterwards, so a file that is exchanged in between gains nothing.

    Raises
    ------
    ModelError
        If it cannot be read, or is another file than `sha256` (64 hex digits, "" for any) says.
    """
    try:
        with _open(path) as file:
            data = file.read()
    except (OSError, ValueError) as error:
        raise ModelError(model, f"its weights cannot be read: {error}") from error
    _check(path, hashlib.sha256(data).hexdigest(), sha256, model)
    return data


def checked_digest(path: Path, sha256: str, model: str) -> str:
    """Return the SHA-256 of a file of weights, which must be `sha256` unless that is "".

    Raises
    ------
    ModelError
        If it cannot be read, or is another file.
    """
    digest = digest_of(path, model)
    _check(path, digest, sha256, model)
    return digest


def digest_of(path: Path, model: str) -> str:
    """Return the SHA-256 of a file of weights.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    try:
        with _open(path):
            return sha256_of(path)
    except (OSError, ValueError) as error:
        raise ModelError(model, f"its weights cannot be read: {error}") from error


def _check(path: Path, digest: str, sha256: str, model: str) -> None:
    if sha256 and digest != sha256:
        raise ModelError(model, f"{path} holds other weights than its card says (sha256 {digest})")


def _open(path: Path) -> BufferedReader:
    # A pipe in the file's place would be waited for without end.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError(f"{path.name} is not a plain file")
    return os.fdopen(handle, "rb")
