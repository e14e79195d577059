"""TIAToolbox's PatchPredictor, in an environment of its own.

Arguments: slide, model folder, output folder, batch, workers. On a CPU it never compiles the network.
Prints one line of JSON; scores go to the output folder.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from safetensors.torch import load_file
from tiatoolbox.models.engine.io_config import IOPatchPredictorConfig
from tiatoolbox.models.engine.patch_predictor import PatchPredictor
from tiatoolbox.wsicore.wsireader import WSIReader

slide, model_folder, output = map(Path, sys.argv[1:4])
batch, workers = map(int, sys.argv[4:6])
card = json.loads((model_folder / "card.json").read_text())


class Tumour(torch.nn.Module):
    """The bundled network, as TIAToolbox asks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.network = timm.create_model(card["architecture"], num_classes=len(card["classes"]))
        self.network.load_state_dict(load_file(model_folder / "weights.safetensors"))
        self.network.to(memory_format=torch.channels_last).eval()
        self.class_dict = dict(enumerate(card["classes"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return probabilities (n, 2) for (n, 3, 96, 96)."""
        said = (self.network(x) + torch.tensor(card["bias"])) / card["temperature"]
        return torch.softmax(said, 1)

    @staticmethod
    def preproc_func(image: Any) -> Any:
        """Scale one patch (h, w, 3) uint8."""
        return np.asarray(image, np.float32) / 127.5 - 1

    @staticmethod
    def postproc_func(image: Any) -> Any:
        """Return the class of each patch."""
        return image.argmax(axis=-1)

    @staticmethod
    def infer_batch(model: torch.nn.Module, batch_data: torch.Tensor, *, device: str = "cpu") -> Any:
        """Return probabilities (n, 2) for a batch (n, h, w, 3)."""
        x = batch_data.to(device).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            return model(x).numpy()


def timed(loop: Callable[..., dict[str, Any]], told: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return a loop that leaves in `told` what it said, and how long it took."""

    def looped(*given: Any, **named: Any) -> dict[str, Any]:
        began, used = time.perf_counter(), time.process_time()
        said = loop(*given, **named)
        told.update(said)
        told["loop_s"], told["loop_processor_s"] = time.perf_counter() - began, time.process_time() - used
        return said

    return looped


resolution = [{"units": "mpp", "resolution": card["mpp"]}]
config = IOPatchPredictorConfig(
    input_resolutions=resolution,
    output_resolutions=resolution,
    patch_input_shape=(card["patch"],) * 2,
    stride_shape=(card["patch"],) * 2,
)
told: dict[str, Any] = {}
predictor = PatchPredictor(model=Tumour(), batch_size=batch, num_workers=workers, device="cpu", verbose=False)
predictor.infer_wsi = timed(predictor.infer_wsi, told)
predictor.run(
    images=[slide],
    patch_mode=False,
    ioconfig=config,
    save_dir=output / "results",
    output_type="zarr",
    return_probabilities=True,
    auto_get_mask=False,
    device="cpu",
    batch_size=batch,
    num_workers=workers,
)
# They are told in pixels of the model's resolution.
larger = card["mpp"] / np.asarray(WSIReader.open(slide).info.mpp)
np.savez(
    output / "scores.npz",
    places=np.asarray(told["coordinates"])[:, :2] * larger,
    scores=np.asarray(told["probabilities"])[:, 1],
)
print(json.dumps({name: told[name] for name in ("loop_s", "loop_processor_s")}), flush=True)
