"""When and for how long something limited a device's clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.telemetry import columns
from annt_prof.telemetry.nvml import THROTTLE_REASONS
from annt_prof.telemetry.series import LONGEST_GAP_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from annt_prof.telemetry.series import Series


class Throttling(msgspec.Struct, frozen=True):
    """A limit on the clocks that was seen.

    Attributes:
        reason: What limited them.
        stretches_ns: From the first to the last sample of each stretch in which it was seen in
            every sample, ``time.monotonic_ns``.
        share: Of the samples.
    """

    reason: str
    stretches_ns: tuple[tuple[int, int], ...]
    share: float


def throttling_of(series: Series) -> tuple[Throttling, ...] | None:
    """Return every limit that was seen; None where the device does not tell."""
    seen = series.samples.get(columns.GPU_THROTTLE_BITS)
    if seen is None:
        return None
    return tuple(_found(seen.times_ns.tolist(), seen.values.astype(np.int64)))


def _found(times: list[int], bits: npt.NDArray[np.int64]) -> Iterator[Throttling]:
    for bit, name in THROTTLE_REASONS.items():
        limited = (bits & bit) != 0
        if limited.any():
            stretches = tuple(_stretches(times, limited.tolist()))
            yield Throttling(name, stretches, float(limited.mean()))


def _stretches(times: list[int], limited: list[bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    last = 0
    for time_ns, here in zip(times, limited, strict=True):
        if start is not None and (not here or time_ns - last > LONGEST_GAP_NS):
            yield start, last
            start = None
        if here and start is None:
            start = time_ns
        last = time_ns
    if start is not None:
        yield start, last
