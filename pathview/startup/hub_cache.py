"""Models of a hub that are in its local cache: PathView looks there and never asks the network."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pathview.core.errors import ModelError

PREFIXES = ("hf-hub:", "hf_hub:")
_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")
_REVISION = re.compile(r"[\w][\w./-]*")


def cached_model(text: str) -> tuple[Path, Path]:
    """Return where a model of a hub lies in the local cache.

    Parameters
    ----------
    text
        ``hf-hub:OWNER/NAME``, or with ``@REVISION``.

    Returns
    -------
    folder, root
        The files of one revision, and the folder that their links stay in.

    Raises
    ------
    ModelError
        If it is not there; it says how to get it.
    """
    name, _, revision = text.partition(":")[2].partition("@")
    revision = revision or "main"
    if not _ID.fullmatch(name) or ".." in text or not _REVISION.fullmatch(revision):
        raise ModelError(text, "a model of a hub is written hf-hub:OWNER/NAME, or hf-hub:OWNER/NAME@REVISION")
    root = _cache() / f"models--{name.replace('/', '--')}"
    try:
        commit = (root / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        commit = revision
    folder = root / "snapshots" / commit
    if ".." in commit or not folder.is_dir():
        which = "" if revision == "main" else f" in the revision {revision}"
        raise ModelError(
            text,
            f"it is not in the local cache{which} ({_cache()}), and PathView downloads nothing; "
            f"get it with `hf download {name}`, then try again",
        )
    return folder, root


def _cache() -> Path:
    """Return the cache's folder, found as the hub's own tools find it."""
    if named := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(named).expanduser()
    home = os.environ.get("HF_HOME")
    if home is None:
        home = os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(home).expanduser() / "hub"
