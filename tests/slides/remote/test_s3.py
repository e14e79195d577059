"""S3 without a bucket: a stand-in for s3fs that gives files of a folder and remembers how it was asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec import AbstractFileSystem
from fsspec.registry import _registry

from pathview.core.errors import SlideOpenError
from pathview.core.geometry import Box
from pathview.core.place import Address
from pathview.core.region import Region
from pathview.slides.made import level_pixels, write_made_tiff
from pathview.slides.open import open_slide
from pathview.slides.remote import s3
from pathview.slides.remote.source import Part, RemoteError, Stamp

SIZE = (1500, 1100)


class NoCredentialsError(Exception):
    """What botocore raises, by its name."""


class Bucket(AbstractFileSystem):  # type: ignore[misc]
    """As much of s3fs as is used."""

    cachable = False
    folder = Path()
    etag = '"first"'
    public = False
    fault: Exception | None = None
    asked: list[tuple[str, dict[str, Any]]] = []  # noqa: RUF012  of all buckets

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def info(self, path: str, **how: Any) -> dict[str, Any]:
        Bucket.asked.append((path, self.options))
        if Bucket.fault is not None:
            raise Bucket.fault
        if not self.public and not {"key", "anon"} & self.options.keys():
            raise NoCredentialsError("s3cret of s3://bucket")
        assert how == {"refresh": True}, "a listing of before would hide a new version"
        return {"size": (Bucket.folder / path).stat().st_size, "ETag": Bucket.etag}

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **how: Any) -> bytes:
        return (Bucket.folder / path).read_bytes()[start:end]


@pytest.fixture(autouse=True)
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "buckets" / "bucket"
    folder.mkdir(parents=True)
    monkeypatch.setattr(Bucket, "folder", folder.parent)
    monkeypatch.setattr(Bucket, "asked", [])
    monkeypatch.setattr(Bucket, "fault", None)
    monkeypatch.setattr(Bucket, "etag", '"first"')
    fsspec.register_implementation("s3", Bucket, clobber=True)
    yield folder
    _registry.pop("s3")


def test_a_slide_in_a_bucket_has_its_pixels(bucket: Path) -> None:
    write_made_tiff(bucket / "made.tif")
    with open_slide("s3://bucket/made.tif", probe=False) as slide:
        pixels = slide.read(Region(Box(300, 200, 400, 280), 1.0))
        np.testing.assert_array_equal(pixels, level_pixels(1, 300, 200, 100, 80, SIZE))
        assert str(slide.info.path) == "s3://bucket/made.tif"
    assert {path for path, _ in Bucket.asked} == {"bucket/made.tif"}


def test_key_and_secret_are_passed_on_and_not_shown(bucket: Path) -> None:
    (bucket / "a").write_bytes(b"abcdef")
    source = s3.S3Source(Address("s3://KEY:s3cr%2Fet@bucket/a"))
    assert source.part(1, 4) == Part(Stamp(6, '"first"'), 1, b"bcd")
    assert source.part(4, 99).data == b"ef"
    ((path, options),) = Bucket.asked
    assert path == "bucket/a"
    assert (options["key"], options["secret"]) == ("KEY", "s3cr/et")
    assert options["config_kwargs"]["read_timeout"] <= 10


def test_who_has_no_credentials_reads_a_public_bucket(bucket: Path) -> None:
    (bucket / "a").write_bytes(b"abcdef")
    assert s3.S3Source(Address("s3://bucket/a")).part(0, 2).data == b"ab"
    assert [options.get("anon") for _, options in Bucket.asked] == [None, True]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (FileNotFoundError("s3cret"), "no such file in the bucket"),
        (PermissionError("s3cret"), "refuses access"),
        (RuntimeError("s3cret"), r"cannot be read \(RuntimeError\)"),
        (NoCredentialsError("s3cret"), r"cannot be read \(NoCredentialsError\)"),
    ],
)
def test_what_goes_wrong_is_a_sentence(fault: Exception, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bucket, "fault", fault)
    with pytest.raises(SlideOpenError, match=words) as error:
        open_slide("s3://KEY:pass@bucket/a.tif")
    assert "s3cret" not in str(error.value)
    assert "pass" not in str(error.value).replace("password", "")


def test_another_version_is_noticed_at_the_next_look(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bucket / "a").write_bytes(b"abcdef")
    source = s3.S3Source(Address("s3://bucket/a"))
    first = source.part(0, 2).stamp
    monkeypatch.setattr(Bucket, "etag", '"second"')
    assert source.part(0, 2).stamp == first
    monkeypatch.setattr(s3, "LOOK_S", 0.0)
    assert source.part(0, 2).stamp != first


def test_without_s3fs_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _registry.pop("s3")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(RemoteError, match=r'pip install "pathview\[s3\]"'):
        s3.S3Source(Address("s3://bucket/a"))
    fsspec.register_implementation("s3", Bucket, clobber=True)
