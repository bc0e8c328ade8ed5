"""Checks of the machine: what it has, and what else is going on there now."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from annt_prof import units
from annt_prof.doctor.diagnosis import Check
from annt_prof.machine import hardware
from annt_prof.machine.folders import DATA_VARIABLE, data_folders, user_cache
from annt_prof.machine.load import look_at_load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.machine.load import Load

_LEAST_MEMORY_BYTES = 4 * units.GIB  # each of four workers holds torch, a model and its gradients
_LEAST_SHARED_BYTES = units.GIB  # containers get 64 MiB; a batch of 128 at 224 x 224 takes 74 MiB

# What a data set's folder or archive is called, as its authors distribute it.
_DATA_SETS = {
    "CIFAR-10": ("cifar-10-batches-py", "cifar-10-python.tar.gz"),
    "CIFAR-100": ("cifar-100-python", "cifar-100-python.tar.gz"),
}


def machine_checks() -> tuple[Check, ...]:
    """Return the checks of the machine; takes half a second of looking at its load."""
    available = psutil.virtual_memory().available
    return (
        load_check(look_at_load(), os.getloadavg()[0]),
        cores_check(hardware.num_cores(), hardware.cpu_quota()),
        bfloat16_check(hardware.cpu_name(), hardware.bfloat16_flags()),
        governor_check(hardware.governors()),
        memory_check(hardware.memory_bytes(), available),
        shared_memory_check(Path("/dev/shm")),
        data_check(data_folders()),
        weights_check(os.environ),
    )


def load_check(load: Load, average: float) -> Check:
    """Return whether something else computes here now.

    Args:
        load: Now.
        average: Over the last minute, in processes.
    """
    busy, mean = units.number(load.busy_cores, 1), units.number(average, 1)
    finding = f"{busy} of {load.num_cores} cores busy now, load average {mean}"
    if not load.is_busy:
        return Check("load", "ok", finding)
    finding += ": another process is using the CPU, so intervals will be wide"
    return Check("load", "warning", finding, "wait for it or end it; top shows which it is")


def cores_check(num_cores: int, quota: float | None) -> Check:
    """Return how many cores a run may use, and whether it would be throttled on them."""
    if quota is not None and quota < num_cores:
        finding = (
            f"{num_cores} cores, but a control group allows the time of {units.as_given(quota)}: "
            "more threads than that are stopped in bursts"
        )
        remedy = "pin cores instead of limiting time (docker run --cpuset-cpus, taskset)"
        return Check("cores", "warning", finding, remedy)
    return Check("cores", "ok", f"{num_cores} cores may be used")


def bfloat16_check(name: str, flags: tuple[str, ...]) -> Check:
    """Return whether the processor multiplies bfloat16 matrices itself."""
    if flags:
        return Check("CPU", "ok", f"{name}, bfloat16 by {', '.join(flags)}")
    finding = f"{name} has no bfloat16 instructions: mixed precision on it is emulated and slow"
    return Check("CPU", "ok", finding)


def governor_check(governors: tuple[str, ...]) -> Check:
    """Return whether the cores' clocks follow the load."""
    if not governors:
        return Check("clock governor", "ok", "not readable here, as in most virtual machines")
    finding = ", ".join(governors)
    if set(governors) <= {"performance"}:
        return Check("clock governor", "ok", finding)
    finding += ": clocks follow the load, so the first steps may be slower and intervals wider"
    remedy = "sudo cpupower frequency-set -g performance"
    return Check("clock governor", "warning", finding, remedy)


def memory_check(total: int, available: int) -> Check:
    """Return whether the workers fit into memory.

    Args:
        total: Bytes that this process may use at all.
        available: Bytes that the machine has free.
    """
    free = min(total, available)
    finding = f"{units.memory(free)} available of {units.memory(total)}"
    if free < _LEAST_MEMORY_BYTES:
        remedy = "choose a smaller batch and fewer techniques at once; each has its own process"
        return Check("memory", "warning", finding, remedy)
    return Check("memory", "ok", finding)


def shared_memory_check(folder: Path) -> Check:
    """Return whether loader workers can hand over batches."""
    if not folder.exists():
        finding = f"{folder} is missing: loader workers cannot hand over batches"
        return Check("shared memory", "warning", finding, "use dataset.workers: 0")
    usage = shutil.disk_usage(folder)
    finding = f"{units.memory(usage.free)} free of {units.memory(usage.total)} in {folder}"
    if usage.free < _LEAST_SHARED_BYTES:
        remedy = "docker run --shm-size=2g (or --ipc=host), or dataset.workers: 0"
        return Check("shared memory", "warning", f"{finding}: little for loader workers", remedy)
    return Check("shared memory", "ok", finding)


def data_check(folders: tuple[Path, ...]) -> Check:
    """Return which data sets lie in the folders."""
    folder_by_name = {
        name: next((f for f in folders for part in parts if (f / part).exists()), None)
        for name, parts in _DATA_SETS.items()
    }
    places = [f"{name} in {folder}" for name, folder in folder_by_name.items() if folder]
    absent = [name for name, folder in folder_by_name.items() if not folder]
    if not absent:
        return Check("data sets", "ok", "; ".join(places))
    looked = ", ".join(map(str, folders))
    missing = f"no {' or '.join(absent)} in {looked}: a generated stand-in serves for timing"
    remedy = f"annt-prof fetch SCENARIO, or --data-dir or ${DATA_VARIABLE} where you have them"
    return Check("data sets", "warning", "; ".join([*places, missing]), remedy)


def weights_check(environment: Mapping[str, str]) -> Check:
    """Return how many pretrained models the hubs' caches hold.

    Source: ``torch.hub.get_dir``; ``huggingface_hub.constants``.
    """
    cache = user_cache(environment)
    torch_home = Path(environment.get("TORCH_HOME", cache / "torch")).expanduser()
    hub_home = Path(environment.get("HF_HOME", cache / "huggingface")).expanduser()
    checkpoints = torch_home / "hub" / "checkpoints"
    models = Path(environment.get("HF_HUB_CACHE", hub_home / "hub")).expanduser()
    counts = {
        checkpoints: len(list(checkpoints.glob("*.pth"))),
        models: len(list(models.glob("models--*"))),
    }
    finding = "; ".join(f"{count} in {folder}" for folder, count in counts.items())
    if any(counts.values()):
        return Check("pretrained weights", "ok", finding)
    remedy = "annt-prof fetch SCENARIO; without them random weights serve for timing"
    return Check("pretrained weights", "warning", finding, remedy)
