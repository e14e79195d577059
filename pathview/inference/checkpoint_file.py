"""torch checkpoints (.pth, .bin): zip files with a pickle, of which only tensors are taken."""

from __future__ import annotations

import io
import pickletools
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pathview.core.errors import ModelError, in_a_sentence

if TYPE_CHECKING:
    import torch

_MEMBERS = re.compile(
    r"data\.pkl|version|byteorder|\.format_version|\.storage_alignment|\.data/serialization_id|data/\d+"
)
_LONGEST_PICKLE = 64 << 20
_STORAGES = ("Float", "Half", "BFloat16", "Double", "Long", "Int", "Short", "Char", "Byte", "Bool")
_NAMES = {"collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"} | {
    f"torch {kind}Storage" for kind in _STORAGES
}
# torch writes names out; these opcodes put them together from pieces, or make objects of other kinds.
_ODD = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID"}
_SAVE = "save its state_dict as safetensors where you trust it"
# Before it, a crafted file could corrupt memory in spite of `weights_only` (CVE-2026-24747).
_LEAST_TORCH = (2, 10)
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")


def read_checkpoint(data: bytes, file: str, model: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a checkpoint by name; nothing else of it is ever made.

    The pickle may name only what tensors need; what passes is written into a fresh zip file, so that torch
    reads exactly the bytes that were looked at, and is loaded with ``weights_only``.

    Parameters
    ----------
    data
        The file's bytes.
    file, model
        Its name and the model's, for errors.

    Raises
    ------
    ModelError
        If it holds code, or anything but tensors.
    """
    import torch

    if tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2]) < _LEAST_TORCH:
        raise ModelError(
            model, f"torch {torch.__version__} cannot read {file} safely; install torch 2.10 or later"
        )
    try:
        fresh = _checked(data)
        loaded = torch.load(fresh, map_location="cpu", weights_only=True)
    except ModelError:
        raise
    except CodeInPickleError as error:
        raise ModelError(model, f"{file} contains code: {error}; {_SAVE}") from error
    except Exception as error:  # what torch makes of a damaged file is anything
        raise ModelError(model, f"{file} cannot be read as a checkpoint: {in_a_sentence(error)}") from error
    state = _state_of(loaded)
    if state is None:
        raise ModelError(model, f"{file} holds no network's weights by name; {_SAVE}")
    return state


class CodeInPickleError(ValueError):
    """A pickle names what no tensor needs."""


def _checked(data: bytes) -> io.BytesIO:
    """Return the same archive with nothing but the members that torch writes, after a look at each."""
    fresh = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(fresh, "w") as copy:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        roots = {name.partition("/")[0] for name in names}
        if len(set(names)) < len(names) or len(roots) != 1:
            raise ValueError("its members are not those that torch writes")
        for entry in entries:
            name = entry.filename.partition("/")[2]
            if not _MEMBERS.fullmatch(name):
                raise CodeInPickleError(f"the member {name[:60]!r} belongs to no checkpoint")
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise ValueError("its members are compressed or encrypted, which torch never does")
            content = archive.read(entry)
            if name == "data.pkl":
                _check_pickle(content)
            copy.writestr(f"archive/{name}", content)
    fresh.seek(0)
    return fresh


def _check_pickle(data: bytes) -> None:
    if len(data) > _LONGEST_PICKLE:
        raise ValueError("its table of contents is larger than any network's")
    for opcode, argument in _opcodes(data):
        if opcode in _ODD:
            raise CodeInPickleError(f"it makes objects by {opcode}")
        if opcode == "GLOBAL" and argument not in _NAMES:
            raise CodeInPickleError(f"it wants {str(argument).replace(' ', '.')[:80]!r}")


def _opcodes(data: bytes) -> Iterator[tuple[str, Any]]:
    end = 0
    for opcode, argument, place in pickletools.genops(data):
        end = place or 0
        yield opcode.name, argument
    if end + 1 < len(data):
        raise CodeInPickleError("something follows its end")


def _state_of(loaded: object) -> dict[str, torch.Tensor] | None:
    import torch

    if not isinstance(loaded, dict):
        return None
    inner = [loaded[key] for key in _WRAPPERS if isinstance(loaded.get(key), dict)]
    found: dict[object, object] = inner[0] if inner else loaded
    state = {k: v for k, v in found.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
    return state if state and len(state) == len(found) else None
