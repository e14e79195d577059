from __future__ import annotations

from pathlib import Path

import pytest

from pathview.core import files


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    files.write_text(target, "näw")
    assert target.read_text(encoding="utf-8") == "näw"
    assert list(tmp_path.glob("*")) == [target]


def half_written(target: Path) -> None:
    with files.atomic_write(target) as file:
        file.write(b"half")
        raise RuntimeError("the disk is full")


@pytest.mark.parametrize("existed", [False, True])
def test_a_failed_write_leaves_everything_as_it_was(tmp_path: Path, existed: bool) -> None:
    target = tmp_path / "a.txt"
    if existed:
        target.write_text("old")
    with pytest.raises(RuntimeError):
        half_written(target)
    assert [(path.name, path.read_text()) for path in tmp_path.glob("*")] == (
        [("a.txt", "old")] if existed else []
    )


def test_the_fingerprint_survives_renaming_and_tells_files_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "one.svs", tmp_path / "two.svs"
    one.write_bytes(bytes(3 << 20))
    before = files.fingerprint(one)
    assert len(before) == 32
    two.write_bytes(bytes((3 << 20) - 1) + b"x")
    assert files.fingerprint(two) != before
    assert files.fingerprint(one.rename(tmp_path / "three.svs")) == before


def test_a_short_file_and_a_longer_one_of_zeros_differ(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(bytes(10))
    two.write_bytes(bytes(11))
    assert files.fingerprint(one) != files.fingerprint(two)


def test_a_folder_has_a_fingerprint(tmp_path: Path) -> None:
    folder = tmp_path / "slide"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(b"123")
    before = files.fingerprint(folder)
    assert files.fingerprint(folder.rename(tmp_path / "other")) == before
    (tmp_path / "other" / "b.dcm").write_bytes(b"")
    assert files.fingerprint(tmp_path / "other") != before


def test_the_hash_of_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert files.sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_all_folders_lie_under_the_stated_home(fresh_home: Path) -> None:
    folders = (files.cache_folder(), files.data_folder(), files.config_folder())
    assert len(set(folders)) == 3
    assert all(folder.is_dir() and folder.parent == fresh_home for folder in folders)
