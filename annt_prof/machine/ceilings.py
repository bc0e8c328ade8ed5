"""Where a machine's measured ceilings are kept: one file, by the machine's fingerprint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.techniques.evidence import Ceilings

if TYPE_CHECKING:
    from annt_prof.runs.record import Environment

_FILE = "ceilings.json"


class _Stored(msgspec.Struct, frozen=True):
    matrix_flops: dict[str, float]
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
    stored[fingerprint(environment)] = msgspec.convert(
        {name: getattr(ceilings, name) for name in _Stored.__struct_fields__}, _Stored
    )
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
    found = _read(_path()).get(fingerprint(environment))
    if found is None:
        return None
    return Ceilings(**{name: getattr(found, name) for name in _Stored.__struct_fields__})


def _path() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "annt_prof" / _FILE


def _read(path: Path) -> dict[str, _Stored]:
    """Return what is stored; nothing where the file is missing or damaged, as it can be remade."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, _Stored])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}
