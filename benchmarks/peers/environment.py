"""Where the programs that PathView is compared with are installed, each by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).with_name("set_up.sh")


def environment_of(name: str) -> Path | None:
    """Return the Python of a program's environment, made where it is not there yet.

    Says what is installed in it; says why, and returns None, where it could not be made.

    Parameters
    ----------
    name
        As `set_up.sh` takes it.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("PATHVIEW_PEERS") or cache / "pathview-peers")
    command = [str(_SCRIPT), name, sys.executable]
    environment = compiling({**os.environ, "PATHVIEW_PEERS": str(folder)})
    made = subprocess.run(command, capture_output=True, text=True, env=environment)
    python = folder / name / "bin" / "python"
    if made.returncode or not python.exists():
        reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"  skipped: {name} could not be installed: {reason}")
        return None
    print(f"  {made.stdout.strip()}")
    return python


def compiling(environment: dict[str, str]) -> dict[str, str]:
    """Return an environment in which modules are kept compiled, as they are where a program is installed."""
    return {key: value for key, value in environment.items() if key != "PYTHONDONTWRITEBYTECODE"}
