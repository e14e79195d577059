"""Docs and program agree: what exists is described."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from pathview import __main__ as entry
from pathview.__main__ import COMMANDS
from pathview.app.actions import ACTIONS
from pathview.app.menus import MENUS
from pathview.cli.main import app
from pathview.core.plugins import process
from pathview.slides import probe
from pathview.startup.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_entry_point_knows_every_command() -> None:
    names = {command.name for command in app.registered_commands}
    names |= {group.name for group in app.registered_groups}
    assert names == COMMANDS
    assert entry.CHILD_WORD == probe.CHILD_WORD
    assert entry.PLUGIN_WORD == process.CHILD_WORD


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_documented(name: str) -> None:
    assert f"pathview {name}" in (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_is_documented(field: str) -> None:
    assert f"`{field}`" in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="the page lists the keys of a Linux desktop")
def test_the_page_of_shortcuts_is_the_program_s() -> None:
    """Run docs/make_shortcuts.py after a change of the action table."""
    script = ROOT / "docs" / "make_shortcuts.py"
    done = subprocess.run(
        [sys.executable, script, "--print"],
        capture_output=True, text=True, encoding="utf-8", check=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    page = (ROOT / "docs" / "user-guide" / "shortcuts.md").read_text(encoding="utf-8")
    assert page == done.stdout, "docs/make_shortcuts.py writes it anew"


def test_every_action_is_in_a_menu() -> None:
    listed = {key for keys in MENUS.values() for key in keys}
    assert {info.key for info in ACTIONS} <= listed


def test_every_option_of_every_command_has_help() -> None:
    group = typer.main.get_command(app)
    silent = []
    for name, command in getattr(group, "commands", {}).items():
        for inner in getattr(command, "commands", {name: command}).values():
            silent += [f"{name} {option.name}" for option in inner.params if not getattr(option, "help", "x")]
    assert silent == []


def test_readme_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} points to {target}"


def test_the_changelog_has_the_version() -> None:
    import pathview

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{pathview.__version__}]" in text
