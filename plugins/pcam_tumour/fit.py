"""The training itself: epochs that can be taken up again where they were cut off."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .augment import augment
from .calibration import AS_TRAINED
from .data import SIDE, Tiles
from .metrics import auc
from .network import logits, pretrained_network, save_weights

WARM_UP = 0.06
EMA = 0.999
CHECKPOINT = "checkpoint.pt"
WEIGHTS = "weights.safetensors"
# Smaller middles first: twice as fast, and the label speaks of the middle 32 px.
SIDES = ((0.65, 64), (0.85, 80), (1.0, SIDE))


@dataclass(frozen=True)
class Plan:
    """What is trained and how.

    Attributes
    ----------
    folder : Path
        For the checkpoint and the weights.
    epochs : int
        Planned; the rate falls to zero over all of them.
    batch : int
        Tiles in a step.
    rate : float
        Peak learning rate.
    seed : int
        Of everything that is drawn.
    device : str
        "cpu" or "cuda".
    bf16 : bool
        Whether to compute in bfloat16 where autocast thinks it safe.
    strength : float
        How much colours vary, see `augment`.
    crops : bool
        Whether early epochs see the middle only.
    until : int
        Stop before this epoch, with the rate not yet at zero; 0 trains all that are planned.
    """

    folder: Path
    epochs: int = 9
    batch: int = 64
    rate: float = 6e-4
    seed: int = 7
    device: str = "cpu"
    bf16: bool = False
    strength: float = 1.0
    crops: bool = True
    until: int = 0

    def side(self, number: int) -> int:
        """Return the edge of the tiles in an epoch, pixels."""
        done = (number + 0.5) / self.epochs
        return next(side for until, side in SIDES if done < until) if self.crops else SIDE


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Rise linearly, then fall as a half cosine to zero.

    Parameters
    ----------
    step, steps : int
        This step and how many there are.
    peak : float
        Reached at the end of the warm-up.

    Returns
    -------
    float
    """
    rise = max(1, int(steps * WARM_UP))
    if step < rise:
        return peak * (step + 1) / rise
    return peak * 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int) -> None:
    """Move a running average of the weights one step towards the network.

    Parameters
    ----------
    average, network : Module
        Same architecture; `average` is changed in place.
    step : int
        Early steps forget faster, so that the average does not remember the start.
    """
    keep = min(EMA, (step + 1) / (step + 10))
    for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1.0 - keep)
        else:
            mean.copy_(now)


class Training:
    """A network on its way, with its average, its optimiser and how far it is.

    Parameters
    ----------
    train, valid : Tiles
    plan : Plan
        A checkpoint in its folder is taken up.

    Attributes
    ----------
    average : Module
        The running average: what is judged and kept.
    history : list of dict
        An epoch each: number, side, loss, auc, seconds.
    """

    def __init__(self, train: Tiles, valid: Tiles, plan: Plan) -> None:
        self._train, self._valid, self._plan = train, valid, plan
        torch.manual_seed(plan.seed)
        self._network = pretrained_network().to(plan.device)
        self.average = copy.deepcopy(self._network).eval()
        self._optimiser = _optimiser(self._network, plan.rate)
        self.history: list[dict[str, Any]] = []
        self._resume()

    def run(self) -> Path:
        """Train the epochs that are left and keep the average weights of the last one.

        Returns
        -------
        Path
            The weights, float16 safetensors.
        """
        plan = self._plan
        for number in range(len(self.history), plan.until or plan.epochs):
            began = time.monotonic()
            loss, score = self._epoch(number), self._judge()
            seconds = time.monotonic() - began
            facts = {"epoch": number, "side": plan.side(number), "loss": loss, "auc": score}
            self.history.append(facts | {"seconds": seconds})
            print(
                f"epoch {number} side {plan.side(number)} loss {loss:.4f} valid AUC {score:.4f} "
                f"{seconds:.0f} s",
                flush=True,
            )
            self._keep()
        save_weights(self.average, plan.folder / WEIGHTS)
        return plan.folder / WEIGHTS

    def _epoch(self, number: int) -> float:
        plan, count = self._plan, len(self._train.labels)
        generator = torch.Generator(plan.device).manual_seed(plan.seed * 1000 + number)
        # Dropout and stochastic depth draw from here: a run that was cut off draws the same again.
        torch.manual_seed(plan.seed * 1000 + number)
        order = np.random.default_rng(plan.seed * 1000 + number).permutation(count)
        steps = count // plan.batch
        self._network.train()
        total, began = 0.0, time.monotonic()
        for i in range(steps):
            total += self._step(
                order[i * plan.batch : (i + 1) * plan.batch], number, number * steps + i, generator
            )
            if i % 50 == 0:
                rate = (i + 1) * plan.batch / (time.monotonic() - began)
                print(
                    f"epoch {number} batch {i}/{steps} loss {total / (i + 1):.4f} {rate:.0f} tiles/s",
                    flush=True,
                )
        return total / steps

    def _step(self, which: np.ndarray[Any, Any], number: int, step: int, generator: torch.Generator) -> float:
        plan = self._plan
        for group in self._optimiser.param_groups:
            steps = plan.epochs * (len(self._train.labels) // plan.batch)
            group["lr"] = learning_rate(step, steps, plan.rate)
        pixels = torch.from_numpy(self._train.pixels[which]).to(plan.device)
        labels = torch.from_numpy(self._train.labels[which]).to(plan.device)
        x, labels = augment(pixels, labels, plan.side(number), generator, strength=plan.strength)
        with torch.autocast(plan.device, torch.bfloat16, enabled=plan.bf16):
            output = self._network(x)
        loss = functional.cross_entropy(output.float(), labels, label_smoothing=0.05)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._network.parameters(), 5.0)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        follow(self.average, self._network, step)
        return float(loss.detach())

    def _judge(self) -> float:
        values = logits(self.average, self._valid.pixels)
        return auc(self._valid.labels, AS_TRAINED.probability(values))

    def _keep(self) -> None:
        path = self._plan.folder / CHECKPOINT
        part = path.with_suffix(".part")
        state = {
            "network": self._network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "history": self.history,
        }
        torch.save(state, part)
        part.replace(path)

    def _resume(self) -> None:
        path = self._plan.folder / CHECKPOINT
        if not path.exists():
            return
        state = torch.load(path, map_location=self._plan.device, weights_only=True)
        self._network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.history = state["history"]
        print(f"goes on after epoch {len(self.history) - 1} of {path}", flush=True)


def _optimiser(network: nn.Module, rate: float) -> torch.optim.Optimizer:
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], lr=rate
    )
