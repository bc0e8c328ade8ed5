"""Single step times in their order, as strips: launches apart, outliers marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from annt_prof.runs.record import VariantRecord

    Ints = NDArray[np.int64]

FENCE = 3.0
"""Interquartile ranges beyond the quartiles, of log step times, from which a step is an outlier.

On the logarithm, as step times are skewed: what is twice as long is as far as what is half as long.
Source: J. W. Tukey, Exploratory Data Analysis, 1977, section 2D: values beyond the outer fences
are "far out".
"""
LEAST_STEPS = 8
"""Below, quartiles tell nothing; it is a choice."""


@dataclass(frozen=True, eq=False)
class StepStrip:
    """All single steps of a variant.

    Attributes:
        name: The variant.
        step_ns: int64, shape (n,): in the order in which they ran.
        launch: int64, shape (n,): of each, from 0.
        outlier: bool, shape (n,).
        text: From the shortest to the longest, as it is printed.
    """

    name: str
    step_ns: Ints
    launch: Ints
    outlier: NDArray[np.bool_]
    text: str


@dataclass(frozen=True, eq=False)
class StripCells:
    """A strip in cells; columns of shape (cells,).

    Attributes:
        low, high: Of the steps of each cell, as a share of the strips' scale, 0 to 1.
        outlier: Whether there is one among them.
        launch: That the last of them is of: where one begins in the cell, that one.
        begins: Whether a launch begins in the cell.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    outlier: NDArray[np.bool_]
    launch: Ints
    begins: NDArray[np.bool_]


@dataclass(frozen=True)
class StepStrips:
    """Strips on one scale.

    Attributes:
        strips: Of the variants that have step times, in the order of the run.
        least_ns, most_ns: From where to where the scale reaches; outliers may lie beyond.
        scale: The same as it is printed.
    """

    strips: tuple[StepStrip, ...]
    least_ns: int
    most_ns: int
    scale: str

    def cells(self, strip: StepStrip, num_cells: int) -> StripCells:
        """Reduce a strip to so many cells; of fewer steps each has several cells."""
        first = np.arange(num_cells) * len(strip.step_ns) // num_cells
        last = np.maximum(np.append(first[1:], len(strip.step_ns)) - 1, first)
        another = np.append(True, first[1:] != first[:-1])
        span = max(self.most_ns - self.least_ns, 1)
        low = np.minimum.reduceat(strip.step_ns, first)
        high = np.maximum.reduceat(strip.step_ns, first)
        begins = np.append(True, strip.launch[1:] != strip.launch[:-1])
        return StripCells(
            low=np.clip((low - self.least_ns) / span, 0, 1),
            high=np.clip((high - self.least_ns) / span, 0, 1),
            outlier=np.logical_or.reduceat(strip.outlier, first),
            launch=strip.launch[last],
            begins=np.logical_or.reduceat(begins, first) & another,
        )


def build_step_strips(variants: Iterable[VariantRecord]) -> StepStrips:
    """Return the strips of all variants that have step times."""
    strips = tuple(_strip(variant) for variant in variants if variant.windows)
    usual = [strip.step_ns[~strip.outlier] for strip in strips]
    usual = [times if len(times) else s.step_ns for times, s in zip(usual, strips, strict=True)]
    least_ns = min((int(times.min()) for times in usual), default=0)
    most_ns = max((int(times.max()) for times in usual), default=0)
    return StepStrips(strips, least_ns, most_ns, _range([least_ns, most_ns]))


def step_times(variant: VariantRecord) -> tuple[Ints, Ints]:
    """Return every single step time of a variant and the launch of each, as they ran."""
    windows = sorted(variant.windows, key=lambda window: window.started_ns)
    times = np.array([ns for window in windows for ns in window.step_ns], np.int64)
    lengths = [len(window.step_ns) for window in windows]
    launches = np.repeat(np.array([window.launch for window in windows], np.int64), lengths)
    return times, launches


def outliers(step_ns: Ints) -> NDArray[np.bool_]:
    """Tell which step times are far out of the others of their variant; shape (n,)."""
    if len(step_ns) < LEAST_STEPS:
        return np.zeros(len(step_ns), bool)
    logs = np.log(np.maximum(step_ns, 1))
    low, high = np.percentile(logs, [25, 75])
    beyond = FENCE * (high - low)
    far: NDArray[np.bool_] = (logs < low - beyond) | (logs > high + beyond)
    return far


def _strip(variant: VariantRecord) -> StepStrip:
    step_ns, launch = step_times(variant)
    ends = [int(step_ns.min()), int(step_ns.max())]
    return StepStrip(variant.name, step_ns, launch, outliers(step_ns), _range(ends))


def _range(ends_ns: Sequence[int]) -> str:
    places = units.duration_decimals(ends_ns)
    low, high = (units.milliseconds(ns, places) for ns in ends_ns)
    return f"{low} to {high} ms"
