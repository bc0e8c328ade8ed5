"""What every technique could save, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.explain.advice import Advice
    from annt_prof.techniques.evidence import Evidence

Ceilings = Literal["measured", "not_calibrated", "not_told"]


@dataclass(frozen=True)
class PredictedSaving:
    """One technique that could act, with its default options.

    Attributes:
        name: The technique's.
        low_ns, high_ns: What it should save per iteration; negative where it may cost time.
        share: ``high_ns`` of the step, a fraction below 1.
        basis: What ``high_ns`` is made of, to follow "it cannot save more than".
        off_path_ns: What lies off the critical path, so that ``high_ns`` lacks it; None where
            the path is not known.
    """

    name: str
    low_ns: int
    high_ns: int
    share: float
    basis: str
    off_path_ns: int | None = None


@dataclass(frozen=True)
class NoPrediction:
    """One technique that cannot act, or of which the step does not tell.

    Attributes:
        name: The technique's.
        reason: Why there are no bounds.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class AdviceView:
    """The predictions from one step.

    Attributes:
        source: The run or the trace that the step is from.
        step_ns: Of the step to improve.
        ceilings: Whether the machine's are known; ``not_calibrated`` where they could be
            measured here, ``not_told`` where nothing tells them, as of a trace.
        predicted: The largest bound first.
        decimals: Of all their milliseconds.
        explained: Those of ``predicted`` whose bound is not zero, or would not be but for the
            critical path, so that its basis is of use.
        not_predicted: In the order of their names.
        as_traced: Whether the step is that of the trace as it was recorded, the profiler's slowing
            of the host included.
    """

    source: str
    step_ns: int
    ceilings: Ceilings
    predicted: tuple[PredictedSaving, ...]
    decimals: int
    explained: tuple[PredictedSaving, ...]
    not_predicted: tuple[NoPrediction, ...]
    as_traced: bool = False


def build_advice_view(
    source: str, evidence: Evidence, advice: Sequence[Advice], *, of_a_run: bool
) -> AdviceView:
    """Return what is shown of predictions.

    Args:
        source: Where the evidence comes from.
        evidence: Of the step to improve.
        advice: From it, the largest bound first, then what has none.
        of_a_run: Whether the machine is one that could be calibrated from here.
    """
    predicted = tuple(_predictions(advice))
    return AdviceView(
        source=source,
        step_ns=evidence.step_ns,
        ceilings=_ceilings(evidence, of_a_run=of_a_run),
        predicted=predicted,
        decimals=units.duration_decimals(abs(saving.high_ns) for saving in predicted),
        explained=tuple(saving for saving in predicted if saving.high_ns or saving.off_path_ns),
        not_predicted=tuple(
            NoPrediction(technique.name, technique.basis)
            for technique in advice
            if technique.high_ns is None
        ),
        as_traced=not of_a_run,
    )


def _ceilings(evidence: Evidence, *, of_a_run: bool) -> Ceilings:
    if evidence.ceilings is not None:
        return "measured"
    return "not_calibrated" if of_a_run else "not_told"


def _predictions(advice: Sequence[Advice]) -> Iterator[PredictedSaving]:
    for technique in advice:
        if technique.high_ns is not None and technique.low_ns is not None:
            yield PredictedSaving(
                name=technique.name,
                low_ns=technique.low_ns,
                high_ns=technique.high_ns,
                share=technique.share or 0.0,
                basis=technique.basis,
                off_path_ns=technique.off_path_ns,
            )
