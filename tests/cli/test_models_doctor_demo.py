"""`pathview models`, `doctor` and `demo`."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import shapely

import pathview
import pathview.slides.demo as demo_slides
from pathview.annotations.annotation import Annotation
from pathview.annotations.geojson import write_geojson
from pathview.inference.diagnosis import GpuFacts
from pathview.inference.graphics_cards import Card

Call = Callable[..., CompletedProcess[str]]


def test_models(call: Call) -> None:
    done = call("models", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert "texture-demo\n  Texture (demonstration), version 1.0.0\n  classes Smooth, Busy" in done.stdout
    cards = {card["name"]: card for card in json.loads(call("models", "list", "--json").stdout)}
    assert cards["texture-demo"]["classes"] == ["Smooth", "Busy"]
    assert cards["texture-demo"]["mpp"] == 1.0
    assert "pcam-tumour-lite0" in cards


def test_a_broken_manifest_does_not_hide_the_others(call: Call, write_plugin: Callable[..., Path]) -> None:
    file = write_plugin("broken", version='1"\nclasses = "none') / "plugin.toml"
    done = call("models", "list", "--json")
    assert done.returncode == 0
    assert "texture-demo" in [card["name"] for card in json.loads(done.stdout)]
    assert done.stderr.startswith(f"pathview: {file} cannot be used: ")
    assert len(done.stderr.splitlines()) == 1


def test_doctor_without_a_display(process: Call) -> None:
    done = process("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["PathView"] == pathview.__version__
    assert facts["numpy"][0].isdigit()
    assert facts["OpenSlide library"][0].isdigit()
    assert "cpu" in facts["devices"]
    assert facts["OpenGL"] == "not asked: there is no display"
    # The engines that are installed were held to float32 on the bundled model.
    assert "of float32" in facts["engine torch"]
    assert "texture-demo" in facts["models"]
    assert "GB free" in facts["cache"]


def test_doctor_names_what_is_missing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathview.cli.doctor._PACKAGES", ("numpy", "no-such-package"))
    monkeypatch.setattr("pathview.cli.doctor._devices", lambda: (("cpu",), ()))
    done = call("doctor", "--no-parity")
    assert done.returncode == 1
    assert any(line.split() == ["no-such-package", "missing"] for line in done.stdout.splitlines())


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stand a machine with a card and a torch without CUDA in for this one; return what engines say."""
    card = Card(0, "NVIDIA X1", "580.65", (9, 0), 8192)
    facts = GpuFacts(cards=(card,), torch="2.15.0+cpu", devices=("cpu",))
    engines = {"torch": "torch 2.15.0, cpu, float32, within 0 of float32"}
    monkeypatch.setattr("pathview.cli.doctor._gpu_facts", lambda: facts)
    monkeypatch.setattr("pathview.cli.doctor._engines", lambda gpu: engines)
    monkeypatch.setattr("pathview.cli.doctor._renderer", lambda: "a renderer")
    return engines


def test_doctor_says_what_does_not_fit_together(call: Call, machine: dict[str, str]) -> None:
    done = call("doctor", "--json")
    assert done.returncode == 0, "models run all the same"
    facts = json.loads(done.stdout)
    expected = "NVIDIA X1, driver 580.65, compute capability 9.0, 8 GiB; torch is built without CUDA"
    assert facts["NVIDIA"] == expected
    assert facts["OpenGL"] == "a renderer"
    assert "there is an NVIDIA X1, and torch 2.15.0+cpu is built without CUDA" in facts["problems"]
    assert facts["engine torch"] == machine["torch"]


def test_doctor_fails_where_an_engine_does(call: Call, machine: dict[str, str]) -> None:
    machine["openvino"] = "fails: it says something else"
    done = call("doctor")
    assert done.returncode == 1
    assert any(
        line.startswith("engine openvino") and "fails: it" in line for line in done.stdout.splitlines()
    )
    assert call("doctor", "--no-parity").returncode == 0


def test_doctor_asks_what_draws(process: Call) -> None:
    if not os.environ.get("DISPLAY"):
        pytest.skip("there is no display here")
    done = process("doctor", "--no-parity", "--json", DISPLAY=os.environ["DISPLAY"])
    facts = json.loads(done.stdout)
    assert ", OpenGL " in facts["OpenGL"]
    assert not any(name.startswith("engine") for name in facts)


@pytest.fixture
def stand_in(made_tiff: Path, monkeypatch: pytest.MonkeyPatch) -> demo_slides.DemoSlide:
    """Put a made slide in the demo's place, whose drawing takes long, and ask torch for no devices."""
    made = demo_slides.DemoSlide(
        made_tiff.rename(made_tiff.with_name("demo-slide.tif")), made_tiff.with_name("truth.geojson")
    )
    write_geojson([Annotation(shapely.box(500, 0, 1500, 1100), "Tumor")], made.truth)
    monkeypatch.setattr(demo_slides, "make_demo_slide", lambda folder, progress: made)
    monkeypatch.setattr("pathview.inference.device.available_devices", lambda: ("cpu",))
    monkeypatch.setattr("pathview.cli.demo._screenshot", lambda *_: None)
    return made


@pytest.mark.usefixtures("stand_in")
def test_demo_without_a_window(call: Call, write_plugin: Callable[..., Path], tmp_path: Path) -> None:
    folder = write_plugin("stand-in")
    manifest = (folder / "plugin.toml").read_text(encoding="utf-8").replace("Warm", "Tumor")
    (folder / "plugin.toml").write_text(manifest, encoding="utf-8")
    out = tmp_path / "demo"
    done = call("demo", "--headless", "--output", out, "--model", "stand-in")
    assert done.returncode == 0, done.stderr
    place = out / "demo-slide" / "stand-in"
    names = ["preview.png", "report.html", "run.json", "tiles.csv", "heatmap.zarr"]
    assert done.stdout.splitlines() == [str(place / name) for name in names]
    assert all((place / name).exists() for name in names)
    assert json.loads((place / "run.json").read_text(encoding="utf-8"))["device"] == "cpu"
    assert "is synthetic, not real tissue" in done.stderr
    assert "AUC of stand-in against the drawn tumour islands: 0." in done.stderr


def test_demo_with_a_display_opens_the_window(
    call: Call, stand_in: demo_slides.DemoSlide, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("pathview.cli.demo.has_display", lambda: True)

    def start(command: list[str]) -> int:
        started.append(command)
        return 3

    monkeypatch.setattr("subprocess.call", start)
    assert call("demo").returncode == 3
    ((*_, module, slide),) = started
    assert (module, slide) == ("pathview", str(stand_in.slide))


def test_no_picture_of_the_window_is_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from pathview.cli.demo import _screenshot

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr("sys.platform", "linux")
    assert _screenshot(tmp_path / "s.tif", tmp_path / "h.zarr", tmp_path / "w.png") is None
    assert "neither a display nor xvfb-run" in capsys.readouterr().err
