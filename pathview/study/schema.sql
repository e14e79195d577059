-- A study, schema 1. Times are UTC as ISO 8601 text and only for people; order is always by seq.

CREATE TABLE slide (
    fingerprint TEXT PRIMARY KEY,
    path        BLOB NOT NULL,              -- the file system's own bytes, since names need not be UTF-8
    name        TEXT NOT NULL,
    mpp_x       REAL,                       -- um/px at level 0
    mpp_y       REAL,
    mpp_source  TEXT NOT NULL,
    opened_at   TEXT NOT NULL,
    CHECK ((mpp_x IS NULL) = (mpp_y IS NULL))
) STRICT;

-- The journal: every edit that was ever made, each row sealed by the hash of the row before it.
CREATE TABLE edit (
    seq     INTEGER PRIMARY KEY,
    slide   TEXT NOT NULL REFERENCES slide (fingerprint),
    label   TEXT NOT NULL,
    made_at TEXT NOT NULL,
    payload TEXT NOT NULL,                  -- JSON, see pathview/study/record.py
    hash    BLOB NOT NULL
) STRICT;

-- What the journal adds up to. The row of a removed annotation stays, without a shape, to keep its place in
-- the drawing order in case an undo brings it back.
CREATE TABLE annotation (
    slide  TEXT NOT NULL REFERENCES slide (fingerprint),
    id     TEXT NOT NULL,
    seq    INTEGER NOT NULL REFERENCES edit (seq),     -- the edit that wrote it last
    z      INTEGER NOT NULL,                           -- drawing order, lowest first
    wkb    BLOB,                                       -- level-0 px; NULL once removed
    class  TEXT,
    name   TEXT NOT NULL,
    note   TEXT NOT NULL,
    locked INTEGER NOT NULL CHECK (locked IN (0, 1)),
    PRIMARY KEY (slide, id)
) STRICT;

CREATE INDEX annotation_order ON annotation (slide, z);

CREATE TABLE class (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    red      INTEGER NOT NULL CHECK (red BETWEEN 0 AND 255),
    green    INTEGER NOT NULL CHECK (green BETWEEN 0 AND 255),
    blue     INTEGER NOT NULL CHECK (blue BETWEEN 0 AND 255)
) STRICT;

CREATE TABLE run (
    id            TEXT PRIMARY KEY,
    slide         TEXT NOT NULL REFERENCES slide (fingerprint),
    model         TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_sha256  TEXT NOT NULL,
    heatmap       TEXT NOT NULL UNIQUE,     -- folder, relative to the study
    region        BLOB,                     -- WKB in level-0 px; NULL for the whole slide
    created_at    TEXT NOT NULL
) STRICT;

CREATE TRIGGER edit_is_never_changed BEFORE UPDATE ON edit
BEGIN
    SELECT RAISE(ABORT, 'the journal of edits is append-only');
END;

CREATE TRIGGER edit_is_never_deleted BEFORE DELETE ON edit
BEGIN
    SELECT RAISE(ABORT, 'the journal of edits is append-only');
END;
