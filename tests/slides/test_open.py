from __future__ import annotations

from pathlib import Path

import pytest

from pathview.core.errors import SlideOpenError
from pathview.slides.made import write_made_tiff
from pathview.slides.open import open_slide


def refusal(path: Path | str) -> SlideOpenError:
    with pytest.raises(SlideOpenError) as caught:
        open_slide(path)
    text = str(caught.value)
    assert text.startswith(f"Cannot open {path}: ")
    assert "\n" not in text
    return caught.value


@pytest.mark.parametrize("as_text", [False, True])
def test_a_slide_opens(made_tiff: Path, as_text: bool) -> None:
    with open_slide(str(made_tiff) if as_text else made_tiff) as slide:
        assert slide.info.path == made_tiff


def test_a_name_with_an_emoji_and_umlauts_opens(tmp_path: Path) -> None:
    path = write_made_tiff(tmp_path / "Präparat 🔬 №1.tif", (300, 200))
    with open_slide(path) as slide:
        assert slide.thumbnail(100).shape == (67, 100, 3)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "gone.svs").reason


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.svs").touch()
    assert "the file is empty" in refusal(tmp_path / "empty.svs").reason


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "the folder is empty" in refusal(tmp_path / "folder").reason


def test_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    error = refusal(tmp_path)
    assert "folder" in error.reason
    assert "openslide" in error.tried


@pytest.mark.parametrize(
    "content", [b"II", b"hello, world", bytes(5000), b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08"]
)
def test_what_is_no_slide(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.svs"
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("broken.svs", "no reader knows this format"),
        ("osp_unopenable.tiff", "Unsupported TIFF compression"),
        ("osp_unreadable.svs", "its pixels cannot be read"),
    ],
)
def test_real_files_that_are_broken(data: Path, name: str, why: str) -> None:
    assert why in refusal(data / "wsi" / "negative" / name).reason


@pytest.mark.parametrize(
    "name", ["sm_image_grayscale", "sr_document", "seg_image_sm_control", "sm_annotations"]
)
def test_dicom_files_that_are_no_colour_slides(data: Path, name: str) -> None:
    refusal(data / "wsi" / "dicom" / "highdicom" / f"{name}.dcm")


def test_a_slide_that_was_cut_off_says_so(made_tiff: Path) -> None:
    with made_tiff.open("r+b") as file:
        file.truncate(made_tiff.stat().st_size - 1000)
    assert "the file is damaged" in refusal(made_tiff).reason
