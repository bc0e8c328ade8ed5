"""What a machine can do at most, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.machine.ceilings import Ceilings


@dataclass(frozen=True)
class MatrixRate:
    """A large matrix product in one type.

    Attributes:
        dtype: Its name.
        flops: Floating-point operations per second.
        times_float32: As many times as fast as in float32.
    """

    dtype: str
    flops: float
    times_float32: float


@dataclass(frozen=True)
class CollectiveRate:
    """An all-reduce.

    Attributes:
        bytes_per_s: On the bus.
        ranks: That took part.
    """

    bytes_per_s: float
    ranks: int


@dataclass(frozen=True)
class CeilingsView:
    """The ceilings of one machine.

    Attributes:
        machine: Its fingerprint.
        matrix: In the order in which they were measured.
        memory_bytes_per_s: Read and written.
        pinned_bytes_per_s: From page-locked memory to the device; None without one.
        pageable_bytes_per_s: From ordinary memory; None likewise.
        collective: None where it was not measured.
        no_collective: Why it was not.
        launch_ns: Of the smallest operator.
        path: The file that keeps them.
    """

    machine: str
    matrix: tuple[MatrixRate, ...]
    memory_bytes_per_s: float
    pinned_bytes_per_s: float | None
    pageable_bytes_per_s: float | None
    collective: CollectiveRate | None
    no_collective: str
    launch_ns: float
    path: Path


def build_ceilings_view(machine: str, ceilings: Ceilings, path: Path) -> CeilingsView:
    """Return what is shown of ceilings.

    Args:
        machine: Its fingerprint.
        ceilings: With a rate for float32.
        path: The file that keeps them.
    """
    float32 = ceilings.matrix_flops["float32"]
    rate = ceilings.collective_bytes_per_s
    return CeilingsView(
        machine=machine,
        matrix=tuple(
            MatrixRate(dtype, flops, flops / float32)
            for dtype, flops in ceilings.matrix_flops.items()
        ),
        memory_bytes_per_s=ceilings.memory_bytes_per_s,
        pinned_bytes_per_s=ceilings.pinned_bytes_per_s,
        pageable_bytes_per_s=ceilings.pageable_bytes_per_s,
        collective=None if rate is None else CollectiveRate(rate, ceilings.collective_ranks),
        no_collective=ceilings.no_collective or "not measured",
        launch_ns=ceilings.launch_ns,
        path=path,
    )
