from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pathview.slides.slide import Slide
from pathview.study.study import Study

# Draws, states pixel sizes and undoes as fast as it can, and says after each step what is there.
_WORKER = """
import random, sys
from pathlib import Path
import shapely
from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.slides.made import MadeReader
from pathview.slides.slide import Slide
from pathview.study.study import Study

choose = random.Random(int(sys.argv[2]))
session = Study.open(Path(sys.argv[1])).session(Slide(MadeReader((4000, 3000))))
while True:
    step = choose.random()
    if step < 0.3 and session.history.can_undo:
        session.history.undo()
    elif step < 0.5:
        session.state_mpp(choose.choice([None, (choose.uniform(0.02, 100), 0.5)]))
    else:
        x = choose.uniform(0, 4000)
        circles = [Annotation(shapely.Point(x, i).buffer(9)) for i in range(choose.randint(1, 40))]
        session.history.do(Edit.add("Draw", *circles))
    print(session.scale.stated, *sorted(str(a.id) for a in session.annotations), sep=";", flush=True)
"""

type Start = Callable[..., subprocess.Popen[str]]


def _kill_while_working(start: Start, folder: Path, seed: int) -> set[str]:
    """Return the pixel size and ids that the child last said to be there before it was killed."""
    child = start(_WORKER, str(folder), str(seed))
    assert child.stdout is not None
    said = [child.stdout.readline()]
    time.sleep(random.Random(seed).uniform(0, 0.25))
    child.kill()
    said += child.stdout.readlines()
    child.wait()
    whole = [line for line in said if line.endswith("\n")]
    return set(whole[-1].rstrip("\n").split(";"))


def _check(folder: Path, slide: Slide, acknowledged: set[str]) -> None:
    with Study.open(folder) as study:
        assert not study.read_only, "a killed program left its lock behind"
        assert study.journal.verify() == []
        session = study.session(slide)
        found = {str(session.scale.stated), *(str(a.id) for a in session.annotations)}
    # The step under way when the child died may be there as a whole or not at all; a pixel size that has come
    # is another one gone.
    file = sqlite3.connect(folder / "study.sqlite")
    last = file.execute(
        "SELECT sum(iif(value ->> 'id' = 'mpp', 2, 1))"
        " FROM json_each((SELECT payload FROM edit ORDER BY seq DESC LIMIT 1))"
    )
    assert len(found ^ acknowledged) in (0, last.fetchone()[0])
    assert file.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    file.close()


def test_what_was_acknowledged_survives_kill(start_child: Start, folder: Path, slide: Slide) -> None:
    for seed in range(3):
        _check(folder, slide, _kill_while_working(start_child, folder, seed))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_acknowledged_survives_two_hundred_kills(
    start_child: Start, folder: Path, slide: Slide
) -> None:
    for seed in range(200):
        _check(folder, slide, _kill_while_working(start_child, folder, seed))
