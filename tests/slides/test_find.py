from __future__ import annotations

from pathlib import Path

import pytest

from pathview.core.place import Address, Place
from pathview.slides.find import find_slides, without_doubles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of empty files with the names of slides, and of much that lies beside slides."""
    folder = tmp_path / "slides"
    names = (
        "b.svs", "a.TIFF", "notes.csv", "a.png", ".hidden.svs",
        "batch 2/c.ndpi", "batch 2/d.mrxs", "batch 2/d/Slidedat.ini", "batch 2/d/Data0001.tif",
        "e.zarr/zarr.json", "e.zarr/0/c/0.tif", "f.ome.zarr.zip", ".trash/g.svs",
    )  # fmt: skip
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"{}")
    return folder


def names(slides: list[Place], folder: Path) -> list[str]:
    return [slide.relative_to(folder).as_posix() for slide in slides if isinstance(slide, Path)]


def test_a_folder_gives_the_slides_in_it_in_the_order_of_their_names(folder: Path) -> None:
    expected = ["a.TIFF", "b.svs", "batch 2/c.ndpi", "batch 2/d.mrxs", "e.zarr", "f.ome.zarr.zip"]
    assert sorted(names(find_slides(folder), folder)) == sorted(expected)
    assert find_slides(folder) == find_slides(folder)


def test_the_heatmap_of_a_run_is_no_slide(folder: Path) -> None:
    (folder / "e.zarr" / "zarr.json").write_text('{"attributes": {"pathview_heatmap": 1}}', encoding="utf-8")
    assert "e.zarr" not in names(find_slides(folder), folder)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.svs", ["b.svs"]),
        ("**/*.ndpi", ["batch 2/c.ndpi"]),
        ("batch*", ["batch 2/c.ndpi", "batch 2/d.mrxs"]),
        ("batch 2/*", ["batch 2/c.ndpi", "batch 2/d.mrxs"]),
        ("*.png", ["a.png"]),
        ("*.scn", []),
    ],
)
def test_a_pattern(folder: Path, pattern: str, expected: list[str]) -> None:
    assert names(find_slides(folder / pattern), folder) == expected


def test_what_is_named_is_taken_as_it_is(folder: Path) -> None:
    for place in (folder / "notes.csv", folder / "missing.svs", Address("https://host/a*b.svs?sig=x")):
        assert find_slides(place) == [place]
    odd = folder / "b[1].svs"
    odd.write_bytes(b"")
    assert find_slides(odd) == [odd]


def test_a_slide_that_is_named_twice_is_there_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    found = without_doubles([Path("b.svs"), folder / "b.svs", Address("s3://b/x"), Address("s3://b/x")])
    assert found == [Path("b.svs"), Address("s3://b/x")]


def test_dicom_folders_are_slides_by_series(data: Path) -> None:
    folder = data / "wsi" / "dicom"
    found = find_slides(folder)
    assert folder / "CMU-1-Small-Region" in found
    assert all(slide.suffix == ".dcm" for slide in found if slide.parent == folder / "highdicom")
