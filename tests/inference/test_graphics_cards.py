from __future__ import annotations

import os
from pathlib import Path

import pytest

from pathview.inference.graphics_cards import Card, installed_cards, visible_cards

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="the stand-in for the driver's tool is a shell script"
)

TWO = """echo '0, NVIDIA RTX A1000, Laptop, 580.65.06, 8.6, 6144'
echo '1, NVIDIA H100, 580.65.06, 9.0, 81559'"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a stand-in for nvidia-smi first on the path; the test writes what it does."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "nvidia-smi"


def write(driver: Path, lines: str) -> None:
    driver.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
    driver.chmod(0o755)


def test_cards_are_told_as_the_driver_tells_them(driver: Path) -> None:
    write(driver, TWO)
    assert installed_cards() == (
        Card(0, "NVIDIA RTX A1000, Laptop", "580.65.06", (8, 6), 6144),
        Card(1, "NVIDIA H100", "580.65.06", (9, 0), 81559),
    )


def test_what_an_old_driver_does_not_know_is_unknown(driver: Path) -> None:
    write(driver, "echo '0, Tesla K80, 470.1, [N/A], [N/A]'; echo; echo nonsense")
    assert installed_cards() == (Card(0, "Tesla K80", "470.1", None, None),)


def test_a_driver_that_does_not_work_is_told_in_its_own_words(driver: Path) -> None:
    write(driver, "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")
    with pytest.raises(OSError, match="version mismatch"):
        installed_cards()
    assert visible_cards() == 0


def test_without_a_driver_there_is_no_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_cards() == ()


@pytest.mark.parametrize(("chosen", "count"), [(None, 2), ("1", 1), ("", 0), ("0,1", 2), ("0,1,2", 2)])
def test_only_the_cards_that_the_user_shows_count(
    driver: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None, count: int
) -> None:
    write(driver, TWO)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert visible_cards() == count
