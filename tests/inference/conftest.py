import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pathview.core.inbox import Inbox
from pathview.inference.card import ModelCard, Task
from pathview.inference.grid import PatchGrid, make_grid
from pathview.inference.heatmap import Heatmap
from pathview.inference.model import Patches, Prediction
from pathview.inference.remote import InferenceHost
from pathview.inference.run import InferenceRun
from pathview.inference.source import ModelSource
from pathview.slides.made import MadeReader, write_made_tiff
from pathview.slides.slide import Slide

REPOSITORY = Path(__file__).parents[2]


@dataclass
class MeanModel:
    """Says how red and how green a patch is; may be told to break."""

    card: ModelCard
    fits: int = 10_000
    sizes: list[int] = field(default_factory=list)
    loaded: str = ""

    def load(self, device: str) -> None:
        self.loaded = device

    def predict(self, patches: Patches) -> Prediction:
        if len(patches) > self.fits:
            raise MemoryError(f"{len(patches)} patches")
        self.sizes.append(len(patches))
        return (patches.mean(axis=(1, 2))[:, :2] / 255).astype(np.float32)

    def unload(self) -> None:
        self.loaded = ""


@pytest.fixture
def card() -> ModelCard:
    return ModelCard(
        name="mean",
        version="1",
        task=Task.CLASSIFY,
        mpp=1.0,
        patch=32,
        stride=32,
        classes=("red", "green"),
        positive="green",
    )


@pytest.fixture
def reader() -> MadeReader:
    return MadeReader((1500, 1100), mpp=0.5)


@pytest.fixture
def slide(reader: MadeReader) -> Slide:
    return Slide(reader)


@pytest.fixture
def grid(slide: Slide, card: ModelCard) -> PatchGrid:
    return make_grid(slide.info, card)


@pytest.fixture
def model(card: ModelCard) -> MeanModel:
    return MeanModel(card)


@pytest.fixture
def expected(slide: Slide, grid: PatchGrid, model: MeanModel) -> np.ndarray:
    """Scores (classes, rows, cols), one patch at a time and without any of the machinery."""
    from pathview.core.geometry import Box
    from pathview.core.region import Region

    cells = np.argwhere(np.ones(grid.shape, bool))
    patches = [slide.read(Region(Box(*corners), grid.downsample)) for corners in grid.boxes(cells)]
    return model.predict(np.stack(patches)).T.reshape(2, *grid.shape)


MakeRun = Callable[..., InferenceRun]


@pytest.fixture
def make_run(slide: Slide, card: ModelCard, grid: PatchGrid, model: MeanModel) -> Iterator[MakeRun]:
    """Make runs over the made slide; they are closed at the end."""
    runs = []

    def make(
        path: Path | None = None,
        *,
        batch: int = 16,
        with_model: object = None,
        coarse: int = 1,
        check: Any = None,
    ) -> InferenceRun:
        heatmap = Heatmap.open_or_create(path, grid, card, slide.info, coarse=coarse)
        chosen: Any = with_model or model
        run = InferenceRun(slide, chosen, grid, heatmap, Inbox(), batch=batch, coarse=coarse, check=check)
        runs.append(run)
        return run

    yield make
    for run in runs:
        run.close()


@pytest.fixture
def texture() -> ModelSource:
    """The bundled numpy plugin."""
    card = ModelCard(
        name="texture-demo",
        version="1.0.0",
        task=Task.CLASSIFY,
        mpp=1.0,
        patch=64,
        stride=64,
        classes=("Smooth", "Busy"),
        positive="Busy",
    )
    return ModelSource(card, REPOSITORY / "plugins" / "texture_demo", "model:make")


Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_made_tiff(tmp_path / "slide.tif", (1500, 1100), mpp=0.5)


@pytest.fixture
def wait(inbox: Inbox) -> Wait:
    def until(condition: Callable[[], bool], timeout: float = 40.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            inbox.drain()
            time.sleep(0.005)

    return until


@pytest.fixture
def host(inbox: Inbox) -> Iterator[InferenceHost]:
    host = InferenceHost("cpu", inbox, silence_s=3.0)
    yield host
    began = time.monotonic()
    host.close()
    assert time.monotonic() - began < 2.5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("host-")]
