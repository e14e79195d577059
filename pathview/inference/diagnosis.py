"""Whether cards, driver and torch fit together: decided from plain facts, without torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pathview.inference.graphics_cards import Card

# The oldest driver that runs each CUDA, from the table of minor-version compatibility in NVIDIA's "CUDA
# Compatibility" guide; Linux.
_OLDEST_DRIVER = {11: (450, 80), 12: (525, 60), 13: (580, 0)}
_CUDA = re.compile(r"^cuda[^=\n]*=\s*['\"]([\d.]+)['\"]", re.MULTILINE)
_TARGET = re.compile(r"(sm|compute)_(\d+)(\d)[a-z]?")


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """What is known of a machine's cards and of torch.

    Attributes
    ----------
    cards
        As the driver tells of them.
    driver_fault
        What the driver says where it does not work; "" where it does, or is not there.
    torch
        Its version, or None where it is not installed.
    cuda
        The CUDA that it was built with, such as "13.2"; None for a build without.
    targets
        What it was compiled for, such as "sm_90" and "compute_90"; empty where that is not known.
    devices
        What torch can use, such as "cuda:0" and "cpu"; None where it was not asked.
    hidden
        Whether ``CUDA_VISIBLE_DEVICES`` shows no card to programs.
    """

    cards: tuple[Card, ...] = ()
    driver_fault: str = ""
    torch: str | None = None
    cuda: str | None = None
    targets: tuple[str, ...] = ()
    devices: tuple[str, ...] | None = None
    hidden: bool = False


def mismatches(facts: GpuFacts) -> list[str]:
    """Return what keeps models from the cards that there are, each with what to do."""
    if facts.driver_fault:
        return [
            f"the NVIDIA driver does not work ({facts.driver_fault}): restart the machine, or install "
            "the driver again; models run on the CPU"
        ]
    if not facts.cards or facts.torch is None:
        return []
    if facts.cuda is None:
        return [
            f"there is an {facts.cards[0].name}, and torch {facts.torch} is built without CUDA: models run "
            "on the CPU; install torch's build for CUDA to use the card"
        ]
    found = [*_old_driver(facts, facts.cuda), *_unsupported(facts)]
    if not found and facts.devices is not None and not any(one.startswith("cuda") for one in facts.devices):
        found.append(_unseen(facts))
    return found


def _old_driver(facts: GpuFacts, cuda: str) -> Iterator[str]:
    major = int(cuda.partition(".")[0] or 0)
    oldest = _OLDEST_DRIVER.get(major)
    numbers = re.findall(r"\d+", facts.cards[0].driver)[:2]
    if oldest is None or not numbers or tuple(map(int, numbers)) >= oldest:
        return
    wanted = ".".join(map(str, oldest)) if oldest[1] else str(oldest[0])
    yield (
        f"the NVIDIA driver is {facts.cards[0].driver}, and torch {facts.torch} with CUDA {cuda} needs "
        f"{wanted} or newer: update the driver, or install a torch for an older CUDA"
    )


def _unsupported(facts: GpuFacts) -> Iterator[str]:
    targets = [match for word in facts.targets if (match := _TARGET.fullmatch(word)) is not None]
    if not targets:
        return
    made_for = {(int(match[2]), int(match[3])) for match in targets if match[1] == "sm"}
    portable = {(int(match[2]), int(match[3])) for match in targets if match[1] == "compute"}
    for card in facts.cards:
        able = card.capability
        # Machine code runs on later cards of the same generation; portable code on all later ones.
        if able is None or any(major == able[0] and minor <= able[1] for major, minor in made_for):
            continue
        if any(target <= able for target in portable):
            continue
        known = ", ".join(f"{major}.{minor}" for major, minor in sorted(made_for | portable))
        advice = (
            "a newer torch" if able > max(made_for | portable) else "an older torch that was built for it"
        )
        yield (
            f"the {card.name} has compute capability {able[0]}.{able[1]}, and torch {facts.torch} is built "
            f"for {known}: install {advice}, or choose the CPU (--device cpu)"
        )


def _unseen(facts: GpuFacts) -> str:
    if facts.hidden:
        return f"CUDA_VISIBLE_DEVICES hides the {facts.cards[0].name} from programs: models run on the CPU"
    return (
        f"the driver has an {facts.cards[0].name}, and torch {facts.torch} does not see it: restart the "
        "machine where the driver is new; models run on the CPU"
    )


def torch_build() -> tuple[str | None, str | None]:
    """Return (version, CUDA) of the torch that is installed, without importing it; None for neither."""
    try:
        installed = metadata.distribution("torch")
    except metadata.PackageNotFoundError:
        return None, None
    return installed.version, cuda_of(Path(str(installed.locate_file("torch/version.py"))))


def cuda_of(version_file: Path) -> str | None:
    """Return the CUDA that torch's ``version.py`` names, or None for a build without."""
    try:
        named = _CUDA.search(version_file.read_text(encoding="utf-8"))
    except OSError:
        return None
    return None if named is None else named[1]
