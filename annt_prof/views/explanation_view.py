"""What each technique is worth, with the evidence: all that faces show of an explanation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

from annt_prof.categories import WhyAssumed
from annt_prof.explain.explanation import Explanation, TechniqueExplanation, Worth
from annt_prof.plan import LEAST_LAUNCHES
from annt_prof.runs.verdict import Effect
from annt_prof.views.amounts import (
    AmountView,
    SavingView,
    build_amount_view,
    build_saving_view,
    turned,
)
from annt_prof.views.evidence import Evidence, build_evidence
from annt_prof.views.waterfall import Waterfall, build_waterfall_view

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Interaction, Throughput


class OrdersWalked(msgspec.Struct, frozen=True):
    """The orders of adding techniques from which shares were estimated, of all there are."""

    walked: int
    of: int


class RoundsTaken(msgspec.Struct, frozen=True):
    """The rounds that the total is over, of all in which the whole mix was measured."""

    taken: int
    of: int


class BaselineAgain(msgspec.Struct, frozen=True):
    """The baseline against itself.

    Attributes:
        ratio: As of a speedup.
        low, high: Its 95 % interval; None, both, where there is none.
        judgement: ``differs`` from 1, ``too_wide`` to tell, or the ``same``, as it should be;
            ``no_interval`` with too few launches for one.
    """

    ratio: float
    low: float | None
    high: float | None
    judgement: Literal["differs", "too_wide", "same", "no_interval"]


class PredictionsView(msgspec.Struct, frozen=True):
    """How many predictions there are, how many held and of how many noise lets nothing be told."""

    num_told: int
    num_held: int
    num_unsure: int


class TechniqueView(msgspec.Struct, frozen=True, kw_only=True):
    """One technique.

    Attributes:
        explained: What was found of it.
        evidence: What of it is told in lines, in their order.
        bound_ns: What it cannot save more than, per sample; None where nothing tells.
    """

    explained: TechniqueExplanation
    evidence: tuple[Evidence, ...]
    bound_ns: int | None


class PrecisionShare(msgspec.Struct, frozen=True):
    """A precision, with the share of matrix time in it, 0 to 1."""

    precision: str
    share: float


class ThroughputView(msgspec.Struct, frozen=True, kw_only=True):
    """Operations over time of one variant.

    Attributes:
        of_ceiling: Fraction of what the machine does at most; None where it is not known.
        dtype: That most of the matrix time ran in.
        mix: Where it ran in several, each with its share, the largest first.
        assumed: Classes of kernels of which that is not known, each with what settings give it.
        assumed_because: Why it is not known; None where nothing is assumed.
        why_not: Why there is no fraction.
    """

    variant: str
    flops_per_s: float
    of_ceiling: float | None
    dtype: str
    mix: tuple[PrecisionShare, ...]
    assumed: dict[str, str]
    assumed_because: WhyAssumed | None
    why_not: str | None


class InteractionView(msgspec.Struct, frozen=True):
    """Two techniques that together save more, or less, than both alone add up to.

    Attributes:
        more: Whether it is more.
        by: How much it is.
    """

    techniques: tuple[str, str]
    more: bool
    by: AmountView


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run.

    Attributes:
        explanation: What was found, as it is.
        orders: Where shares are estimated from a sample of orders.
        total: What the whole mix saves or costs; None where it was not measured.
        rounds: Where the total is over some of them: those that everything behind the shares has.
        stop_matters: Whether why measuring stopped explains why there are no intervals; not of a
            run that is incomplete, which says so anyhow.
        baseline_again: None where it was not measured twice.
        predictions: None where there are none.
        waterfall: None where the total is not shared out.
        techniques: In the mix's order.
        throughputs: Of each variant whose operations could be counted.
        interactions: The largest first; those whose whole interval lies beyond what the run tells
            from nothing.
    """

    explanation: Explanation
    orders: OrdersWalked | None
    total: SavingView | None
    rounds: RoundsTaken | None
    stop_matters: bool
    baseline_again: BaselineAgain | None
    predictions: PredictionsView | None
    waterfall: Waterfall | None
    techniques: tuple[TechniqueView, ...]
    throughputs: tuple[ThroughputView, ...]
    interactions: tuple[InteractionView, ...]


def build_explanation_view(explanation: Explanation) -> ExplanationView:
    """Return all that faces show of an explanation."""
    return ExplanationView(
        explanation=explanation,
        orders=_orders(explanation),
        total=None if explanation.total is None else build_saving_view(explanation.total),
        rounds=_rounds(explanation),
        stop_matters=explanation.complete and 0 < explanation.launches < LEAST_LAUNCHES,
        baseline_again=_again(explanation),
        predictions=_predictions(explanation),
        waterfall=build_waterfall_view(explanation),
        techniques=tuple(map(_technique, explanation.techniques)),
        throughputs=tuple(map(_throughput, explanation.throughputs)),
        interactions=tuple(map(_interaction, explanation.interactions)),
    )


def _orders(explanation: Explanation) -> OrdersWalked | None:
    acting = sum(t.worth is not Worth.NOT_APPLICABLE for t in explanation.techniques)
    walked, of = explanation.orders, math.factorial(acting)
    return OrdersWalked(walked, of) if 0 < walked < of else None


def _rounds(explanation: Explanation) -> RoundsTaken | None:
    taken, of = explanation.rounds, explanation.rounds_of_mix
    return RoundsTaken(taken, of) if 0 < taken < of else None


def _again(explanation: Explanation) -> BaselineAgain | None:
    """Return whether the baseline is the same as itself; None where it was not measured twice."""
    again, verdict = explanation.baseline_again, explanation.verdict_on_again
    if again is None or verdict is None:
        return None
    if again.low is None or again.high is None:
        return BaselineAgain(again.ratio, None, None, "no_interval")
    if verdict.as_far_as_baseline or verdict.effect in (Effect.FASTER, Effect.SLOWER):
        return BaselineAgain(again.ratio, again.low, again.high, "differs")
    if verdict.effect is not Effect.NO_MEASURABLE_EFFECT:
        return BaselineAgain(again.ratio, again.low, again.high, "too_wide")
    return BaselineAgain(again.ratio, again.low, again.high, "same")


def _predictions(explanation: Explanation) -> PredictionsView | None:
    held = [t.prediction_held for t in explanation.techniques if t.bounds is not None]
    return PredictionsView(len(held), held.count(True), held.count(None)) if held else None


def _technique(technique: TechniqueExplanation) -> TechniqueView:
    bound_ns = None if technique.bounds is None else max(technique.bounds.high_ns, 0)
    return TechniqueView(explained=technique, evidence=build_evidence(technique), bound_ns=bound_ns)


def _throughput(throughput: Throughput) -> ThroughputView:
    mix = sorted(throughput.precisions.items(), key=lambda item: -item[1])
    return ThroughputView(
        variant=throughput.variant,
        flops_per_s=throughput.flops_per_s,
        of_ceiling=throughput.of_ceiling,
        dtype=throughput.dtype,
        mix=tuple(PrecisionShare(*part) for part in mix) if len(mix) > 1 else (),
        assumed=throughput.assumed,
        assumed_because=throughput.assumed_because,
        why_not=throughput.why_not,
    )


def _interaction(interaction: Interaction) -> InteractionView:
    more = interaction.extra.ns > 0
    by = build_amount_view(interaction.extra) if more else turned(interaction.extra)
    return InteractionView(interaction.techniques, more, by)
