"""Numbers as people read them: the only place that formats figures.

A table fixes its unit and its decimals once, from its largest figure, and then prints each cell
with them; a figure in a sentence carries its own unit.

What is held is told in powers of 1024, as MiB and GiB: memory, shared memory and data sets, as
NVML, torch and /proc count them. What moves is told in powers of 1000, as MB, and GB/s per second:
makers of devices and links and NCCL's own benchmarks state rates so, and MB per ms are GB/s.

Thousands are separated by commas wherever a figure has them: counts, durations, rates, sizes,
shares; in words and in cells, with decimals or without. Two kinds of numbers are written as they
were given, so that they can be looked for or typed again: what somebody set (``as_given``), and
what names a thing, as a step, a rank, a port or a seed does. What a program reads, JSON and CSV, is
not formatted here at all.

A unit stands behind a space, the sign of percent too. Source: the SI Brochure, 9th edition, 5.4.3
and 5.4.7.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

KIB = 1024
MIB = KIB * 1024
GIB = MIB * 1024
MB = 1_000_000

BEFORE_UNIT = re.compile(
    r"(?<=[0-9]) (?=(?:[mu]?s|min|h|%|[MG]i?B(?:/s)?|[TG]FLOP/s|[WJ]|MHz|°C)(?![A-Za-z]))"
)
"""The blank between a figure and its unit, where no line should end."""

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def whole(number: int) -> str:
    """Return a whole number as ``12,345``."""
    return f"{number:,}"


def number(value: float, places: int = 0) -> str:
    """Return a figure without a unit as ``1,234.5``."""
    return f"{value:,.{places}f}"


def as_given(value: float) -> str:
    """Return a number as a person writes it, ``90``, ``0.5`` or ``65536``; at most six digits."""
    return f"{value:g}"


def axis_figure(value: float) -> str:
    """Return a figure beside an axis, as ``0.25`` or ``12,345``; at most five digits."""
    return f"{value:,.5g}" if abs(value) < 100_000 else f"{value:.2g}"


def scientific(value: float) -> str:
    """Return a figure of unknown size as ``1.23e-05``."""
    return f"{value:.2e}"


def reading(value: float, unit: str) -> str:
    """Return what a counter of whole units shows, on average, as ``98 %`` or ``1,410 MHz``."""
    return f"{number(value)} {unit}"


def decimals(largest: float, significant: int = 4, most: int = 3) -> int:
    """Return how many decimals give the largest figure of a table its significant digits.

    At least 1 where the figure is below ten thousand, so that small neighbours do not read 0.
    """
    if abs(largest) >= 10_000:
        return 0
    digits = len(str(int(abs(largest)))) if abs(largest) >= 1 else 0
    return min(most, max(1, significant - digits))


def duration_decimals(durations_ns: Iterable[float]) -> int:
    """Return the decimals of a table of milliseconds, given all its durations in nanoseconds."""
    return decimals(max(durations_ns, default=0) / NS_PER_MS)


def milliseconds(duration_ns: float, places: int) -> str:
    """Return nanoseconds as milliseconds without the unit, for a cell of a table."""
    return number(duration_ns / NS_PER_MS, places)


def tick(duration_ns: int) -> str:
    """Return a round number of nanoseconds as milliseconds without the unit, for an axis."""
    return f"{duration_ns / NS_PER_MS:,g}"


def microseconds(duration_ns: float, places: int = 1) -> str:
    """Return nanoseconds as microseconds without the unit, for a cell of a table."""
    return number(duration_ns / NS_PER_US, places)


def duration(duration_ns: float) -> str:
    """Return nanoseconds as ``12.34 ms``, for a sentence."""
    return f"{milliseconds(duration_ns, duration_decimals([duration_ns]))} ms"


def duration_in(duration_ns: float, places: int) -> str:
    """Return nanoseconds as ``12.34 ms``, beside others with as many decimals."""
    return f"{milliseconds(duration_ns, places)} ms"


def short_or_long(duration_ns: float) -> str:
    """Return nanoseconds as ``12.34 ms``, and from ten seconds on as ``1 min 05 s``."""
    if duration_ns < 10 * NS_PER_S:
        return duration(duration_ns)
    return seconds(duration_ns / NS_PER_S)


def reads_as_nothing(duration_ns: float) -> bool:
    """Tell whether a sentence would give a duration as ``0.000 ms``, or as that with a sign."""
    return round(duration_ns / NS_PER_MS, duration_decimals([duration_ns])) == 0


def brief(duration_ns: float) -> str:
    """Return a duration as ``12.34 ms``, and as ``0.123 us`` where it would read ``0.000 ms``."""
    if reads_as_nothing(duration_ns):
        return f"{microseconds(duration_ns, 3)} us"
    return duration(duration_ns)


def fine(duration_ns: float) -> str:
    """Return nanoseconds as ``12.34 ms``, and below one as ``12.34 us``: for single activities."""
    if not duration_ns or abs(duration_ns) >= NS_PER_MS:
        return duration(duration_ns) if duration_ns else "0 us"
    return f"{microseconds(duration_ns, decimals(duration_ns / NS_PER_US))} us"


def seconds(duration_s: float) -> str:
    """Return a span that someone waits for, as ``8 s`` or ``2 min 05 s``."""
    whole = max(0, round(duration_s))
    minutes, rest = divmod(whole, 60)
    if minutes >= 60:
        return f"{minutes // 60:,} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def time_of_day(at_ns: int) -> str:
    """Return nanoseconds since 1970 as ``14:05:09``, by the clock of whoever reads it."""
    return datetime.fromtimestamp(at_ns / NS_PER_S).astimezone().strftime("%H:%M:%S")


def seconds_alone(duration_s: float, places: int = 0) -> str:
    """Return a span as ``90 s``, however long."""
    return f"{number(duration_s, places)} s"


def limit_s(duration_s: float) -> str:
    """Return a limit that somebody set, as ``90 s`` or ``0.5 s``."""
    return f"{as_given(duration_s)} s"


def percent(fraction: float, places: int = 1) -> str:
    """Return a fraction as ``7.1 %``; what is not zero never reads as zero."""
    smallest = 0.5 * 10 ** -(places + 2)
    if 0 < abs(fraction) < smallest:
        least = f"{10**-places:.{places}f} %"
        return f"< {least}" if fraction > 0 else f"> -{least}"
    return f"{number(fraction * 100 + 0.0, places)} %"


def points(fraction: float, places: int = 1) -> str:
    """Return the difference of two shares as ``2.2 points``, of a hundred."""
    return f"{number(fraction * 100 + 0.0, places)} points"


def limit_percent(fraction: float) -> str:
    """Return a limit that somebody set as a fraction, as ``1 %`` or ``0.25 %``."""
    return f"{as_given(fraction * 100)} %"


def plus_minus(fraction: float) -> str:
    """Return the half-width of an interval as ``± 0.6 %``, with two significant digits."""
    places = 0 if fraction >= 0.1 else 1 if fraction >= 0.001 else 2
    return f"± {number(fraction * 100, places)} %"


def ratio_decimals(half_width: float | None) -> int:
    """Return the decimals that an interval of this half-width (a fraction) gives sense to."""
    return 3 if half_width is not None and half_width < 0.01 else 2


def ratio(value: float, places: int = 2) -> str:
    """Return a speedup as ``1.34x``."""
    return f"{number(value, places)}x"


def throughput_decimals(samples_per_s: Iterable[float]) -> int:
    """Return the decimals of a column of samples per second, given all its figures."""
    return decimals(max(samples_per_s, default=0), most=2)


def throughput(samples_per_s: float, places: int) -> str:
    """Return samples per second without the unit, for a cell of a table."""
    return number(samples_per_s, places)


def throughput_in(samples_per_s: float, places: int) -> str:
    """Return ``1,234.5 samples/s``, for a sentence."""
    return f"{throughput(samples_per_s, places)} samples/s"


class MemoryUnit(NamedTuple):
    """The unit of a table of memory sizes.

    Attributes:
        name: ``MiB`` or ``GiB``.
        size_bytes: Of one unit.
        places: Decimals.
    """

    name: str
    size_bytes: int
    places: int

    def format(self, size_bytes: int) -> str:
        """Return a size without the unit, for a cell of a table; no size reads as zero."""
        if 0 < size_bytes < self.size_bytes * 10**-self.places / 2:
            return f"< {10**-self.places:.{self.places}f}"
        return number(size_bytes / self.size_bytes, self.places)


def memory_unit(sizes_bytes: Iterable[int]) -> MemoryUnit:
    """Return the one unit of a table, from its largest size."""
    largest = max(sizes_bytes, default=0)
    return MemoryUnit("GiB", GIB, 2) if largest >= GIB else MemoryUnit("MiB", MIB, 1)


def memory_in(size_bytes: float, unit: MemoryUnit, places: int) -> str:
    """Return ``1.502 GiB``, beside others in the same unit with as many decimals."""
    return f"{unit._replace(places=places).format(round(size_bytes))} {unit.name}"


def memory(size_bytes: int) -> str:
    """Return ``1.50 GiB`` or ``12.0 MiB``, for a sentence."""
    unit = memory_unit([size_bytes])
    return f"{unit.format(size_bytes)} {unit.name}"


def megabytes(moved_bytes: int) -> str:
    """Return what was copied as MB without the unit, for a cell of a table; 0 is for nothing."""
    return "< 0.1" if 0 < moved_bytes < 50_000 else number(moved_bytes / MB, 1)


def gigabytes_per_s(bytes_per_s: float) -> str:
    """Return a rate of copies as GB/s without the unit."""
    return number(bytes_per_s / 1e9, 1)


def teraflops(flops_per_s: float) -> str:
    """Return a rate of operations as TFLOP/s without the unit."""
    return "< 0.001" if 0 < flops_per_s < 5e8 else number(flops_per_s / 1e12, 3)


def joules(energy_j: float) -> str:
    """Return an energy without the unit, with three significant digits, for a cell of a table."""
    places = 3 if energy_j < 1 else 2 if energy_j < 10 else 1 if energy_j < 100 else 0
    return number(energy_j, places) if energy_j >= 0.001 else f"{energy_j:.1e}"


def energy_decimals(energies_j: Iterable[float]) -> int:
    """Return the decimals of figures beside each other; small ones have four digits too."""
    largest = max(energies_j, default=0)
    return 3 - math.floor(math.log10(largest)) if 0 < largest < 1 else decimals(largest)


def energy(energy_j: float, places: int) -> str:
    """Return joules as ``1.25 J``, for a sentence."""
    return f"{number(energy_j, places)} J"


def signed_milliseconds(duration_ns: float, places: int) -> str:
    """Return a difference as ``+1.250``, milliseconds without the unit, for a cell of a table."""
    return f"{duration_ns / NS_PER_MS + 0.0:+,.{places}f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 round`` or ``12,345 rounds``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
