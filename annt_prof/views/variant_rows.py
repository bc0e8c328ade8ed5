"""The table of variants: each with its figures and its verdict, or why it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from annt_prof import units
from annt_prof.compare.figures import of_one_measure, takes_starts_in, waited_ns
from annt_prof.plan import BASELINE
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runs.record import (
    Epochs,
    Numerics,
    Speedup,
    StepTime,
    TechniqueInEffect,
    VariantStatus,
)
from annt_prof.runs.verdict import Verdict
from annt_prof.telemetry.summary import TelemetrySummary
from annt_prof.views.breakdown_view import VariantBreakdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from annt_prof.runs.record import VariantRecord
    from annt_prof.views.breakdown_view import BreakdownView

_Line = TypeVar("_Line")

_MISTAKES = (Source.PITFALL, Source.TRACE)


class VariantRow(msgspec.Struct, frozen=True, kw_only=True):
    """One variant. What is not described here is as in ``VariantRecord``.

    Attributes:
        is_baseline: Then there is no verdict to expect.
        as_the_baseline: Whether it crashed, and for the same reason as the baseline.
        mix: Its factors, where its name alone does not tell them; None where it does.
        verdict: On the speedup; None of the baseline and where there is no speedup.
        mistakes: Remarks on known mistakes.
        new_mathematics: What it changes and no row of figures above has said, to stand beside its
            own name; of the baseline and of a row without figures nothing.
        num_windows: Timed ones.
        of_mid_epoch_alone: Whether its step time leaves an epoch's start out and the baseline's
            takes it in, so that the two are not to be compared.
        waited_ns: For how long of a timed iteration the host waits for its batch.
        traced: What its traced window shows; None where it was not traced.
    """

    name: str
    is_baseline: bool
    factors: tuple[str, ...]
    techniques: tuple[TechniqueInEffect, ...]
    left_out: dict[str, str]
    status: VariantStatus
    reason: str | None
    log: str | None
    as_the_baseline: bool
    mix: tuple[str, ...] | None
    verdict: Verdict | None
    remarks: tuple[Remark, ...]
    mistakes: tuple[Remark, ...]
    mathematics: tuple[Mathematics, ...]
    new_mathematics: tuple[str, ...]
    samples_per_iteration: int
    iterations_per_optimizer_step: int
    num_windows: int
    step_time: StepTime | None
    of_mid_epoch_alone: bool
    waited_ns: int | None
    epochs: Epochs | None
    speedup: Speedup | None
    peak_memory_of: str | None
    peak_memory_bytes: int | None
    energy_per_sample_j: float | None
    throughput: float | None
    telemetry: TelemetrySummary | None
    traced: VariantBreakdown | None
    first_step_s: float | None
    numerics: Numerics | None
    trace: str | None

    @property
    def mathematics_all_said(self) -> bool:
        """Whether it changes the mathematics, and rows above have said all of that."""
        return bool(self.mathematics) and not self.new_mathematics


class TableColumns(msgspec.Struct, frozen=True):
    """What the rows of figures have in common.

    Attributes:
        throughput_decimals: Of samples per second.
        duration_decimals: Of step times, in milliseconds.
        memory_unit: Of peaks.
        has_energy: Whether any variant's energy is known.
    """

    throughput_decimals: int
    duration_decimals: int
    memory_unit: units.MemoryUnit
    has_energy: bool


class SaidOfVariant(msgspec.Struct, frozen=True):
    """What is said of a variant beside the table, as far as no variant above has it too.

    Attributes:
        left_out: Techniques that could not act, each with the reason.
        mathematics: What it changes, a sentence each.
    """

    variant: str
    left_out: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    mathematics: tuple[str, ...]


def build_variant_rows(
    variants: Sequence[VariantRecord], breakdown: BreakdownView
) -> tuple[VariantRow, ...]:
    """Return a row for each variant.

    Args:
        variants: Of a run; the first one is the baseline.
        breakdown: Of the same run.
    """
    traced = {shown.variant: shown for shown in breakdown.variants}
    said: set[Mathematics] = set()
    rows = []
    for variant in variants:
        tells = variant.step_time is not None and variant.name != BASELINE
        unsaid = _unsaid(variant.mathematics, said) if tells else ()
        rows.append(_row(variant, variants[0], unsaid, traced.get(variant.name)))
    return tuple(rows)


def build_table_columns(rows: Iterable[VariantRow]) -> TableColumns:
    """Return the decimals and units of the table's columns."""
    measured = [row for row in rows if row.step_time is not None]
    longest_ns = (row.step_time.p95_ns for row in measured if row.step_time is not None)
    return TableColumns(
        throughput_decimals=units.throughput_decimals(row.throughput or 0 for row in measured),
        duration_decimals=units.duration_decimals(longest_ns),
        memory_unit=units.memory_unit(row.peak_memory_bytes or 0 for row in measured),
        has_energy=any(row.energy_per_sample_j is not None for row in measured),
    )


def said_of_variants(rows: Iterable[VariantRow]) -> tuple[SaidOfVariant, ...]:
    """Return what is said of each variant, once; those of which nothing is new are not there."""
    left_out: set[tuple[str, str]] = set()
    remarks: set[str] = set()
    mathematics: set[str] = set()
    every = (
        SaidOfVariant(
            row.name,
            _unsaid(row.left_out.items(), left_out),
            _unsaid((remark.sentence for remark in row.remarks), remarks),
            _unsaid((change.sentence for change in row.mathematics), mathematics),
        )
        for row in rows
    )
    return tuple(said for said in every if said.left_out or said.remarks or said.mathematics)


def _unsaid(lines: Iterable[_Line], said: set[_Line]) -> tuple[_Line, ...]:
    """Return what was not said before; from now on it is."""
    fresh = tuple(line for line in lines if line not in said)
    said.update(fresh)
    return fresh


def _row(
    variant: VariantRecord,
    baseline: VariantRecord,
    unsaid: Iterable[Mathematics],
    traced: VariantBreakdown | None,
) -> VariantRow:
    alone = variant.name == BASELINE or variant.factors == (variant.name,)
    return VariantRow(
        name=variant.name,
        is_baseline=variant.name == BASELINE,
        factors=variant.factors,
        techniques=variant.techniques,
        left_out=variant.left_out,
        status=variant.status,
        reason=variant.reason,
        log=variant.log,
        as_the_baseline=_crashed_alike(variant, baseline),
        mix=None if alone else variant.factors,
        verdict=variant.verdict,
        remarks=variant.remarks,
        mistakes=tuple(remark for remark in variant.remarks if remark.source in _MISTAKES),
        mathematics=variant.mathematics,
        new_mathematics=tuple(_beside(variant.name, change) for change in unsaid),
        samples_per_iteration=variant.samples_per_iteration,
        iterations_per_optimizer_step=variant.iterations_per_optimizer_step,
        num_windows=len(variant.windows),
        step_time=variant.step_time,
        of_mid_epoch_alone=takes_starts_in(baseline) and not of_one_measure(baseline, variant),
        waited_ns=waited_ns(variant),
        epochs=variant.epochs,
        speedup=variant.speedup,
        peak_memory_of=variant.peak_memory_of,
        peak_memory_bytes=variant.peak_memory_bytes,
        energy_per_sample_j=variant.energy_per_sample_j,
        throughput=variant.throughput,
        telemetry=variant.telemetry,
        traced=traced,
        first_step_s=variant.first_step_s,
        numerics=variant.numerics,
        trace=variant.trace,
    )


def _beside(name: str, change: Mathematics) -> str:
    """Return what changes, as it is said beside a variant's name: that is not said again."""
    return change.text if change.about == name else change.sentence


def _crashed_alike(variant: VariantRecord, baseline: VariantRecord) -> bool:
    """Tell whether the baseline's row says already why there are no figures."""
    both_crashed = variant.status == baseline.status == "crashed"
    return variant is not baseline and both_crashed and variant.reason == baseline.reason
