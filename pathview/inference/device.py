"""What a model can run on. Nothing here imports torch before it is asked about more than the CPU."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

from pathview.core.errors import ModelError


def available_devices() -> tuple[str, ...]:
    """Return the devices of this machine, fastest first and "cpu" last.

    Imports torch, which takes seconds: call it where models run, never in the window's process.
    """
    try:
        import torch
    except ImportError:
        return ("cpu",)
    found = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def compiled_targets() -> tuple[str, ...]:
    """Return what torch was compiled for, such as "sm_90"; empty without CUDA. Imports torch."""
    try:
        import torch
    except ImportError:
        return ()
    return tuple(torch.cuda.get_arch_list())


def resolve_device(wanted: str, *, model: str = "of this run") -> str:
    """Return the device that `wanted` means here.

    Parameters
    ----------
    wanted
        "auto" for the fastest, or "cpu", "cuda", "cuda:N", "mps".
    model
        Whose name an error carries.

    Raises
    ------
    ModelError
        If there is no such device; it says which there are.
    """
    if wanted == "cpu":
        return "cpu"
    available = available_devices()
    if wanted == "auto":
        return available[0]
    device = "cuda:0" if wanted == "cuda" else wanted
    if device not in available:
        raise ModelError(model, f'there is no device "{wanted}" here; there is {", ".join(available)}')
    return device


def default_batch(device: str) -> int:
    """Return how many patches to give a model at a time at most; a run uses fewer where they take long."""
    return 64 if device == "cpu" else 256 if device.startswith("cuda") else 64


def default_readers() -> int:
    """Return how many threads should read patches: decoding releases the interpreter, but not the cores."""
    return max(2, min(8, cores() // 2))


def cores() -> int:
    """Return how many cores this process may use: a job on a cluster gets a few of the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def prepare_process() -> None:
    """Set up this process for a model that shares the machine with a viewer; before torch is imported.

    OpenMP's threads spin while they wait, which costs several times the speed (measured on two cores) as soon
    as another process wants the same cores, and here a window always does. What the user has set is kept.
    """
    count = cores()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(count if count <= 2 else count - 1))
    if sys.platform == "linux":
        _keep_large_blocks()


def _keep_large_blocks() -> None:
    """Let glibc reuse the memory of activations instead of mapping and zeroing it anew for each layer.

    Measured on an EfficientNet-Lite0 at 96 px: 1.6 times the patches a second in float32, 1.2 in bfloat16.
    """
    trim_threshold, most_maps = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of malloc.h
    # Other C libraries have no such call, and need none.
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(most_maps, 0)
        libc.mallopt(trim_threshold, 1 << 30)
