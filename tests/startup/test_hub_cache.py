from __future__ import annotations

import os
from pathlib import Path

import pytest

from pathview.core.errors import ManifestError, ModelError
from pathview.startup.find_model import find_model
from pathview.startup.registry import Registry


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hub"


@pytest.fixture
def cached(cache: Path, model_folder: Path) -> Path:
    """A model as the hub's own tools keep it: files by their hash, and links to them for each revision."""
    pytest.importorskip("torch")
    root = cache / "models--someone--three-tissues"
    snapshot = root / "snapshots" / "0123abcd"
    (root / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("0123abcd", encoding="utf-8")
    for file in model_folder.iterdir():
        blob = root / "blobs" / f"{file.name}-hash"
        blob.write_bytes(file.read_bytes())
        (snapshot / file.name).symlink_to(Path(os.path.relpath(blob, snapshot)))
    return snapshot


@pytest.mark.parametrize("text", ["hf-hub:someone/three-tissues", "hf_hub:someone/three-tissues@0123abcd"])
def test_what_is_in_the_cache_runs(cached: Path, text: str) -> None:
    source = find_model(text, Registry())
    assert source.card.name == "three-tissues"
    assert source.folder == cached
    assert len(source.references) == 9
    source.make().load("cpu")


@pytest.mark.parametrize("text", ["hf-hub:someone/other", "hf-hub:someone/three-tissues@v2"])
def test_what_is_not_there_is_refused_at_once_with_how_to_get_it(cached: Path, text: str) -> None:
    with pytest.raises(ModelError, match=r"not in the local cache.*downloads nothing.*hf download someone/"):
        find_model(text, Registry())


@pytest.mark.parametrize(
    "text",
    [
        "hf-hub:",
        "hf-hub:name",
        "hf-hub:a/b/c",
        "hf-hub:../b",
        "hf-hub:a/b@../../x",
        "hf-hub:a/..b",
        "hf-hub:a/b\0",
    ],
)
def test_names_that_lead_elsewhere_are_refused(cache: Path, text: str) -> None:
    with pytest.raises(ModelError, match="is written hf-hub:OWNER/NAME"):
        find_model(text, Registry())


def test_links_out_of_the_cache_are_not_followed(cached: Path, tmp_path: Path) -> None:
    weights = cached / "model.safetensors"
    outside = Path(weights.resolve()).rename(tmp_path / "outside")
    weights.unlink()
    weights.symlink_to(outside)
    with pytest.raises(ManifestError, match="no weights beside it"):
        find_model("hf-hub:someone/three-tissues", Registry())
