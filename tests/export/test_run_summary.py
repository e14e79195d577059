"""One row a slide and model, whoever wrote it last; nothing is lost however many write."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pathview.export.run_summary import SlideRow, add_to_summary, merged, read_summary

WRITER = """
import sys
from pathlib import Path
from pathview.export.run_summary import SlideRow, add_to_summary
for number in range(15):
    name = f"{sys.argv[2]}-{number}"
    add_to_summary(Path(sys.argv[1]), [SlideRow(name, "m", "done", folder=name)])
"""

rows = st.builds(
    SlideRow,
    slide=st.just("x"),
    model=st.sampled_from("mn"),
    state=st.sampled_from(["done", "failed"]),
    folder=st.sampled_from("abc"),
    finished_at=st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", ""]),
    reason=st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8),
)


def row(name: str, at: str = "", state: str = "done", model: str = "m") -> SlideRow:
    return SlideRow(name, model, state, finished_at=at, folder=f"{name}/{model}")


def test_the_newest_row_of_a_slide_counts(tmp_path: Path) -> None:
    old, new = row("a", "2026-01-01T00:00:00Z", "failed"), row("a", "2026-01-02T00:00:00Z")
    assert merged([new], [old]) == [new]
    path = add_to_summary(tmp_path / "out", [old, row("b")])
    assert path == tmp_path / "out" / "summary.csv"
    add_to_summary(tmp_path / "out", [new, row("a", model="other")])
    assert read_summary(path) == [new, row("a", model="other"), row("b")]


def test_the_file_is_a_plain_table(tmp_path: Path) -> None:
    path = add_to_summary(tmp_path, [SlideRow("a, b.svs", "m", "failed", folder="a", reason='no "x"')])
    with path.open(encoding="utf-8", newline="") as file:
        (found,) = csv.DictReader(file)
    assert (found["slide"], found["state"], found["reason"]) == ("a, b.svs", "failed", 'no "x"')


@given(st.lists(rows, max_size=6), st.lists(rows, max_size=6))
def test_merging_keeps_one_row_a_slide_and_loses_none(first: list[SlideRow], second: list[SlideRow]) -> None:
    once = merged(first, second)
    assert {(r.folder, r.model) for r in once} == {(r.folder, r.model) for r in (*first, *second)}
    assert len({(r.folder, r.model) for r in once}) == len(once)
    assert merged(once, first) == once or any(r.finished_at == o.finished_at for r in first for o in once)


def test_shards_have_summaries_of_their_own_and_the_folder_has_all(tmp_path: Path) -> None:
    add_to_summary(tmp_path, [row("a")], (1, 2))
    add_to_summary(tmp_path, [row("b")], (2, 2))
    assert read_summary(tmp_path / "summary-1-of-2.csv") == [row("a")]
    assert read_summary(tmp_path / "summary-2-of-2.csv") == [row("b")]
    assert read_summary(tmp_path / "summary.csv") == [row("a"), row("b")]
    # What was lost, on a drive without locks for example, comes back with the next row.
    (tmp_path / "summary.csv").unlink()
    add_to_summary(tmp_path, [row("c")])
    assert read_summary(tmp_path / "summary.csv") == [row("a"), row("b"), row("c")]


def test_a_file_that_is_another_table_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "summary.csv").write_text("patient,age\n1,2\n", encoding="utf-8")
    assert read_summary(tmp_path / "summary.csv") == []
    assert read_summary(tmp_path / "missing.csv") == []


def test_three_processes_write_at_once_and_no_row_is_lost(tmp_path: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in ("a", "b", "c")
    ]
    assert [child.wait(timeout=120) for child in children] == [0, 0, 0]
    assert len(read_summary(tmp_path / "summary.csv")) == 45
