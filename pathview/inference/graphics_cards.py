"""The NVIDIA cards of a machine as their driver tells of them; torch may not see them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

_FIELDS = "index,name,driver_version,compute_cap,memory.total"
_PATIENCE_S = 20


@dataclass(frozen=True, slots=True)
class Card:
    """One card.

    Attributes
    ----------
    index
        Its number to the driver.
    name
        As its maker calls it.
    driver
        Version of the driver.
    capability
        (major, minor) of what it can compute, or None where an old driver does not say.
    memory_mib
        Its memory, or None.
    """

    index: int
    name: str
    driver: str
    capability: tuple[int, int] | None
    memory_mib: int | None


def installed_cards() -> tuple[Card, ...]:
    """Return the NVIDIA cards that the driver's own tool tells of; none where there is no driver.

    Raises
    ------
    OSError
        If there is a driver and it cannot be asked; the text is what it says.
    """
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    command = [tool, f"--query-gpu={_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"nvidia-smi has not answered for {_PATIENCE_S} s") from error
    if asked.returncode:
        said = (asked.stdout or asked.stderr).strip().splitlines()
        raise OSError(said[0] if said else f"nvidia-smi ended with code {asked.returncode}")
    return tuple(card for line in asked.stdout.splitlines() if (card := _card(line)) is not None)


def visible_cards() -> int:
    """Return how many cards a program started now would get; 0 where they cannot be asked for."""
    try:
        count = len(installed_cards())
    except OSError:
        return 0
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return count if chosen is None else min(count, len([word for word in chosen.split(",") if word.strip()]))


def _card(line: str) -> Card | None:
    # A card's name may hold a comma; the other fields do not.
    index, _, rest = line.partition(",")
    fields = [field.strip() for field in rest.rsplit(",", 3)]
    if len(fields) != 4 or not index.strip().isdigit():
        return None
    name, driver, capability, memory = fields
    major, dot, minor = capability.partition(".")
    able = (int(major), int(minor)) if dot and major.isdigit() and minor.isdigit() else None
    return Card(int(index), name, driver, able, int(memory) if memory.isdigit() else None)
