"""Every command that takes a slide takes an address, and prints it without its secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from PIL import Image

from pathview.slides.made import write_made_tiff

Call = Callable[..., CompletedProcess[str]]


@pytest.fixture
def address(server: Any) -> str:
    write_made_tiff(server.folder / "made.tif")
    server.password = "anna:s3cret"
    return f"http://anna:s3cret@127.0.0.1:{server.port}/made.tif?sig=abc123"


def told(done: CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "s3cret" not in said
    assert "abc123" not in said
    return done.stdout


def test_info_and_check(call: Call, address: str, server: Any) -> None:
    (facts,) = json.loads(told(call("info", address, "--json")))
    assert facts["path"] == server.address("made.tif")
    assert told(call("info", address)).startswith(server.address("made.tif"))
    (report,) = json.loads(told(call("check", address, "--json")))
    assert report["healthy"]


def test_run(call: Call, address: str, tmp_path: Path) -> None:
    told(call("run", address, "--model", "texture-demo", "--output", tmp_path / "out"))
    folder = tmp_path / "out" / "made" / "texture-demo"
    assert {"tiles.csv", "preview.png", "run.json"} <= {file.name for file in folder.iterdir()}
    record = (folder / "run.json").read_text(encoding="utf-8")
    assert json.loads(record)["slide"]["name"] == "made.tif"
    for file in folder.rglob("*"):
        assert not file.is_file() or b"s3cret" not in file.read_bytes()


def test_export(call: Call, address: str, tmp_path: Path) -> None:
    target = tmp_path / "region.png"
    told(call("export", "region", address, "-o", target, "--box", "0,0,100,80"))
    with Image.open(target) as image:
        assert image.size == (100, 80)


def test_a_bad_address_does_not_stop_the_others(call: Call, address: str, server: Any) -> None:
    done = call("info", server.address("no.tif").replace("//", "//anna:s3cret@"), address, "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)) == 1
    assert "no such file on the server" in done.stderr
    assert len(done.stderr.splitlines()) == 1
