"""What each launch of a variant came to, of every figure that launches have."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.figures import launch_of_rounds, of_launches, per_iteration_ns

if TYPE_CHECKING:
    from annt_prof.runs.record import TimedWindow, VariantRecord


class Metric(StrEnum):
    """A figure of a variant, named as budgets name it."""

    STEP_TIME = "step_time"
    THROUGHPUT = "throughput"
    PEAK_MEMORY = "peak_memory"
    ENERGY_PER_SAMPLE = "energy_per_sample"


def figure_of(variant: VariantRecord, metric: Metric) -> float | None:
    """Return the figure as the record has it; None where it is not known.

    Nanoseconds per iteration, samples per second, bytes, or joules.
    """
    match metric:
        case Metric.STEP_TIME:
            return None if variant.step_time is None else variant.step_time.mean_ns
        case Metric.THROUGHPUT:
            return variant.throughput
        case Metric.PEAK_MEMORY:
            return variant.peak_memory_bytes
        case Metric.ENERGY_PER_SAMPLE:
            return variant.energy_per_sample_j


def by_launch(
    variant: VariantRecord, metric: Metric, *, uneven: bool | None = None
) -> dict[int, float]:
    """Return the figure of each launch by its number, in the units of ``figure_of``.

    Empty where it was not recorded by launches, as memory and energy were not in older records.

    Args:
        variant: Which has windows.
        metric: Of which figure.
        uneven: Whether a launch's step time is the mean of its rounds and not their median; as the
            run has it unless given.
    """
    by_round = launch_of_rounds(variant)
    launches = sorted(set(by_round.values()))
    match metric:
        case Metric.STEP_TIME | Metric.THROUGHPUT:
            means = variant.uneven if uneven is None else uneven
            figures = of_launches(per_iteration_ns(variant), by_round, uneven=means)
            if metric is Metric.THROUGHPUT:
                samples = variant.samples_per_iteration
                figures = [samples * units.NS_PER_S / ns for ns in figures]
            return dict(zip(launches, figures, strict=True))
        case Metric.PEAK_MEMORY:
            peaks = {n: _peak_bytes(_windows(variant, n)) for n in launches}
            return _known(peaks)
        case Metric.ENERGY_PER_SAMPLE:
            samples = variant.samples_per_iteration
            drawn = {n: _energy_j(_windows(variant, n), samples) for n in launches}
            return _known(drawn)


def _windows(variant: VariantRecord, launch: int) -> list[TimedWindow]:
    return [window for window in variant.windows if window.launch == launch]


def _peak_bytes(windows: list[TimedWindow]) -> float | None:
    known = [w.peak_memory_bytes for w in windows if w.peak_memory_bytes]
    return max(known) if known else None


def _energy_j(windows: list[TimedWindow], samples_per_iteration: int) -> float | None:
    """Return joules over the samples of the windows whose energy is known."""
    known = [(w.energy_j, w.iterations) for w in windows if w.energy_j is not None]
    energy_j = sum(joules for joules, _ in known)
    samples = sum(iterations for _, iterations in known) * samples_per_iteration
    return energy_j / samples if samples and energy_j > 0 else None


def _known(figures: dict[int, float | None]) -> dict[int, float]:
    """Return the figures where each launch has one: half of them would be another sample."""
    known = {launch: value for launch, value in figures.items() if value is not None}
    return known if len(known) == len(figures) else {}
