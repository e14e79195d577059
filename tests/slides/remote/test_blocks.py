"""Blocks on disk: found again by version, bounded, and never believed when damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pathview.core.files import cache_folder
from pathview.core.place import Address
from pathview.slides.remote import blocks
from pathview.slides.remote.blocks import BlockCache, prune
from pathview.slides.remote.source import Stamp

WHERE = Address("https://host/a.svs")
FIRST = Stamp(1000, '"first"')


def kept() -> list[Path]:
    return [file for file in (cache_folder() / "remote").rglob("*") if file.is_file()]


def test_a_block_is_found_by_a_later_opening() -> None:
    BlockCache(WHERE, FIRST).put("3", b"abc")
    assert BlockCache(WHERE, FIRST).get("3") == b"abc"
    assert BlockCache(WHERE, FIRST).get("4") is None


@pytest.mark.parametrize(
    ("address", "stamp"),
    [
        (WHERE, Stamp(1000, '"second"')),
        (WHERE, Stamp(1001, '"first"')),
        (Address("https://host/b.svs"), FIRST),
        (Address("https://host/a.svs?id=2"), FIRST),
    ],
)
def test_another_version_or_file_has_other_blocks(address: Address, stamp: Stamp) -> None:
    BlockCache(WHERE, FIRST).put("3", b"abc")
    assert BlockCache(address, stamp).get("3") is None


def test_a_new_signature_finds_the_blocks_of_the_last() -> None:
    BlockCache(Address("https://u:p@host/a.svs?X-Amz-Signature=1"), FIRST).put("3", b"abc")
    assert BlockCache(Address("https://host/a.svs?X-Amz-Signature=2"), FIRST).get("3") == b"abc"
    assert not [file for file in kept() if "Signature" in str(file)]


def test_without_a_validator_nothing_is_found_again() -> None:
    BlockCache(WHERE, Stamp(1000, "")).put("3", b"abc")
    assert BlockCache(WHERE, Stamp(1000, "")).get("3") is None


@pytest.mark.parametrize("damage", [b"", b"\0" * 7, b"abcdefgh"])
def test_a_damaged_block_counts_as_absent(damage: bytes) -> None:
    cache = BlockCache(WHERE, FIRST)
    cache.put("3", b"abc")
    (file,) = kept()
    file.write_bytes(damage)
    assert cache.get("3") is None


def test_names_of_chunks_cannot_leave_the_folder() -> None:
    cache = BlockCache(WHERE, FIRST)
    cache.put("../../0/c/1", b"abc")
    assert cache.get("../../0/c/1") == b"abc"
    assert len(kept()) == 1


def test_a_cache_that_cannot_be_written_is_no_trouble(fresh_home: Path) -> None:
    fresh_home.mkdir(parents=True, exist_ok=True)
    (fresh_home / "cache").write_text("in the way", encoding="utf-8")
    cache = BlockCache(WHERE, FIRST)
    cache.put("3", b"abc")
    assert cache.get("3") is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    for number, name in enumerate(("a/1", "a/2", "b/1")):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(100))
        os.utime(file, (number, number))
    os.utime(tmp_path / "a/1", (9, 9))
    prune(tmp_path, 250)
    assert [file.relative_to(tmp_path).as_posix() for file in sorted(tmp_path.rglob("*"))] == [
        "a",
        "a/1",
        "b",
        "b/1",
    ]
    prune(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


def test_the_cache_stays_under_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_CACHE_BYTES", 16_000)
    cache = BlockCache(WHERE, FIRST)
    for number in range(100):
        cache.put(str(number), bytes(996))
    assert sum(file.stat().st_size for file in kept()) <= 17_500
    assert cache.get("99") is not None
    assert cache.get("0") is None
