"""Numbers as people read them: the only place that formats figures.

A table fixes its unit and its decimals once, from its largest figure, and then prints each cell
with them; a figure in a sentence carries its own unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KIB = 1024
MIB = KIB * 1024
GIB = MIB * 1024

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def decimals(largest: float, significant: int = 4, most: int = 3) -> int:
    """Return how many decimals give the largest figure of a table its significant digits.

    At least 1 where the figure is below ten thousand, so that small neighbours do not read 0.
    """
    if largest >= 10_000:
        return 0
    digits = len(str(int(abs(largest)))) if abs(largest) >= 1 else 0
    return min(most, max(1, significant - digits))


def duration_decimals(durations_ns: Iterable[float]) -> int:
    """Return the decimals of a table of milliseconds, given all its durations in nanoseconds."""
    return decimals(max(durations_ns, default=0) / NS_PER_MS)


def milliseconds(duration_ns: float, places: int) -> str:
    """Return nanoseconds as milliseconds without the unit, for a cell of a table."""
    return f"{duration_ns / NS_PER_MS:.{places}f}"


def duration(duration_ns: float) -> str:
    """Return nanoseconds as ``12.34 ms``, for a sentence."""
    return f"{milliseconds(duration_ns, duration_decimals([duration_ns]))} ms"


def seconds(duration_s: float) -> str:
    """Return a span that someone waits for, as ``8 s`` or ``2 min 05 s``."""
    whole = max(0, round(duration_s))
    minutes, rest = divmod(whole, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def percent(fraction: float, places: int = 1) -> str:
    """Return a fraction as ``7.1 %``; what is not zero never reads as zero."""
    smallest = 0.5 * 10 ** -(places + 2)
    if 0 < abs(fraction) < smallest:
        least = f"{10**-places:.{places}f} %"
        return f"< {least}" if fraction > 0 else f"> -{least}"
    return f"{fraction * 100 + 0.0:.{places}f} %"


def plus_minus(fraction: float) -> str:
    """Return the half-width of an interval as ``± 0.6 %``, with two significant digits."""
    places = 0 if fraction >= 0.1 else 1 if fraction >= 0.001 else 2
    return f"± {fraction * 100:.{places}f} %"


def ratio_decimals(half_width: float | None) -> int:
    """Return the decimals that an interval of this half-width (a fraction) gives sense to."""
    return 3 if half_width is not None and half_width < 0.01 else 2


def ratio(value: float, places: int = 2) -> str:
    """Return a speedup as ``1.34x``."""
    return f"{value:.{places}f}x"


def throughputs(samples_per_s: Sequence[float]) -> list[str]:
    """Return a column of samples per second without the unit, all with the same decimals."""
    places = decimals(max(samples_per_s, default=0), most=2)
    return [f"{value:.{places}f}" for value in samples_per_s]


def throughput(samples_per_s: float) -> str:
    """Return samples per second without the unit, with its own decimals."""
    return throughputs([samples_per_s])[0]


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
        """Return a size without the unit, for a cell of a table."""
        return f"{size_bytes / self.size_bytes:.{self.places}f}"


def memory_unit(sizes_bytes: Iterable[int]) -> MemoryUnit:
    """Return the one unit of a table, from its largest size."""
    largest = max(sizes_bytes, default=0)
    return MemoryUnit("GiB", GIB, 2) if largest >= GIB else MemoryUnit("MiB", MIB, 1)


def memory(size_bytes: int) -> str:
    """Return ``1.50 GiB`` or ``12.0 MiB``, for a sentence."""
    unit = memory_unit([size_bytes])
    return f"{unit.format(size_bytes)} {unit.name}"


def joules(energy_j: float) -> str:
    """Return an energy without the unit, with three significant digits, for a cell of a table."""
    places = 3 if energy_j < 1 else 2 if energy_j < 10 else 1 if energy_j < 100 else 0
    return f"{energy_j:.{places}f}" if energy_j >= 0.001 else f"{energy_j:.1e}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 round`` or ``12 rounds``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
