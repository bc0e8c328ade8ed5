"""What the figures in the table of variants are of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from annt_prof.compare.figures import TRIMMED_FROM, launch_of_rounds
from annt_prof.compare.verdict import floor_of
from annt_prof.plan import BASELINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.runs.record import Run, VariantRecord

_APART = 0.05  # of a ratio; less is within what any of them varies by


class EpochStartNote(msgspec.Struct, frozen=True):
    """What an epoch's start adds to a variant's step time.

    Attributes:
        iterations: Of an epoch.
        start_ns: What its start takes.
        share: Of the step time, 0 to 1.
    """

    variant: str
    iterations: int
    start_ns: int
    share: float


class ContradictionNote(msgspec.Struct, frozen=True):
    """A variant whose throughput by itself comes to another ratio than pairs of windows do.

    Attributes:
        by_throughputs: Its samples per second over the baseline's.
        by_pairs: Its speedup.
    """

    variant: str
    by_throughputs: float
    by_pairs: float


class PeakOwner(msgspec.Struct, frozen=True):
    """A kind of memory, with the variants whose peak is of it."""

    kind: str
    variants: tuple[str, ...]


class TableNotes(msgspec.Struct, frozen=True, kw_only=True):
    """What each column's figures are of.

    Attributes:
        samples_per_iteration: Of the variants, each once, rising.
        least_windows, most_windows: Behind a variant's figures.
        launch_figure: Which figure of its windows a launch counts with: the mean where long steps
            are in some windows more than in others.
        trimmed_from: Launches from which on step times and speedups are of the middle three fifths
            of them; None where nothing is trimmed.
        starts_in_steps: Whether epochs' starts lie within windows, and so in single steps.
        epoch_starts: Where they are added to the step time.
        whole_epochs: Iterations of the epochs that windows hold whole, each once, rising.
        contradictions: Variants whose throughput tells another speedup.
        floor: Effect, a fraction, up to which nothing is told from none.
        peak_owners: Of what the peaks are, by name.
    """

    samples_per_iteration: tuple[int, ...]
    least_windows: int
    most_windows: int
    launch_figure: Literal["mean", "median"]
    trimmed_from: int | None
    starts_in_steps: bool
    epoch_starts: tuple[EpochStartNote, ...]
    whole_epochs: tuple[int, ...]
    contradictions: tuple[ContradictionNote, ...]
    floor: float
    peak_owners: tuple[PeakOwner, ...]


def build_table_notes(run: Run) -> TableNotes | None:
    """Return what is to be said of the figures; None where nothing was measured."""
    measured = [v for v in run.variants if v.step_time is not None]
    if not measured:
        return None
    windows = [v.step_time.n for v in measured if v.step_time is not None]
    held = [v.epochs for v in measured if v.epochs is not None and v.epochs.in_windows]
    return TableNotes(
        samples_per_iteration=tuple(sorted({v.samples_per_iteration for v in measured})),
        least_windows=min(windows),
        most_windows=max(windows),
        launch_figure="mean" if any(v.uneven for v in measured) else "median",
        trimmed_from=TRIMMED_FROM if any(map(_is_trimmed, measured)) else None,
        starts_in_steps=bool(held),
        epoch_starts=tuple(_epoch_starts(measured)),
        whole_epochs=tuple(sorted({epochs.iterations for epochs in held})),
        contradictions=tuple(_contradictions(measured)),
        floor=floor_of(run.variants),
        peak_owners=_peak_owners(measured),
    )


def _is_trimmed(variant: VariantRecord) -> bool:
    num_launches = len(set(launch_of_rounds(variant).values()))
    return num_launches >= TRIMMED_FROM and not variant.uneven


def _epoch_starts(measured: Sequence[VariantRecord]) -> Iterator[EpochStartNote]:
    for variant in measured:
        epochs, time = variant.epochs, variant.step_time
        if epochs is not None and time is not None and time.epoch_start_ns > 0:
            whole_ns = time.epoch_start_ns * epochs.iterations
            share = time.epoch_start_ns / time.mean_ns
            yield EpochStartNote(variant.name, epochs.iterations, whole_ns, share)


def _contradictions(measured: Sequence[VariantRecord]) -> Iterator[ContradictionNote]:
    base = next((v.throughput for v in measured if v.name == BASELINE), None)
    for variant in measured:
        if base is None or variant.speedup is None or variant.throughput is None:
            continue
        ratio = variant.throughput / base
        if abs(math.log(ratio / variant.speedup.ratio)) > _APART:
            yield ContradictionNote(variant.name, ratio, variant.speedup.ratio)


def _peak_owners(measured: Sequence[VariantRecord]) -> tuple[PeakOwner, ...]:
    """Return each kind of memory with its variants: one kind is not to be compared with another."""
    kinds = sorted({v.peak_memory_of for v in measured if v.peak_memory_of is not None})
    return tuple(
        PeakOwner(kind, tuple(v.name for v in measured if v.peak_memory_of == kind))
        for kind in kinds
    )
