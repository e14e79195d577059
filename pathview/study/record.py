"""Annotations and edits as rows and as the journal's JSON.

The payload of a journal row is a list with one object for each annotation that the edit changed, and one for
the pixel size where that was stated anew (see `pathview.study.stated_table`) and for each bookmark that was
changed (see `pathview.study.bookmark_table`)::

    {"id": "<uuid>", "before": 17,
     "after": {"wkb": "<base64>", "class": "Tumor", "name": "", "note": "", "locked": false}}

``before`` is the number of the journal row that wrote the value which this edit replaced, or null where there
was none: the old value is always at hand without being stored a second time. ``after`` is null for a removal.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from uuid import UUID

import shapely

from pathview.annotations.annotation import Annotation
from pathview.annotations.edit import Change, Edit

type Row = tuple[str, bytes | None, str | None, str, str, int]
"""id, wkb, class, name, note, locked; what the journal and the table of annotations store of one shape."""


def rows_after(edit: Edit) -> list[Row]:
    """Return what each changed annotation becomes; one that is removed has no WKB."""
    shapes = shapely.to_wkb([None if c.after is None else c.after.geometry for c in edit.changes])
    return [_row(change, wkb) for change, wkb in zip(edit.changes, shapes, strict=True)]


def _row(change: Change, wkb: bytes | None) -> Row:
    kept = change.after
    if kept is None:
        return (str(change.id), None, None, "", "", 0)
    return (str(kept.id), wkb, kept.class_name, kept.name, kept.note, int(kept.locked))


def changes_of(rows: Sequence[Row], before: Mapping[str, int]) -> list[dict[str, object]]:
    """Return what the journal says of `rows`, `before` being the journal rows of the values they replace."""
    return [{"id": row[0], "before": before.get(row[0]), "after": state_of(row)} for row in rows]


def state_of(row: Row) -> dict[str, object] | None:
    """Return what a row says of a shape as the journal's JSON has it, or None for a removed one."""
    _, wkb, class_name, name, note, locked = row
    if wkb is None:
        return None
    shape = b64encode(wkb).decode("ascii")
    return {"wkb": shape, "class": class_name, "name": name, "note": note, "locked": bool(locked)}


def annotation_of(
    id: str, wkb: bytes, class_name: str | None, name: str, note: str, locked: int
) -> Annotation:
    """Return the annotation that a row stores."""
    return Annotation(shapely.from_wkb(wkb), class_name, name, note, bool(locked), UUID(id))


def seal(previous: bytes, *facts: object) -> bytes:
    """Return the hash that seals a journal row: SHA-256 of the previous row's and of this row's facts."""
    return hashlib.sha256(previous + json.dumps(facts).encode("ascii")).digest()
