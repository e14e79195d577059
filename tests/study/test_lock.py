from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.core.errors import StudyError
from pathview.slides.slide import Slide
from pathview.study.study import Study

_HOLDER = """
import sys, time
from pathlib import Path
from pathview.study.study import Study
study = Study.open(Path(sys.argv[1]))
print(study.read_only, flush=True)
time.sleep(60)
"""


def test_whoever_comes_second_may_look_and_not_change(study: Study, slide: Slide) -> None:
    shape = Annotation(shapely.box(0, 0, 1, 1))
    study.session(slide).history.do(Edit.add("Draw", shape))
    with Study.open(study.folder) as second:
        assert second.read_only
        session = second.session(slide)
        assert session.read_only
        assert list(session.annotations) == [shape]
        assert second.classes() == study.classes()
        with pytest.raises(StudyError, match="only be looked at"):
            session.history.do(Edit.remove("Delete", shape))
        with pytest.raises(StudyError, match="process"):
            second.set_class("Gland", (1, 2, 3))
        assert list(session.annotations) == [shape]
    assert not study.read_only


def test_looking_takes_no_lock_and_makes_nothing(folder: Path, slide: Slide) -> None:
    with pytest.raises(StudyError, match="is not there"):
        Study.open(folder, read_only=True)
    assert not folder.exists()
    shape = Annotation(shapely.box(0, 0, 1, 1))
    with Study.open(folder) as study:
        study.session(slide).history.do(Edit.add("Draw", shape))
    with Study.open(folder, read_only=True) as looking, Study.open(folder) as writing:
        assert (looking.read_only, looking.writer, writing.read_only) == (True, None, False)
        assert list(looking.session(slide).annotations) == [shape]
        writing.session(slide).history.do(Edit.remove("Delete", shape))
        assert looking.journal.load(slide.info.fingerprint) == []


def test_what_a_killed_program_left_in_the_log_can_be_looked_at(
    start_child: Callable[..., subprocess.Popen[str]], folder: Path
) -> None:
    child = start_child(_HOLDER.replace("print", "study.set_class('Gland', (1, 2, 3)); print"), str(folder))
    assert child.stdout is not None
    child.stdout.readline()
    child.kill()
    child.wait()
    assert (folder / "study.sqlite-wal").stat().st_size > 0
    with Study.open(folder, read_only=True) as study:
        assert study.classes()["Gland"] == (1, 2, 3)


def test_a_killed_holder_leaves_no_lock(
    start_child: Callable[..., subprocess.Popen[str]], folder: Path
) -> None:
    child = start_child(_HOLDER, str(folder))
    assert child.stdout is not None
    assert child.stdout.readline() == "False\n"
    with Study.open(folder) as second:
        assert second.read_only
        assert f"process {child.pid}" in (second.writer or "")
    child.kill()
    child.wait()
    with Study.open(folder) as third:
        assert not third.read_only
