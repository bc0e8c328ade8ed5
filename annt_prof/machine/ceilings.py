"""What a machine can do at most, and the file that keeps it, by the machine's fingerprint."""

from __future__ import annotations

import os
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the fields' types
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.machine.folders import own_cache

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.machine.environment import Environment

_FILE = "ceilings.json"


@dataclass(frozen=True)
class Ceilings:
    """What a machine can do at most, measured once by ``annt-prof doctor --calibrate``.

    Attributes:
        matrix_flops: Operations per second of a large matrix product, by dtype (``float32``,
            ``tf32``, ``bfloat16``, ``float16``).
        memory_bytes_per_s: Read and written by a large elementwise operation.
        pinned_bytes_per_s: Host to device from page-locked memory; None without a device.
        pageable_bytes_per_s: Host to device from ordinary memory; None without a device.
        launch_ns: From one empty launch to the next; on a CPU, of one small operator.
        collective_bytes_per_s: Bus bandwidth of an all-reduce over every device, on a CPU over
            two processes; None where it was not measured.
        collective_ranks: That took part in it.
        no_collective: Why it was not measured.
    """

    matrix_flops: Mapping[str, float]
    memory_bytes_per_s: float
    pinned_bytes_per_s: float | None
    pageable_bytes_per_s: float | None
    launch_ns: float
    collective_bytes_per_s: float | None = None
    collective_ranks: int = 1
    no_collective: str | None = None


def fingerprint(environment: Environment) -> str:
    """Name what ceilings depend on: the device, the host, its threads, torch and the driver."""
    parts = (
        environment.device_type,
        environment.device_name,
        environment.cpu_name,
        f"{environment.num_cores} cores",
        f"{environment.threads} threads",
        f"torch {environment.packages.get('torch', 'unknown')}",
        "no GPU driver" if environment.driver is None else f"driver {environment.driver}",
    )
    return ", ".join(dict.fromkeys(parts))


def keep(environment: Environment, ceilings: Ceilings) -> Path:
    """Store the ceilings of a machine and return the file.

    Raises:
        UserError: The file cannot be written.
    """
    path = _path()
    stored = _read(path)
    stored[fingerprint(environment)] = ceilings
    temporary = path.with_name(f".{_FILE}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(stored), indent=2) + b"\n")
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", where=str(path)) from None
    return path


def recall(environment: Environment) -> Ceilings | None:
    """Return the ceilings of this very machine, or None where it was never calibrated."""
    return _read(_path()).get(fingerprint(environment))


def _path() -> Path:
    return own_cache() / _FILE


def _read(path: Path) -> dict[str, Ceilings]:
    """Return what is stored; nothing where the file is missing or damaged, as it can be remade."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Ceilings])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
