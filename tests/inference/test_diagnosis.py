"""Each mismatch of cards, driver and torch, from stand-in facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pathview.inference.diagnosis import GpuFacts, cuda_of, mismatches, torch_build
from pathview.inference.graphics_cards import Card

H100 = Card(0, "NVIDIA H100", "580.65.06", (9, 0), 81_559)
# As current wheels are built.
GOOD = GpuFacts(
    cards=(H100,),
    torch="2.15.0",
    cuda="13.2",
    targets=("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120"),
    devices=("cuda:0", "cpu"),
)


def card(name: str = "NVIDIA X", driver: str = "580.65", able: tuple[int, int] | None = (9, 0)) -> Card:
    return Card(0, name, driver, able, 8_000)


@pytest.mark.parametrize(
    "facts",
    [
        GOOD,
        GpuFacts(),
        GpuFacts(torch="2.15.0", cuda="13.2", devices=("cpu",)),
        GpuFacts(cards=(H100,)),
        replace(GOOD, targets=()),
        replace(GOOD, cards=(card(able=None),)),
        replace(GOOD, cards=(card(able=(8, 9)),)),
        replace(GOOD, cards=(card(able=(13, 0)),)),
        replace(GOOD, cuda="14.0"),
        replace(GOOD, cards=(card(driver="[N/A]"),)),
    ],
    ids=[
        "all fits", "no card", "no card for CUDA", "no torch", "targets unknown", "capability unknown",
        "later card of a generation", "portable code", "a CUDA of tomorrow", "driver unknown",
    ],
)  # fmt: skip
def test_where_nothing_is_wrong_nothing_is_said(facts: GpuFacts) -> None:
    assert mismatches(facts) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            replace(GOOD, torch="2.15.0+cpu", cuda=None, targets=(), devices=("cpu",)),
            ("NVIDIA H100", "torch 2.15.0+cpu is built without CUDA", "install torch's build for CUDA"),
        ),
        (
            replace(GOOD, cards=(card(driver="470.182.03"),), devices=("cpu",)),
            ("the NVIDIA driver is 470.182.03", "CUDA 13.2 needs 580 or newer", "update the driver"),
        ),
        (
            replace(GOOD, cards=(card(driver="525.10"),), cuda="12.4"),
            ("needs 525.60 or newer",),
        ),
        (
            replace(GOOD, cards=(card("Tesla K80", able=(3, 7)),)),
            ("Tesla K80 has compute capability 3.7", "7.5, 8.0", "install an older torch", "--device cpu"),
        ),
        (
            replace(GOOD, cards=(card("NVIDIA RTX 5090", able=(12, 0)),), targets=("sm_80", "sm_90")),
            ("RTX 5090 has compute capability 12.0", "is built for 8.0, 9.0: install a newer torch"),
        ),
        (
            GpuFacts(driver_fault="Failed to initialize NVML: Driver/library version mismatch", torch="2"),
            ("the NVIDIA driver does not work (Failed to initialize NVML", "restart the machine"),
        ),
        (
            replace(GOOD, devices=("cpu",), hidden=True),
            ("CUDA_VISIBLE_DEVICES hides the NVIDIA H100",),
        ),
        (
            replace(GOOD, devices=("cpu",)),
            ("torch 2.15.0 does not see it",),
        ),
    ],
    ids=[
        "CPU wheel", "old driver", "older driver", "old card", "new card", "broken driver", "hidden",
        "unseen",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_what_to_do(facts: GpuFacts, words: tuple[str, ...]) -> None:
    (found,) = mismatches(facts)
    for word in words:
        assert word in found


def test_each_card_that_torch_cannot_use_is_named() -> None:
    both = replace(GOOD, cards=(card("Tesla K80", able=(3, 7)), H100, card("GTX 980", able=(5, 2))))
    assert [words.split(" has ")[0] for words in mismatches(both)] == ["the Tesla K80", "the GTX 980"]


@pytest.mark.parametrize(
    ("text", "cuda"),
    [
        ("__version__ = '2.15.0'\ncuda: Optional[str] = '13.2'\nhip: Optional[str] = None\n", "13.2"),
        ("__version__ = '2.15.0+cpu'\ncuda: Optional[str] = None\n", None),
        ('cuda = "12.4"\n', "12.4"),
        ("", None),
    ],
)
def test_the_build_of_torch_is_read_from_its_file(tmp_path: Path, text: str, cuda: str | None) -> None:
    file = tmp_path / "version.py"
    file.write_text(text, encoding="utf-8")
    assert cuda_of(file) == cuda
    assert cuda_of(tmp_path / "missing.py") is None


def test_the_torch_that_is_here_is_told_as_it_tells_itself() -> None:
    torch = pytest.importorskip("torch")
    version, cuda = torch_build()
    assert version == torch.__version__.partition("+")[0] or version == torch.__version__
    assert cuda == torch.version.cuda
