"""ONNX files: looked through before anything is made of them. Only what lies in the one file is used."""

from __future__ import annotations

from collections.abc import Iterator

# Of onnx.proto: which fields of a message hold messages in which tensors may stand.
_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION, _GRAPH = 13, 14, 7
_DEEPEST = 50
_FIXED = {1: 8, 5: 4}


def check_self_contained(data: bytes) -> None:
    """Refuse an ONNX model that is damaged or keeps its weights in other files.

    Other files are never opened: their names are the model's, and the SHA-256 that results carry is that of
    this one.

    Parameters
    ----------
    data
        The whole file.

    Raises
    ------
    ValueError
        Saying what is wrong, as a part of a sentence.
    """
    if not any(number == _GRAPH for number, _ in _fields(memoryview(data))):
        raise ValueError("it holds no graph")
    _look_through(memoryview(data), "model", 0)


def _look_through(data: memoryview, kind: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("its graphs are nested without end")
    children = _CHILDREN[kind]
    for number, content in _fields(data):
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and content != 0)):
            raise ValueError(
                "it keeps weights in other files; save it in one file: "
                "onnx.save(onnx.load(...), ..., save_as_external_data=False)"
            )
        if number in children:
            if isinstance(content, int):
                raise ValueError("it is damaged")
            _look_through(content, children[number], depth + 1)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield number and content of the fields of a protobuf message; a varint's content is its value."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        content: memoryview | int
        if kind == 0:
            content, at = _varint(data, at)
        else:
            length = _FIXED.get(kind, 0)
            if kind == 2:
                length, at = _varint(data, at)
            elif not length:
                raise ValueError("it is damaged")
            if at + length > len(data):
                raise ValueError("it is cut off")
            content, at = data[at : at + length], at + length
        yield number, content


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= len(data):
            raise ValueError("it is cut off")
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("it is damaged")
