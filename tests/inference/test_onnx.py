"""ONNX files: what is refused before anything is made of them, and that what runs says what torch says."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.errors import ModelError
from pathview.inference.boundary import ask
from pathview.inference.onnx_file import check_self_contained
from pathview.inference.preflight import preflight
from pathview.startup.find_model import in_folder


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        out.append((value & 0x7F) | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def text_pair(key: str, value: str) -> bytes:
    return field(1, key.encode()) + field(2, value.encode())


# A tensor whose data lies elsewhere, and every place of a model where a tensor may stand.
ELSEWHERE = field(8, b"w") + field(13, text_pair("location", "../../etc/passwd"))
PLACES = {
    "initializer": field(7, field(5, ELSEWHERE)),
    "sparse initializer": field(7, field(15, field(1, ELSEWHERE))),
    "attribute": field(7, field(1, field(5, field(5, ELSEWHERE)))),
    "list of an attribute": field(7, field(1, field(5, field(10, ELSEWHERE)))),
    "graph in a graph": field(7, field(1, field(5, field(6, field(5, ELSEWHERE))))),
    "graphs in a graph": field(7, field(1, field(5, field(11, field(5, ELSEWHERE))))),
    "sparse attribute": field(7, field(1, field(5, field(22, field(2, ELSEWHERE))))),
    "function": field(7, b"") + field(25, field(7, field(5, field(5, ELSEWHERE)))),
    "by its mark alone": field(7, field(5, field(14, 1))),
}


@pytest.mark.parametrize("place", PLACES)
def test_weights_in_other_files_are_refused_wherever_they_stand(place: str) -> None:
    with pytest.raises(ValueError, match="keeps weights in other files; save it in one file"):
        check_self_contained(field(1, 8) + PLACES[place])


def test_what_lies_in_the_file_passes() -> None:
    tensor = field(8, b"w") + field(9, b"\0" * 16) + field(14, 0)
    check_self_contained(field(1, 8) + field(7, field(5, tensor) + field(2, b"name")))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no graph"),
        (field(1, 8), "holds no graph"),
        (field(7, b"abc")[:-1], "cut off"),
        (field(7, b"\xff" * 12), "damaged"),
        (field(7, 3), "damaged"),
        (field(7, b"\x0b"), "damaged"),
    ],
)
def test_damaged_files_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_self_contained(data)


def test_graphs_in_graphs_without_end() -> None:
    data = b""
    for _ in range(200):
        data = field(1, field(5, field(6, data)))
    with pytest.raises(ValueError, match="nested without end"):
        check_self_contained(field(7, data))


@given(st.binary(max_size=200))
def test_any_bytes_pass_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        check_self_contained(data)


def put_onnx(folder: Path, *, batch: int | str = "n", external: bool = False, softmax: bool = False) -> Any:
    """Put an ONNX file in the place of the folder's weights: a mean of the colours, then a matrix."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    rng = np.random.default_rng(4)
    matrix = rng.normal(0, 3, (3, 3)).astype(np.float32)
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"], axis=1),
        helper.make_node("MatMul", ["f", "m"], ["y"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["y"], ["z"], axis=1))
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", kind, [batch, 3, 64, 64])],
        [helper.make_tensor_value_info("z" if softmax else "y", kind, [batch, 3])],
        [onnx.numpy_helper.from_array(matrix, "m")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "model.safetensors").unlink()
    options = {"save_as_external_data": True, "location": "m.bin", "size_threshold": 0} if external else {}
    onnx.save(model, str(folder / "model.onnx"), **options)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["pathview"]["reference"] = []
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return matrix


def test_it_says_what_its_graph_says(model_folder: Path) -> None:
    matrix = put_onnx(model_folder)
    source = in_folder(model_folder)
    assert not source.is_code
    model = source.make()
    model.load("cpu")
    patches = np.random.default_rng(1).integers(0, 256, (5, 64, 64, 3)).astype(np.uint8)
    scores = (patches.mean(axis=(1, 2)) / 127.5 - 1) @ matrix
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ask(model, patches), expected, atol=1e-4)
    (note,) = (note for note in preflight(model) if "reference" in note)
    assert "no reference tiles" in note
    model.unload()
    with pytest.raises(ModelError, match="not loaded"):
        model.predict(patches)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"external": True}, "keeps weights in other files"),
        ({"batch": 1}, "takes 1 patches at a time; export it with a free first dimension"),
        ({"softmax": True}, 'probabilities already.*"activation": "none"'),
    ],
)
def test_what_does_not_fit_is_named(model_folder: Path, options: dict[str, Any], words: str) -> None:
    put_onnx(model_folder, **options)
    with pytest.raises(ModelError, match=words):
        in_folder(model_folder).make().load("cpu")


def test_a_size_that_does_not_fit_is_named(model_folder: Path) -> None:
    put_onnx(model_folder)
    config = (model_folder / "config.json").read_text(encoding="utf-8")
    changed = config.replace('"patch_size_pixels": 64', '"patch_size_pixels": 96')
    (model_folder / "config.json").write_text(changed, encoding="utf-8")
    with pytest.raises(ModelError, match=r"tensor\(float\) .* and would get floats \[n, 3, 96, 96\]"):
        in_folder(model_folder).make().load("cpu")


def test_without_onnx_runtime_it_says_what_to_install(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    (model_folder / "model.safetensors").unlink()
    (model_folder / "model.onnx").write_bytes(field(1, 8) + field(7, b""))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r'pip install "pathview\[onnx\]"'):
        in_folder(model_folder).make().load("cpu")
