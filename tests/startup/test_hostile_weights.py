"""Forty hostile files of weights: each tries to make a canary file, each is refused, none makes one."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pathview.core.errors import PathViewError
from pathview.startup.find_model import in_folder

pytest.importorskip("safetensors")
torch = pytest.importorskip("torch")

# Name of the file, and its bytes for a command that makes the canary.
Hostile = Callable[[str, dict[str, bytes]], tuple[str, bytes]]


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def in_zip(members: dict[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_pickle(good: dict[str, bytes], data: bytes) -> bytes:
    return in_zip(good | {"archive/data.pkl": data})


def bare(protocol: int, call: Callable[[str], Calls], name: str = "pytorch_model.bin") -> Hostile:
    return lambda command, good: (name, pickle.dumps(call(command), protocol))


def zipped(protocol: int, call: Callable[[str], Calls], name: str = "pytorch_model.bin") -> Hostile:
    return lambda command, good: (name, with_pickle(good, pickle.dumps({"a": call(command)}, protocol)))


def text_pickle(module: str, function: str) -> Hostile:
    """A pickle by hand, as no pickler writes it: GLOBAL by its text form, then a call."""

    def make(command: str, good: dict[str, bytes]) -> tuple[str, bytes]:
        data = f"c{module}\n{function}\n(V{command}\ntR.".encode()
        return "pytorch_model.bin", with_pickle(good, data)

    return make


def opcodes(data: Callable[[bytes], bytes]) -> Hostile:
    return lambda command, good: ("pytorch_model.bin", with_pickle(good, data(command.encode())))


def short(text: bytes) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text


def archive(change: Callable[[str, dict[str, bytes]], bytes], name: str = "pytorch_model.bin") -> Hostile:
    return lambda command, good: (name, change(command, good))


def evil(command: str) -> bytes:
    return pickle.dumps(Calls(os.system, command), 2)


def twice(command: str, good: dict[str, bytes], *, evil_first: bool) -> bytes:
    """Two members of one name: readers differ in which one they take."""
    out = io.BytesIO()
    good_one = good["archive/data.pkl"]
    order = (evil(command), good_one) if evil_first else (good_one, evil(command))
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("archive/data.pkl", order[0])
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("archive/data.pkl", order[1])
        for name, content in good.items():
            if name != "archive/data.pkl":
                made.writestr(name, content)
    return out.getvalue()


def other_local_header(command: str, good: dict[str, bytes]) -> bytes:
    """The table at the end names the good pickle, the header before the evil one."""
    data = in_zip({"archive/evil.pkl": evil(command), **good})
    return data.replace(b"archive/evil.pkl", b"archive/data.pkl", 1)


def flipped_bits(command: str, good: dict[str, bytes]) -> bytes:
    """Say of the evil pickle that it is encrypted, which readers that do not look at that read on."""
    data = bytearray(with_pickle(good, evil(command)))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def wrong_crc(command: str, good: dict[str, bytes]) -> bytes:
    data = bytearray(with_pickle(good, evil(command)))
    at = data.index(b"PK\x01\x02")
    data[at + 16 : at + 20] = b"\0\0\0\0"
    return bytes(data)


def legacy(command: str, good: dict[str, bytes]) -> bytes:
    """The form of torch before 1.6: pickles one after the other."""
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    return b"".join(pickle.dumps(part, 2) for part in head) + evil(command)


def safetensors_header(command: str, header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


def torchscript(command: str, good: dict[str, bytes], name: str = "torchscript_model.pt") -> bytes:
    code = f'def forward(self, x):\n  return torch.ops.os.system("{command}")\n'.encode()
    members = {"archive/data.pkl": evil(command), "archive/constants.pkl": evil(command)}
    return in_zip({**members, "archive/code/__torch__/M.py": code, "archive/version": b"3\n"})


HOSTILE: dict[str, Hostile] = {
    **{f"bare pickle, protocol {n}": bare(n, lambda c: Calls(os.system, c)) for n in range(6)},
    **{f"checkpoint, protocol {n}": zipped(n, lambda c: Calls(os.system, c)) for n in range(6)},
    "eval": zipped(2, lambda c: Calls(eval, f"__import__('os').system({c!r})")),
    "exec": zipped(2, lambda c: Calls(exec, f"import os; os.system({c!r})")),
    "named safetensors": bare(2, lambda c: Calls(os.system, c), "model.safetensors"),
    "zip named safetensors": zipped(2, lambda c: Calls(os.system, c), "model.safetensors"),
    "posix system": text_pickle("posix", "system"),
    "subprocess": text_pickle("subprocess", "getoutput"),
    "dotted name": text_pickle("torch", "serialization.os.system"),
    "numpy": text_pickle("numpy.testing._private.utils", "runstring"),
    "torch itself": text_pickle("torch.hub", "os.system"),
    "timm": text_pickle("timm.models", "create_model"),
    "rebuild by another": text_pickle("torch._utils", "_rebuild_device_tensor_from_numpy"),
    "storage from a file": text_pickle("torch", "UntypedStorage.from_file"),
    "inst": opcodes(lambda c: b"(V" + c + b"\nios\nsystem\n."),
    "obj": opcodes(lambda c: b"(cos\nsystem\nV" + c + b"\no."),
    "stack global": opcodes(
        lambda c: b"\x80\x04" + short(b"os") + short(b"system") + b"\x93V" + c + b"\n\x85R."
    ),
    "new object": opcodes(lambda c: b"\x80\x02cos\nsystem\nV" + c + b"\n\x85\x81."),
    "extension registry": opcodes(lambda c: b"\x80\x02\x82\x01V" + c + b"\n\x85R."),
    "a call after the end": opcodes(lambda c: b"\x80\x02}.cos\nsystem\n(V" + c + b"\ntR."),
    "set state": opcodes(lambda c: b"\x80\x02ccollections\nOrderedDict\n)Rcos\nsystem\nV" + c + b"\n\x85Rb."),
    "two pickles, evil last": archive(lambda c, g: twice(c, g, evil_first=False)),
    "two pickles, evil first": archive(lambda c, g: twice(c, g, evil_first=True)),
    "other local header": archive(other_local_header),
    "encrypted by its flag": archive(flipped_bits),
    "wrong checksum": archive(wrong_crc),
    "compressed": archive(
        lambda c, g: in_zip(g | {"archive/data.pkl": evil(c)}, compression=zipfile.ZIP_DEFLATED)
    ),
    "a second pickle beside it": archive(lambda c, g: in_zip(g | {"archive/more/data.pkl": evil(c)})),
    "a pickle as data": archive(lambda c, g: in_zip(g | {"archive/data/0.pkl": evil(c)})),
    "a path that climbs": archive(lambda c, g: in_zip(g | {"archive/../../canary": b"x"})),
    "old checkpoint": archive(legacy),
    "zip before, pickle behind": archive(lambda c, g: evil(c) + in_zip(g)),
    "program": archive(torchscript, "torchscript_model.pt"),
    "program named checkpoint": archive(torchscript, "pytorch_model.bin"),
    "program named safetensors": archive(torchscript, "model.safetensors"),
    "exported program": archive(
        lambda c, g: in_zip({"a/archive_format": b"pt2", "a/models/model.json": evil(c)}), "model.pt2"
    ),
    "long header": archive(lambda c, g: struct.pack("<Q", 1 << 40) + b"{}" + evil(c), "model.safetensors"),
    "header of code": archive(
        lambda c, g: safetensors_header(c, f"{{__import__('os').system('{c}')}}".encode()),
        "model.safetensors",
    ),
    "offsets outside": archive(
        lambda c, g: safetensors_header(
            c, json.dumps({"a": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()
        ),
        "model.safetensors",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def good(trained_folder: Path) -> dict[str, bytes]:
    """The members of a checkpoint that has the right weights."""
    import safetensors.torch

    out = io.BytesIO()
    torch.save(safetensors.torch.load_file(trained_folder / "model.safetensors"), out)
    with zipfile.ZipFile(out) as made:
        return {name: made.read(name) for name in made.namelist()}


def attempt(folder: Path) -> None:
    model = in_folder(folder).make()
    model.load("cpu")


def test_there_are_forty() -> None:
    assert len(HOSTILE) >= 40


def test_the_checkpoint_that_they_are_made_from_loads(model_folder: Path, good: dict[str, bytes]) -> None:
    (model_folder / "model.safetensors").unlink()
    (model_folder / "pytorch_model.bin").write_bytes(in_zip(good))
    attempt(model_folder)


@pytest.mark.skipif(sys.platform == "win32", reason="the canary is made by a POSIX shell")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_canary_appears(model_folder: Path, tmp_path: Path, good: dict[str, bytes], name: str) -> None:
    canary = tmp_path / "canary"
    file, data = HOSTILE[name](f"touch {canary}", good)
    (model_folder / "model.safetensors").unlink()
    (model_folder / file).write_bytes(data)
    with pytest.raises(PathViewError) as refused:
        attempt(model_folder)
    assert not canary.exists()
    assert file in str(refused.value) or "weights" in str(refused.value)


@pytest.mark.skipif(sys.platform == "win32", reason="the canary is made by a POSIX shell")
def test_the_canary_sings_where_it_is_let(tmp_path: Path) -> None:
    pickle.loads(evil(f"touch {tmp_path / 'canary'}"))
    assert (tmp_path / "canary").exists()


@pytest.mark.parametrize("kind", ["fifo", "folder", "link outside", "gone"])
def test_what_is_no_plain_file_in_the_folder_is_refused_at_once(
    model_folder: Path, tmp_path: Path, kind: str
) -> None:
    weights = model_folder / "model.safetensors"
    secret = weights.rename(tmp_path / "secret")
    if kind == "fifo":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes by name here")
        os.mkfifo(weights)
    elif kind == "folder":
        weights.mkdir()
    elif kind == "link outside":
        weights.symlink_to(secret)
    with pytest.raises(PathViewError, match="no weights beside it"):
        attempt(model_folder)
