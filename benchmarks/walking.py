"""Memory of the window on a long random walk: over 10,000 px across, and over a sparse 400,000 px.

Each walk is a process of its own under software GL (`benchmarks/run.sh walking [minutes]`, by default one;
the figure wanted is about ten). Both slides are made, so that reading them costs the same. The bound is the
budget of the tile cache and 300 MB more; growth is a line through the second half of the walk.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

SIDES = (10_000, 400_000)
SIZE = (1600, 1000)
STEP_S = 1 / 60
STAY_S = 1.5
ALLOWED_MB = 300


def resident_mb() -> float:
    """Return the memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def walk(side: int, minutes: float) -> dict[str, Any]:
    """Walk over a made slide and return what was held, by the second."""
    from pathview.app.application import InboxBridge, make_application, make_window
    from pathview.slides.made import MadeReader
    from pathview.slides.slide import Slide

    application = make_application([])
    bridge = InboxBridge()
    window = make_window(bridge)
    window.resize(*SIZE)
    window.show()
    workspace = window.workspace
    downsamples = [4**power for power in range(1 + max(0, math.ceil(math.log(side / 2048, 4))))]
    reader = MadeReader((side, side), downsamples=downsamples)
    workspace.open(reader.info.path, first=lambda: Slide(reader))
    while workspace.session is None or not window.canvas_widget.settled:
        application.processEvents()
    chance = random.Random(3)
    began = time.monotonic()
    held = [resident_mb()]
    jump = began
    heading = (0.0, 0.0)
    while (now := time.monotonic()) - began < 60 * minutes:
        view = workspace.view.state.viewport
        if now >= jump:
            jump = now + STAY_S
            place = (chance.uniform(0, side), chance.uniform(0, side))
            view = replace(view, center=place, downsample=2 ** chance.uniform(-1, math.log2(side / 1000)))
            heading = (chance.uniform(-15, 15), chance.uniform(-15, 15))
        workspace.look(view.panned(*heading))
        while time.monotonic() < now + STEP_S:
            application.processEvents()
            time.sleep(0.001)
        if now - began > len(held):
            held.append(resident_mb())
    read = workspace.loader.counters().read
    window.close()
    return {"held": held, "read": read, "budget": workspace.settings.cache_mb * (1 << 20) / 1e6}


def report(side: int, walked: dict[str, Any]) -> None:
    """Print how much was held at most, and whether it grows."""
    held = np.array(walked["held"])
    late = held[len(held) // 2 :]
    per_minute = 60 * float(np.polyfit(np.arange(len(late)), late, 1)[0])
    bound = walked["budget"] + ALLOWED_MB
    print(
        f"  {side:,} px: at first {held[0]:.0f} MB, at most {held.max():.0f} of {bound:.0f} MB "
        f"({held.max() / bound:.2f}); second half {per_minute:+.1f} MB a minute; {walked['read']} tiles read"
    )


def main(minutes: float) -> None:
    """Walk over both slides, one after the other."""
    most = []
    for side in SIDES:
        with tempfile.TemporaryDirectory() as home:
            command = [sys.executable, "-m", "benchmarks.walking", "--walk", str(side), str(minutes)]
            environment = {**os.environ, "PATHVIEW_HOME": home}
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        walked = json.loads(done.stdout.splitlines()[-1])
        report(side, walked)
        most.append(max(walked["held"]))
    print(f"  the large slide against the small one: {most[1] / most[0]:.2f}")


if __name__ == "__main__":
    if sys.argv[1] == "--walk":
        print(json.dumps(walk(int(sys.argv[2]), float(sys.argv[3]))), flush=True)
        os._exit(0)
    main(float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)
