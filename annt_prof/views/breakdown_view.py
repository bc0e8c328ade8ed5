"""Where the step goes, variant by variant, and what limits how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.compare.figures import waited_ns
from annt_prof.explain.agreement import Agreement, agreement
from annt_prof.remarks import Source
from annt_prof.views.sampled_view import SampledView, build_sampled_view
from annt_prof.views.step_parts import Scale, StepParts, build_step_parts, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runs.record import Run, VariantRecord

_WAITS_DIFFER = 0.05  # of the wait, and a fifth of that of the step: less is nothing to tell


class VariantBreakdown(msgspec.Struct, frozen=True, kw_only=True):
    """A traced variant.

    Attributes:
        mean: The mean traced step as it was recorded.
        parts: The same as it is shown.
        timed_ns: Its timed step in mid-epoch, as a traced window sees it; None where it was not
            timed.
        samples_per_iteration: The batch size.
        profiler_inflation: Traced over timed step time, minus 1.
        agreement: How the traced step compares with the timed one; None where it lacks either.
        timed_wait_ns: For how long of a timed step a CPU's training waits for its batch, where
            the trace shows another wait; None else.
        sampled: Beside its timed windows.
    """

    variant: str
    mean: MeanBreakdown
    parts: StepParts
    timed_ns: int | None
    samples_per_iteration: int
    profiler_inflation: float | None
    agreement: Agreement | None
    timed_wait_ns: int | None
    sampled: SampledView | None


class NotMeasured(msgspec.Struct, frozen=True):
    """Categories that traces cannot show, for one reason.

    Attributes:
        variants: Whose traces; all that were traced where ``of_all``.
    """

    categories: tuple[Category, ...]
    reason: str
    variants: tuple[str, ...]
    of_all: bool


class NotTraced(msgspec.Struct, frozen=True):
    """Measured variants that have no trace beside others that have one.

    Attributes:
        interrupted: Whether it is since the run was interrupted while it traced; where not so, or
            where that is not certain, their remarks say why.
        skipped: Whether it is since they were skipped while the run went on.
    """

    variants: tuple[str, ...]
    interrupted: bool
    skipped: bool = False


class BreakdownView(msgspec.Struct, frozen=True, kw_only=True):
    """Every traced variant of a run.

    Attributes:
        variants: Those that were traced, in the run's order.
        why_none: Why there are none: no variant was ``traced``, or the traces are there and
            ``unreadable``.
        not_traced: Grouped by why; empty where there is no breakdown at all.
        scale: Common to all.
        filled: Categories that took time in some variant, in the order of ``Category``.
        empty: Categories that were measured in all variants and took time in none.
        not_measured: Grouped by reason and variants.
        batch_sizes: Samples of an iteration, each once, rising; where there are several, the
            variants' steps are not the same work.
    """

    variants: tuple[VariantBreakdown, ...]
    why_none: Literal["not_traced", "unreadable"] | None
    not_traced: tuple[NotTraced, ...]
    scale: Scale
    filled: tuple[Category, ...]
    empty: tuple[Category, ...]
    not_measured: tuple[NotMeasured, ...]
    batch_sizes: tuple[int, ...]


def build_breakdown_view(run: Run) -> BreakdownView:
    """Return what the traces of a run show."""
    traced = [(v, v.breakdown) for v in run.variants if v.breakdown is not None]
    on_host = run.environment.device_type == "cpu"
    variants = tuple(_variant(v, mean, on_host=on_host) for v, mean in traced)
    filled = {row.category for v in variants for row in v.parts.rows}
    lacking = {category for _, mean in traced for category in mean.not_measured}
    scale = scale_of([v.parts for v in variants])
    return BreakdownView(
        variants=variants,
        why_none=None if traced else _why_none(run.variants),
        not_traced=_not_traced(run) if traced else (),
        scale=scale,
        filled=tuple(category for category in Category if category in filled),
        empty=tuple(category for category in scale.categories if category not in filled | lacking),
        not_measured=_not_measured(traced),
        batch_sizes=tuple(sorted({v.samples_per_iteration for v in variants})),
    )


def _why_none(variants: Sequence[VariantRecord]) -> Literal["not_traced", "unreadable"]:
    return "unreadable" if any(v.trace is not None for v in variants) else "not_traced"


def _not_traced(run: Run) -> tuple[NotTraced, ...]:
    grouped: dict[tuple[bool, bool], list[str]] = {}
    for variant in run.variants:
        if variant.status != "measured" or not variant.windows or variant.breakdown is not None:
            continue
        if variant.trace is not None:
            continue  # it was traced, and what keeps the trace from being read is a remark
        failed = any(remark.source is Source.RUN for remark in variant.remarks)
        interrupted = not run.complete and not failed and not variant.skipped
        grouped.setdefault((interrupted, variant.skipped), []).append(variant.name)
    return tuple(NotTraced(tuple(names), *why) for why, names in grouped.items())


def _variant(variant: VariantRecord, mean: MeanBreakdown, *, on_host: bool) -> VariantBreakdown:
    timed = variant.step_time
    return VariantBreakdown(
        variant=variant.name,
        mean=mean,
        parts=build_step_parts(mean),
        timed_ns=None if timed is None else timed.within_epoch_ns,
        samples_per_iteration=variant.samples_per_iteration,
        profiler_inflation=variant.profiler_inflation,
        agreement=agreement(variant),
        timed_wait_ns=_other_wait_ns(variant, mean) if on_host else None,
        sampled=build_sampled_view(variant.telemetry),
    )


def _other_wait_ns(variant: VariantRecord, mean: MeanBreakdown) -> int | None:
    """Return the timed windows' wait per iteration where the trace shows another; None else."""
    wait_ns, timed = waited_ns(variant), variant.step_time
    traced_ns = mean.by_category_ns.get(Category.DATA_LOADING)
    if wait_ns is None or timed is None or traced_ns is None:
        return None
    least_ns = _WAITS_DIFFER * max(wait_ns, 0.2 * timed.within_epoch_ns)
    return wait_ns if abs(wait_ns - traced_ns) > least_ns else None


def _not_measured(traced: Sequence[tuple[VariantRecord, MeanBreakdown]]) -> tuple[NotMeasured, ...]:
    """Return what the traces cannot show and why; once where several agree in it."""
    whose: dict[tuple[tuple[Category, ...], str], list[str]] = {}
    for variant, mean in traced:
        by_reason: dict[str, list[Category]] = {}
        for category, reason in mean.not_measured.items():
            by_reason.setdefault(reason, []).append(category)
        for reason, categories in by_reason.items():
            whose.setdefault((tuple(categories), reason), []).append(variant.name)
    return tuple(
        NotMeasured(categories, reason, tuple(names), of_all=len(names) == len(traced))
        for (categories, reason), names in whose.items()
    )
