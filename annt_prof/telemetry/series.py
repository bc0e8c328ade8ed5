"""A telemetry file read back, and its figures over a variant's windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from annt_prof.telemetry import columns
from annt_prof.telemetry.nvml import throttle_reasons
from annt_prof.telemetry.summary import TelemetrySummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Intervals = Sequence[tuple[int, int]]

Row: TypeAlias = tuple[int, list[float]]
"""A time, and the other columns' values, NaN where they were not sampled."""

# How far beyond its first and last sample a series may be continued. The power sensors behind the
# energy counters move every 20 to 100 ms (Source: Yang, Adamek and Armour, "Part-time Power
# Measurements: nvidia-smi's Lack of Attention", 2023).
_REACH_NS = 250_000_000
LONGEST_GAP_NS = 1_000_000_000
"""Between two samples; beyond it, they say nothing of the time between."""

_LATEST_NS = 2**63 - 1


@dataclass(frozen=True)
class Samples:
    """One column where it was sampled.

    Attributes:
        times_ns: int64, shape (n,), rising; ``time.monotonic_ns``.
        values: float64, shape (n,), in the column's unit.
    """

    times_ns: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def within(self, intervals: Intervals) -> npt.NDArray[np.float64]:
        """Return the values sampled inside the intervals, ends included."""
        inside = np.zeros(len(self.times_ns), dtype=bool)
        for start, end in intervals:
            inside |= (self.times_ns >= start) & (self.times_ns <= end)
        return self.values[inside]

    def changes(self) -> Samples:
        """Return the samples at which the value had just changed.

        A counter that moves less often than it is read repeats itself; between two movements
        its growth is spread evenly, not put at the moment of the later one.
        """
        moved = np.flatnonzero(np.diff(self.values)) + 1
        return Samples(self.times_ns[moved], self.values[moved])

    def at(self, instants: Sequence[int]) -> npt.NDArray[np.float64] | None:
        """Return the values interpolated at instants, or None where one is out of reach.

        Within a quarter of a second of either end, the slope there continues.
        """
        if len(self.times_ns) < 2:
            return None
        origin = int(self.times_ns[0])
        times = (self.times_ns - origin).astype(np.float64)
        wanted = np.array(instants, dtype=np.int64) - origin
        if wanted.min() < -_REACH_NS or wanted.max() > times[-1] + _REACH_NS:
            return None
        segment = np.clip(np.searchsorted(times, wanted) - 1, 0, len(times) - 2)
        slope = np.diff(self.values)[segment] / np.diff(times)[segment]
        return np.asarray(self.values[segment] + slope * (wanted - times[segment]))


@dataclass(frozen=True)
class Series:
    """Everything sampled during a run.

    Attributes:
        times_ns: int64, shape (rows,).
        samples: By column; a column that was never sampled is absent.
    """

    times_ns: npt.NDArray[np.int64]
    samples: Mapping[str, Samples]

    def summary(self, intervals: Intervals) -> TelemetrySummary:
        """Return the means over the intervals.

        Args:
            intervals: Start and end of each window, ``time.monotonic_ns``, disjoint.
        """
        mean = {name: self._mean(name, intervals) for name in columns.COLUMNS}
        cpu = self._rate(columns.TREE_CPU_NS, intervals)
        busy = self._rate(columns.SYSTEM_BUSY_NS, intervals)
        others = None if cpu is None or busy is None else max(0.0, busy - cpu)
        rows = Samples(self.times_ns, self.times_ns.astype(np.float64)).within(intervals)
        return TelemetrySummary(
            gpu_utilisation_percent=mean[columns.GPU_UTILISATION_PERCENT],
            gpu_memory_bytes=_whole(mean[columns.GPU_MEMORY_BYTES]),
            gpu_power_w=self._power_w(intervals),
            gpu_sm_clock_mhz=mean[columns.GPU_SM_CLOCK_MHZ],
            gpu_memory_clock_mhz=mean[columns.GPU_MEMORY_CLOCK_MHZ],
            gpu_temperature_c=mean[columns.GPU_TEMPERATURE_C],
            gpu_throttle_reasons=self._throttle_reasons(intervals),
            host_cpu_percent=_percent(cpu),
            host_memory_bytes=_whole(mean[columns.TREE_MEMORY_BYTES]),
            num_samples=len(rows),
            gpu_pcie_rx_bytes_per_s=self._pcie(
                columns.GPU_PCIE_RX_BYTES, mean[columns.GPU_PCIE_RX_BYTES_PER_S], intervals
            ),
            gpu_pcie_tx_bytes_per_s=self._pcie(
                columns.GPU_PCIE_TX_BYTES, mean[columns.GPU_PCIE_TX_BYTES_PER_S], intervals
            ),
            host_other_cpu_percent=_percent(others),
        )

    def energy_j(self, intervals: Intervals) -> float | None:
        """Return the energy the device drew over the intervals, in joules.

        The growth of the device's energy counter, interpolated at the ends of each interval;
        where there is no counter, momentary power integrated by the trapezoidal rule.

        Returns:
            None where neither was sampled over every interval.

        Source: nvmlDeviceGetTotalEnergyConsumption, nvmlDeviceGetPowerUsage and
        NVML_FI_DEV_POWER_INSTANT, NVML API Reference.
        """
        if columns.GPU_ENERGY_MILLIJOULES in self.samples:
            growth = self._growth(columns.GPU_ENERGY_MILLIJOULES, intervals)
            return None if growth is None else growth / 1e3
        power = self.samples.get(columns.GPU_POWER_MILLIWATTS)
        if power is None or not intervals:
            return None
        parts = [_integral(power, start, end) for start, end in intervals]
        known = [part for part in parts if part is not None]
        return sum(known) / 1e12 if len(known) == len(parts) else None

    def _power_w(self, intervals: Intervals) -> float | None:
        energy = self.energy_j(intervals)
        return None if energy is None else energy / (_duration_ns(intervals) / 1e9)

    def _pcie(self, counter: str, mean: float | None, intervals: Intervals) -> float | None:
        rate = self._rate(counter, intervals)
        return mean if rate is None else rate * 1e9

    def _throttle_reasons(self, intervals: Intervals) -> tuple[str, ...]:
        seen = self.samples.get(columns.GPU_THROTTLE_BITS)
        if seen is None:
            return ()
        bits = np.bitwise_or.reduce(seen.within(intervals).astype(np.int64), initial=0)
        return throttle_reasons(int(bits))

    def _mean(self, column: str, intervals: Intervals) -> float | None:
        samples = self.samples.get(column)
        values = np.empty(0) if samples is None else samples.within(intervals)
        return float(values.mean()) if len(values) else None

    def _growth(self, column: str, intervals: Intervals) -> float | None:
        """Growth of a cumulative column over the intervals, in its unit."""
        samples = self.samples.get(column)
        if samples is None or not intervals:
            return None
        if column == columns.GPU_ENERGY_MILLIJOULES:
            samples = samples.changes()
        ends = samples.at([instant for interval in intervals for instant in interval])
        return None if ends is None else float((ends[1::2] - ends[::2]).sum())

    def _rate(self, column: str, intervals: Intervals) -> float | None:
        """Growth of a cumulative column per nanosecond."""
        growth = self._growth(column, intervals)
        return None if growth is None else growth / _duration_ns(intervals)


def read(path: Path) -> Series:
    """Return the samples of a telemetry file; rows that are no samples are left out.

    A crash may cut the last row off, and a disk may damage any. What has no column of times is no
    telemetry, and empty.

    Args:
        path: A CSV file that ``Sampler`` wrote, perhaps is still writing. Absent is empty.
    """
    encoded = path.read_bytes() if path.exists() else b""
    header, *lines = encoded[: encoded.rfind(b"\n") + 1].split(b"\n")
    names = header_of(header)
    return series_of(names, rows_of(names, lines))


def header_of(line: bytes) -> tuple[str, ...]:
    """Return the names of the columns; none where the first is not that of times."""
    names = tuple(line.decode(errors="replace").strip().split(","))
    return names if names[0] == columns.TIME_NS else ()


def rows_of(names: Sequence[str], lines: Iterable[bytes]) -> list[Row]:
    """Return the rows of these lines that are whole, sound and later than those before them.

    Args:
        names: Of the columns.
        lines: Without their ends.
    """
    rows: list[Row] = []
    for line in lines:
        row = _row(line, len(names))
        if row is not None and (not rows or row[0] > rows[-1][0]):
            rows.append(row)
    return rows


def series_of(names: Sequence[str], rows: Sequence[Row]) -> Series:
    """Return rows as a series.

    Args:
        names: Of the columns, the times first.
        rows: Rising in time.
    """
    times = np.array([time_ns for time_ns, _ in rows], dtype=np.int64)
    values = np.array([cells for _, cells in rows], dtype=np.float64)
    samples = {
        name: _column(times, values[:, place]) for place, name in enumerate(names[1:]) if rows
    }
    return Series(times, {name: column for name, column in samples.items() if len(column.values)})


def _row(line: bytes, width: int) -> Row | None:
    """Return the time and the other cells, NaN where they are empty; None of no sound row."""
    time, *cells = line.split(b",")
    if len(cells) != width - 1:
        return None
    try:
        time_ns = int(time)
        values = [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return None
    return (time_ns, values) if 0 <= time_ns <= _LATEST_NS else None


def _column(times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> Samples:
    sampled = np.isfinite(values)
    return Samples(times[sampled], values[sampled])


def _integral(power: Samples, start: int, end: int) -> float | None:
    """Power times nanoseconds over one interval, by the trapezoidal rule."""
    ends = power.at([start, end])
    if ends is None:
        return None
    inside = (power.times_ns > start) & (power.times_ns < end)
    times = np.concatenate(([start], power.times_ns[inside], [end]))
    values = np.concatenate((ends[:1], power.values[inside], ends[1:]))
    gaps = np.diff(times)
    if gaps.max() > LONGEST_GAP_NS:
        return None
    return float((gaps * (values[1:] + values[:-1]) / 2).sum())


def _duration_ns(intervals: Intervals) -> int:
    return sum(end - start for start, end in intervals)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
