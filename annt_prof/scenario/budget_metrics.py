"""What a budget may be of: each metric's name, what it is measured in, and which way is better."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.categories import Category, KernelClass

if TYPE_CHECKING:
    from collections.abc import Mapping


class Dimension(StrEnum):
    """What a metric is counted in, and the unit that its limits are kept in."""

    TIME = "time"  # nanoseconds
    RATE = "rate"  # samples per second
    MEMORY = "memory"  # bytes
    ENERGY = "energy"  # joules
    SHARE = "share"  # a fraction
    COUNT = "count"


class Metric(NamedTuple):
    """Something that a budget may be of.

    Attributes:
        name: The key in a file.
        dimension: Of its figure.
        lower_is_better: Whether less of it is an improvement.
        of_step: Whether it is a part of the step's time, so that its share may be limited.
        description: A phrase, for people.
    """

    name: str
    dimension: Dimension
    lower_is_better: bool
    of_step: bool
    description: str


STEP_TIME = "step_time"
THROUGHPUT = "throughput"
PEAK_MEMORY = "peak_memory"
ENERGY_PER_SAMPLE = "energy_per_sample"
COMPILE_TIME = "compile_time"
MFU = "mfu"
TENSOR_CORE_SHARE = "tensor_core_share"
SKIPPED_STEPS = "skipped_steps"
NO_PITFALLS = "no_pitfalls"
KERNELS = "kernels."
"""Before the name of a kernel class, since some classes are called like a category."""


def _metrics() -> dict[str, Metric]:
    whole = (
        Metric(STEP_TIME, Dimension.TIME, True, False, "wall time of one iteration"),
        Metric(THROUGHPUT, Dimension.RATE, False, False, "samples per second"),
        Metric(PEAK_MEMORY, Dimension.MEMORY, True, False, "highest memory over timed windows"),
        Metric(ENERGY_PER_SAMPLE, Dimension.ENERGY, True, False, "energy of one sample"),
        Metric(COMPILE_TIME, Dimension.TIME, True, False, "the first optimizer step, cold"),
        Metric(MFU, Dimension.SHARE, False, False, "operations over the calibrated ceiling"),
        Metric(
            TENSOR_CORE_SHARE, Dimension.SHARE, False, False, "kernel time that used tensor cores"
        ),
        Metric(SKIPPED_STEPS, Dimension.COUNT, True, False, "steps that loss scaling skipped"),
    )
    parts = (
        Metric(c.value, Dimension.TIME, True, True, "a category of the breakdown") for c in Category
    )
    kernels = (
        Metric(f"{KERNELS}{c.value}", Dimension.TIME, True, True, "a class of kernels")
        for c in KernelClass
    )
    return {metric.name: metric for metric in (*whole, *parts, *kernels)}


METRICS: Mapping[str, Metric] = _metrics()
