"""Files and functions stay small enough to read: past the stop, the design wants a cut."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "pathview").rglob("*.py")) + sorted((ROOT / "plugins").rglob("*.py"))
LONGEST_FILE = 600
LONGEST_FUNCTION = 60
BANNED_NAMES = {"utils", "helpers", "common", "manager", "tools.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def test_the_median_file_is_a_page_or_three() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES]
    assert statistics.median(lengths) <= 180


def test_no_file_is_a_drawer_for_everything() -> None:
    named = [path for path in SOURCES if path.stem in BANNED_NAMES or path.parent.name in BANNED_NAMES]
    assert named == []


def test_modules_have_one_sentence_at_the_top() -> None:
    silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []
