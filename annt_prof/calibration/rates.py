"""What this machine can do at most, measured in a process of its own."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Never

from annt_prof.calibration.collectives import collective_rate
from annt_prof.errors import UserError
from annt_prof.machine.ceilings import Ceilings
from annt_prof.machine.machine import has_tf32
from annt_prof.workers.messages import Failure
from annt_prof.workers.process import WorkerLost, fork

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext

    import torch

    from annt_prof.workers.process import Worker

_SECONDS_EACH = 0.4
_MATRIX_SIDES = {"cpu": (512, 1024, 2048), "cuda": (4096, 8192, 16384)}
_COPIED_BYTES = {"cpu": 2**26, "cuda": 2**30}
_TO_DEVICE_BYTES = 2**28


@dataclass(frozen=True)
class Calibrated:
    """What the machine can do at most.

    Attributes:
        num_devices: CUDA devices; 0 where it was the CPU that was measured.
    """

    ceilings: Ceilings
    num_devices: int


def calibrate(context: ForkServerContext, *, use_accelerator: bool) -> Ceilings:
    """Measure the ceilings; takes some seconds, and other work on the machine lowers them.

    Args:
        context: From ``start_fork_server``.
        use_accelerator: False measures the CPU even where there is an accelerator.

    Raises:
        UserError: It failed, for lack of memory for instance.
    """
    worker: Worker[Never, Calibrated] = fork(context, _serve, use_accelerator)
    try:
        calibrated = worker.receive()
    except WorkerLost as lost:
        raise UserError(
            f"calibrating failed: {lost.failure.message}", where="--calibrate"
        ) from None
    finally:
        worker.kill()
    collective = collective_rate(context, num_devices=calibrated.num_devices)
    return replace(
        calibrated.ceilings,
        collective_bytes_per_s=collective.bytes_per_s,
        collective_ranks=collective.ranks,
        no_collective=collective.reason,
    )


def _serve(connection: Connection[Calibrated | Failure, Never], use_accelerator: bool) -> None:
    import torch

    # torch.utils.benchmark imports it, and it warns where there is no CUDA.
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    device = "cuda" if use_accelerator and torch.cuda.is_available() else "cpu"
    try:
        num_devices = torch.cuda.device_count() if device == "cuda" else 0
        connection.send(Calibrated(_measure(torch.device(device)), num_devices))
    except Exception as error:  # noqa: BLE001 - reported to the parent
        connection.send(Failure("crashed", f"{type(error).__name__}: {error}"))


def _measure(device: torch.device) -> Ceilings:
    import torch

    on_device = device.type == "cuda"
    size = _COPIED_BYTES[device.type]
    source = torch.ones(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    one = torch.ones(1, device=device)
    return Ceilings(
        matrix_flops=_matrix_rates(device),
        memory_bytes_per_s=2
        * size
        / _seconds("target.copy_(source)", target=target, source=source),
        pinned_bytes_per_s=_copy_rate(device, pinned=True) if on_device else None,
        pageable_bytes_per_s=_copy_rate(device, pinned=False) if on_device else None,
        launch_ns=_seconds("one.add_(1)", one=one) * 1e9,
    )


def _matrix_rates(device: torch.device) -> dict[str, float]:
    """Return operations per second of a square matrix product; 2 n^3 of them."""
    import torch

    on_device = device.type == "cuda"
    dtypes = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if on_device:
        dtypes["float16"] = torch.float16
    rates = {}
    torch.set_float32_matmul_precision("highest")
    for name, dtype in dtypes.items():
        rates[name] = _product_rate(dtype, device)
    if on_device and has_tf32(torch.cuda.get_device_capability(device)):
        torch.set_float32_matmul_precision("high")
        rates["tf32"] = _product_rate(torch.float32, device)
    return rates


def _product_rate(dtype: torch.dtype, device: torch.device) -> float:
    """Return the highest rate over a few sizes."""
    import torch

    rates = []
    for side in _MATRIX_SIDES[device.type]:
        left = torch.randn(side, side, device=device).to(dtype)
        right = torch.randn(side, side, device=device).to(dtype)
        rates.append(2.0 * side**3 / _seconds("left @ right", left=left, right=right))
    return max(rates)


def _copy_rate(device: torch.device, *, pinned: bool) -> float:
    import torch

    source = torch.ones(_TO_DEVICE_BYTES, dtype=torch.uint8, pin_memory=pinned)
    target = torch.empty(_TO_DEVICE_BYTES, dtype=torch.uint8, device=device)
    return _TO_DEVICE_BYTES / _seconds("target.copy_(source)", target=target, source=source)


def _seconds(statement: str, **names: Any) -> float:  # noqa: ANN401 - tensors of all kinds
    """Return the shortest time of one execution, the device included.

    The shortest, as other work on the machine can only lengthen it.
    """
    import torch
    from torch.utils.benchmark import Timer

    timer = Timer(statement, globals=names, num_threads=torch.get_num_threads())
    measured = timer.blocked_autorange(min_run_time=_SECONDS_EACH)
    return float(min(measured.times))
