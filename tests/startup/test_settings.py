from __future__ import annotations

from pathlib import Path

import pytest

from pathview.startup.settings import Settings, load_settings, save_settings


def test_missing_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()


def test_round_trip(tmp_path: Path) -> None:
    settings = Settings(
        theme="dark",
        cache_mb=256,
        device="cpu",
        convert_colours=False,
        recent=("/a/b.svs", "/c é.tif"),
        recent_commands=("action run",),
        shortcuts={"run": ("F5", "Ctrl+R"), "about": ()},
    )
    save_settings(settings, tmp_path / "s.toml")
    assert load_settings(tmp_path / "s.toml") == settings


@pytest.mark.parametrize(
    "text",
    [
        "theme = ",
        "\x00\xff",
        "theme = 3\ncache_mb = 'much'\nrecent = [1]\nnonsense = true",
        "cache_mb = true",
        "convert_colours = 0",
        "shortcuts = 3",
    ],
)
def test_a_bad_file_never_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="latin-1")
    assert load_settings(path) == Settings()


def test_a_bad_value_leaves_the_good_ones(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('theme = "dark"\ncache_mb = 1\n', encoding="utf-8")
    assert load_settings(path) == Settings(theme="dark")


def test_one_bad_shortcut_costs_no_other_and_no_other_setting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "s.toml"
    path.write_text('theme = "dark"\n[shortcuts]\nrun = ["F5"]\nabout = 7\nopen = [1]\n', encoding="utf-8")
    assert load_settings(path) == Settings(theme="dark", shortcuts={"run": ("F5",)})
    assert "the keys of about" in caplog.text
    assert "the keys of open" in caplog.text


def test_recent_slides_are_newest_first_and_few(tmp_path: Path) -> None:
    settings = Settings()
    for number in range(20):
        settings = settings.with_recent(tmp_path / f"{number}.svs")
    settings = settings.with_recent(tmp_path / "10.svs")
    assert [Path(path).stem for path in settings.recent[:3]] == ["10", "19", "18"]
    assert len(settings.recent) == 15
