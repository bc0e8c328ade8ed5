"""How fast what is counted grew, over the time in which it was sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.telemetry.series import LONGEST_GAP_NS, Samples

if TYPE_CHECKING:
    import numpy.typing as npt

RATE_OVER_NS = 480_000_000
"""Over how long a rate is told, at least. CPU time is counted in ticks of 10 ms and read every
40 ms: over one reading, a core that is kept busy would read anything from 75 to 125 %. The whole
machine's is read every half second, give or take a reading."""


def rates(counted: Samples, instants: npt.NDArray[np.int64] | None = None) -> Samples:
    """Return the growth of a cumulative column per nanosecond, at the end of each interval.

    Args:
        counted: What only grows.
        instants: Where intervals end, rising; None for the column's own samples.

    Returns:
        NaN where the interval, or a gap between two samples in it, is longer than a second.
    """
    times = counted.times_ns
    if len(times) < 2:
        return Samples(times[:0], counted.values[:0])
    wanted = times if instants is None else instants
    wanted = wanted[(wanted >= times[0]) & (wanted <= times[-1])]
    ends = _apart(wanted)
    if len(ends) < 2:
        return Samples(times[:0], counted.values[:0])
    origin = times[0]
    at = np.interp((ends - origin).astype(float), (times - origin).astype(float), counted.values)
    values = np.diff(at) / np.diff(ends)
    values[(np.diff(ends) > LONGEST_GAP_NS) | _with_gap(times, ends)] = np.nan
    return Samples(ends[1:], values)


def broken(samples: Samples) -> Samples:
    """Return momentary samples with NaN just behind each that a longer gap follows."""
    after = np.flatnonzero(np.diff(samples.times_ns) > LONGEST_GAP_NS)
    times = np.insert(samples.times_ns, after + 1, samples.times_ns[after] + 1)
    return Samples(times, np.insert(samples.values, after + 1, np.nan))


def _apart(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the first of these times, and each that is far enough from the one before."""
    kept: list[int] = []
    for time_ns in times.tolist():
        if not kept or time_ns - kept[-1] >= RATE_OVER_NS:
            kept.append(time_ns)
    return np.array(kept, dtype=np.int64)


def _with_gap(times: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell of each interval between ends whether the samples in it are too far apart."""
    after = np.flatnonzero(np.diff(times) > LONGEST_GAP_NS)
    found = np.zeros(len(ends) - 1, dtype=bool)
    for start, end in zip(times[after].tolist(), times[after + 1].tolist(), strict=True):
        found |= (ends[:-1] < end) & (ends[1:] > start)
    return found
