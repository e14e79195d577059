from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pathview.core.errors import ModelError
from pathview.inference.card import ModelCard, Task
from pathview.inference.preflight import preflight
from pathview.inference.probe_tiles import BLURRED, GLASS, TISSUE, probe_tiles
from pathview.inference.reference import Reference

CARD = ModelCard("m", "1", Task.CLASSIFY, 0.5, 32, 32, ("Red", "Green", "Blue"), "Red")
COLOURS = {"Red": (200, 40, 40), "Green": (40, 200, 40), "Blue": (40, 40, 200)}

Say = Callable[[np.ndarray], np.ndarray]


def shares(patches: np.ndarray) -> np.ndarray:
    """Return how red, green and blue patches are, adding up to 1."""
    means = patches.mean(axis=(1, 2), dtype=np.float64) + 1
    return (means / means.sum(axis=1, keepdims=True)).astype(np.float32)


@dataclass
class Said:
    card: ModelCard
    say: Say

    def load(self, device: str) -> None: ...

    def unload(self) -> None: ...

    def predict(self, patches: np.ndarray) -> np.ndarray:
        return self.say(patches)


@pytest.fixture
def references(tmp_path: Path) -> tuple[Reference, ...]:
    """Return a tile of each colour with its true score."""
    found = []
    for number, (name, colour) in enumerate(COLOURS.items()):
        pixels = np.full((32, 32, 3), colour, np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png", dpi=(25_400 / 0.5,) * 2)
        found.append(Reference(tmp_path / f"{name}.png", name, float(shares(pixels[None])[0, number])))
    return tuple(found)


def test_what_does_as_it_says_passes_without_a_note(references: tuple[Reference, ...]) -> None:
    assert preflight(Said(CARD, shares), references=references) == ()


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda p: np.where(p.mean((1, 2)) < 1, np.nan, shares(p)), r"3 values are not finite .* \(black\)"),
        (lambda p: np.log(shares(p)), "not normalised: values from .* are no probabilities"),
        (lambda p: shares(p) / 2, "not normalised: for .* they add up to 0.5, not to 1"),
        (lambda p: np.full((len(p), 3), 1 / 3), r"output is constant: .*Red 0.333, Green 0.333"),
        (lambda p: shares(p)[:, [1, 0, 2]], "permuted: in the order Green, Red, Blue all"),
        (lambda p: shares(p)[:, [2, 0, 1]], "permuted: in the order Blue, Red, Green all"),
        (lambda p: shares(p)[:, :2], r"shape \(4, 2\) is not .* \(in its pre-flight"),
        (lambda p: 1 / 0, "failed: ZeroDivisionError.*in its pre-flight, with patches of 32 x 32 px"),
        (lambda p: shares(p) ** 3 / (shares(p) ** 3).sum(1, keepdims=True), "check the transform"),
    ],
    ids=["NaN", "logits", "halves", "constant", "swapped", "turned", "shape", "raises", "too sure"],
)
def test_each_fault_has_words_of_its_own(references: tuple[Reference, ...], say: Say, words: str) -> None:
    model = Said(CARD, lambda patches: say(patches).astype(np.float32))
    with pytest.raises(ModelError, match=words):
        preflight(model, references=references)


def test_a_wrong_channel_order_is_told_from_permuted_classes(tmp_path: Path) -> None:
    def texture_and_red(patches: np.ndarray) -> np.ndarray:
        # Two classes that a flip of red and blue confuses, and no order of the two can mend.
        red = patches[..., 2].mean(axis=(1, 2)) / 255
        return np.stack([1 - red, red], axis=1).astype(np.float32)

    card = replace(CARD, classes=("Pale", "Red"), positive="Red")
    tiles = {"Pale": (30, 60, 180), "Red": (200, 40, 120)}
    found = []
    for name, colour in tiles.items():
        Image.fromarray(np.full((32, 32, 3), colour, np.uint8)).save(tmp_path / f"{name}.png")
        score = colour[0] / 255 if name == "Red" else 1 - colour[0] / 255
        found.append(Reference(tmp_path / f"{name}.png", name, score))
    with pytest.raises(ModelError, match=r"channel order is wrong.*exchanged"):
        preflight(Said(card, texture_and_red), references=found)


def test_several_classes_at_once_need_not_add_up(references: tuple[Reference, ...]) -> None:
    card = replace(CARD, multi_label=True, threshold=0.5)
    several = Said(card, lambda p: np.minimum(1, shares(p) * 1.2).astype(np.float32))
    plain = [replace(one, score=None) for one in references]
    (note,) = preflight(several, references=plain)
    assert note == "some of its reference tiles state no score, so only their class was checked"


def test_what_could_not_be_checked_is_said(references: tuple[Reference, ...]) -> None:
    (note,) = preflight(Said(CARD, shares))
    assert "no reference tiles" in note
    (note,) = preflight(Said(CARD, shares), references=references[:2])
    assert note == "none of its reference tiles shows Blue"
    glassy = replace(CARD, threshold=0.3)
    (note,) = preflight(Said(glassy, shares), references=references)
    assert note == "it says Red (0.33) of bare glass; are its classes in order?"


def test_one_patch_at_a_time_where_the_memory_holds_no_more(references: tuple[Reference, ...]) -> None:
    sizes = []

    def narrow(patches: np.ndarray) -> np.ndarray:
        sizes.append(len(patches))
        if len(patches) > 1:
            raise MemoryError("too many")
        return shares(patches)

    assert preflight(Said(CARD, narrow), references=references) == ()
    assert set(sizes[1:]) == {1}

    def none(patches: np.ndarray) -> np.ndarray:
        raise MemoryError("full")

    with pytest.raises(ModelError, match="out of memory with one patch: full"):
        preflight(Said(CARD, none))


@pytest.mark.parametrize(
    ("size", "mpp", "words"),
    [
        ((64, 64), 0.5, "has 64 x 64 px, and the manifest says patches of 32 px"),
        ((32, 31), 0.5, "has 32 x 31 px"),
        ((32, 32), 0.25, "was cut at 0.25 um/px, and the manifest says 0.5"),
        (None, 0.5, "cannot be read as PNG"),
    ],
)
def test_a_reference_tile_that_does_not_fit(
    tmp_path: Path, size: tuple[int, int] | None, mpp: float, words: str
) -> None:
    file = tmp_path / "a.png"
    if size is None:
        file.write_bytes(b"no picture")
    else:
        Image.new("RGB", size, (200, 0, 0)).save(file, dpi=(25_400 / mpp,) * 2)
    with pytest.raises(ModelError, match=words):
        preflight(Said(CARD, shares), references=[Reference(file, "Red")])


def test_probe_tiles_show_what_they_are_called() -> None:
    for edge in (8, 32, 224):
        tiles = probe_tiles(edge)
        assert {tile.shape for tile in tiles.values()} == {(edge, edge, 3)}
        assert {tile.dtype for tile in tiles.values()} == {np.dtype(np.uint8)}
        np.testing.assert_array_equal(tiles[TISSUE], probe_tiles(edge)[TISSUE])
    assert tiles[GLASS].mean() > 240
    edges = [np.abs(np.diff(tiles[name].astype(float), axis=1)).mean() for name in (TISSUE, BLURRED)]
    assert edges[1] < edges[0] / 4
