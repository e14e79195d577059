from __future__ import annotations

import random
import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Edit
from pathview.core.errors import StudyError
from pathview.core.palette import NAMED
from pathview.core.place import lasting, place_of
from pathview.inference.card import ModelCard, Task
from pathview.slides.slide import Slide
from pathview.study import migrations
from pathview.study.catalog import Catalog
from pathview.study.database import connect
from pathview.study.journal import Journal
from pathview.study.study import Study

_CARD = ModelCard("demo", "1.2", Task.CLASSIFY, 1.0, 96, 96, ("normal", "tumour"), "tumour", sha256="ab" * 32)


def _filled(folder: Path, slide: Slide, count: int = 50) -> list[Annotation]:
    shapes = [Annotation(shapely.box(x, 0, x + 9, 9), "Tumor") for x in range(count)]
    with Study.open(folder) as study:
        study.session(slide).history.do(Edit.add("Import", *shapes))
    return shapes


def test_a_new_study_is_one_file_and_its_lock(folder: Path) -> None:
    Study.open(folder).close()
    assert {path.name for path in folder.iterdir()} == {"study.sqlite", "study.lock"}


def test_closing_twice_does_no_harm(folder: Path) -> None:
    study = Study.open(folder)
    study.close()
    study.close()


def test_default_classes_come_in_the_order_of_their_keys(study: Study) -> None:
    assert list(study.classes().items()) == list(NAMED.items())


def test_classes_are_added_last_and_recoloured_in_place(folder: Path) -> None:
    with Study.open(folder) as study:
        study.set_class("Gland", (1, 2, 3))
        study.set_class("Tumor", (9, 9, 9))
    with Study.open(folder) as study:
        classes = study.classes()
    assert list(classes) == [*NAMED, "Gland"]
    assert (classes["Tumor"], classes["Gland"]) == ((9, 9, 9), (1, 2, 3))


def test_a_colour_that_is_none_is_refused(study: Study) -> None:
    with pytest.raises(StudyError):
        study.set_class("Gland", (1, 2, 256))
    assert "Gland" not in study.classes()


def test_slides_are_remembered_once_each(study: Study, slide: Slide, other_slide: Slide) -> None:
    study.session(slide)
    study.session(other_slide)
    study.session(Slide(slide._reader))
    with_scale, without = sorted(study.slides(), key=lambda record: record.mpp is None)
    assert with_scale.fingerprint == slide.info.fingerprint
    assert with_scale.path == place_of(lasting(slide.info.path))
    assert (with_scale.mpp, with_scale.mpp_source) == ((0.25, 0.25), "made")
    assert without.mpp is None


def test_names_that_are_no_text_are_remembered(study: Study, slide: Slide) -> None:
    odd = Path("/slides/\udcff🔬\n漢.svs")
    slide._reader._info = replace(slide.info, path=odd)  # type: ignore[attr-defined]
    study.session(slide)
    assert study.slides()[0].path == odd


def test_runs_are_kept_and_replaced_by_their_heatmap(folder: Path, slide: Slide) -> None:
    region = shapely.box(0, 0, 100, 100)
    key = slide.info.fingerprint
    with Study.open(folder) as study:
        place = study.session(slide).heatmap_folder("demo")
        study.add_run(key, _CARD, place)
        run = study.add_run(key, _CARD, place, region=region)
    with Study.open(folder) as study:
        assert study.runs(key) == [run]
        assert study.runs("other") == []
    assert (run.model, run.model_version, run.model_sha256) == ("demo", "1.2", "ab" * 32)
    assert (run.heatmap, run.region) == (place, region)


def test_a_study_may_move(folder: Path, slide: Slide) -> None:
    with Study.open(folder) as study:
        study.add_run(slide.info.fingerprint, _CARD, _place(study, slide))
    folder.rename(folder.with_name("elsewhere"))
    with Study.open(folder.with_name("elsewhere")) as study:
        assert study.runs(slide.info.fingerprint)[0].heatmap == _place(study, slide)


def _place(study: Study, slide: Slide) -> Path:
    return study.session(slide).heatmap_folder("demo")


def test_results_outside_the_study_are_refused(study: Study, slide: Slide) -> None:
    study.session(slide)
    for place in (study.folder.parent / "x.zarr", study.folder / ".." / "x", Path("/tmp/x")):
        with pytest.raises(StudyError, match="must lie in"):
            study.add_run(slide.info.fingerprint, _CARD, place)


def test_a_run_on_an_unknown_slide_is_refused(study: Study) -> None:
    with pytest.raises(StudyError):
        study.add_run("nobody", _CARD, study.folder / "x.zarr")


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(4000)])
def test_a_file_that_is_no_database_is_named_and_left_alone(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "study.sqlite").write_bytes(content)
    with pytest.raises(StudyError) as caught:
        Study.open(folder)
    assert caught.value.path == folder / "study.sqlite"
    assert (folder / "study.sqlite").read_bytes() == content


def test_a_foreign_database_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    other = sqlite3.connect(folder / "study.sqlite")
    other.execute("CREATE TABLE shopping (item TEXT)")
    other.close()
    before = (folder / "study.sqlite").read_bytes()
    with pytest.raises(StudyError, match="is not a PathView study"):
        Study.open(folder)
    assert (folder / "study.sqlite").read_bytes() == before


def test_damaged_databases_open_or_are_refused_in_words(folder: Path, slide: Slide) -> None:
    _filled(folder, slide)
    file = folder / "study.sqlite"
    good = file.read_bytes()
    choose = random.Random(1)
    for _ in range(40):
        bad = bytearray(good[: choose.choice([len(good), choose.randrange(len(good))])])
        for _ in range(choose.randint(0, 30)):
            if bad:
                bad[choose.randrange(len(bad))] = choose.randrange(256)
        file.write_bytes(bad)
        with suppress(StudyError), Study.open(folder) as study:
            study.session(slide)
            study.journal.verify()
        assert file.exists()


def test_a_trigger_from_a_stranger_keeps_a_study_shut(folder: Path) -> None:
    Study.open(folder).close()
    other = sqlite3.connect(folder / "study.sqlite")
    other.execute("CREATE TRIGGER evil AFTER INSERT ON edit BEGIN DELETE FROM annotation; END")
    other.close()
    with pytest.raises(StudyError, match="tables are not those"):
        Study.open(folder)


def test_a_log_without_its_database_is_not_thrown_away(folder: Path) -> None:
    folder.mkdir()
    (folder / "study.sqlite-wal").write_bytes(b"the last edits")
    with pytest.raises(StudyError, match="bring both together"):
        Study.open(folder)
    assert (folder / "study.sqlite-wal").read_bytes() == b"the last edits"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="cannot be created"):
        Study.open(tmp_path / "file" / "study")
    with pytest.raises(StudyError, match="cannot be created"):
        Study.open(tmp_path / "file")


def test_a_newer_study_is_refused(folder: Path) -> None:
    Study.open(folder).close()
    other = sqlite3.connect(folder / "study.sqlite")
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StudyError, match=r"newer PathView.*schema 99"):
        Study.open(folder)


def test_an_older_study_is_migrated_after_keeping_a_copy(
    folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = _filled(folder, slide)
    now = migrations.current_version()
    more = (*migrations.STEPS, "CREATE TABLE comment (text TEXT) STRICT;")
    monkeypatch.setattr(migrations, "STEPS", more)
    with Study.open(folder) as study:
        assert list(study.session(slide).annotations) == shapes
        assert study._connection.execute("PRAGMA user_version").fetchone() == (now + 1,)
        assert study._connection.execute("SELECT * FROM comment").fetchall() == []
    Study.open(folder).close()
    copy = sqlite3.connect(folder / f"study-schema{now}.sqlite")
    assert copy.execute("PRAGMA user_version").fetchone() == (now,)
    assert copy.execute("SELECT count(*) FROM annotation").fetchone() == (len(shapes),)
    copy.close()


def test_a_migration_that_fails_leaves_the_study_as_it_was(
    folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = _filled(folder, slide)
    now = migrations.current_version()
    bad = (*migrations.STEPS, "CREATE TABLE comment (text TEXT) STRICT; SELECT nonsense;")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", bad)
        with pytest.raises(StudyError, match=f"cannot be brought from schema {now} to {now + 1}"):
            Study.open(folder)
    with Study.open(folder) as study:
        assert list(study.session(slide).annotations) == shapes


def _made_by_version(number: int, folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch) -> Annotation:
    """Leave what a program of schema `number` left: a slide with an annotation that was drawn and named."""
    folder.mkdir()
    file = folder / "study.sqlite"
    drawn = Annotation(shapely.box(0, 0, 9, 9), "Tumor")
    named = replace(drawn, name="margin")
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[: number - 1])
        migrations.create(file)
        connection = connect(file, read_only=False)
        Catalog(connection, file).remember(slide.info)
        journal = Journal(connection, file)
        for edit in (Edit.add("Draw", drawn), Edit.replace("Name annotation", (drawn, named))):
            journal.commit(slide.info.fingerprint, edit)
        assert connection.execute("PRAGMA user_version").fetchone() == (number,)
        connection.close()
    return named


def test_a_study_of_before_pixel_sizes_were_stated_is_taken_over(
    folder: Path, slide: Slide, monkeypatch: pytest.MonkeyPatch
) -> None:
    annotation = _made_by_version(1, folder, slide, monkeypatch)
    with pytest.raises(StudyError, match="older version"):
        Study.open(folder, read_only=True)
    with Study.open(folder) as study:
        session = study.session(slide)
        assert list(session.annotations) == [annotation]
        assert session.scale.stated is None
        session.state_mpp((0.5, 0.5))
        assert study.journal.verify() == []
    with Study.open(folder) as study:
        session = study.session(slide)
        assert (list(session.annotations), slide.info.mpp) == ([annotation], (0.5, 0.5))
    assert (folder / "study-schema1.sqlite").exists()
