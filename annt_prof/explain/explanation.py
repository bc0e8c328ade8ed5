"""What each technique is worth, where in the step, and why: the data that every screen shows."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from annt_prof.categories import WhyAssumed
from annt_prof.runs.record import Numerics, Speedup
from annt_prof.runs.verdict import Verdict


class Worth(StrEnum):
    """What a technique is worth here, as far as the launches can tell.

    ``NOT_MEASURED`` has no figure alone: it crashed, say, or was measured beside others only.
    """

    HELPS = "helps"
    NO_MEASURABLE_EFFECT = "no_measurable_effect"
    HURTS = "hurts"
    NOT_APPLICABLE = "not_applicable"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not_measured"


class Amount(msgspec.Struct, frozen=True, rename={"low_ns": "low", "high_ns": "high"}):
    """A saving per sample with its interval, ns; negative where time is lost.

    Attributes:
        low_ns, high_ns: 95 % interval over launches; None with fewer than three.
    """

    ns: int
    low_ns: int | None
    high_ns: int | None


class Bounds(msgspec.Struct, frozen=True):
    """What a technique should save per sample, ns, told from the baseline alone.

    Attributes:
        high_ns: What its mechanism accounts for at most; 0 or less where it saves nothing.
        basis: What ``high_ns`` is made of, to follow "it cannot save more than".
    """

    low_ns: int
    high_ns: int
    basis: str


class Movement(msgspec.Struct, frozen=True):
    """One mover of a technique's signature, as the traced windows show it.

    Attributes:
        mover: A category or a class of kernels.
        expected: ``falls``, ``may_fall``, ``may_rise`` or ``stays_flat``.
        seen: ``fell``, ``rose``, ``flat``, or ``unclear`` where it moved by less than the timed
            windows can tell from nothing.
        saving_ns: Per sample, baseline minus variant.
        as_expected: Whether what is seen fits; None where it is unclear.
    """

    mover: str
    expected: str
    seen: str
    saving_ns: int
    as_expected: bool | None


class TechniqueExplanation(msgspec.Struct, frozen=True):
    """One technique.

    Attributes:
        worth: Of the technique alone against the baseline.
        reason: One sentence with the mechanism.
        speedup: Alone against the baseline.
        alone: What it saves alone, by ``speedup`` and so over all rounds that it has.
        given_others: What it saves on top of all others, over the total's rounds; None where that
            was not measured.
        share: Its share of the whole mix's saving; the shares sum to the total. None where the
            design does not tell.
        smallest_effect: Fraction of time that so many launches find four times out of five.
        saving_by_category_ns: Per sample, from the traced windows; by the same weights as the
            share, or alone where there is none. None where a variant was not traced.
            Also None where an effect's traces show something else than its timed windows.
        not_in_trace_ns: The timed saving without these: what the traces lack. None like them.
        traced_ns: What the traced windows show it to save as they are, profiler and all.
        unreconciled_ns: The timed saving without that.
        traces_agree: Whether the traces show the timed saving, roughly; only then they tell what
            a share is made of.
        signature: Expected and seen movements; empty where a variant was not traced.
        bounds: Its prediction; None where nothing tells.
        prediction_held: Whether the interval of the measured saving meets them; None where it is
            too wide to tell.
        prediction_error_ns: How far outside the saving itself lies; 0 within. Not a finding
            unless the prediction did not hold.
        pitfalls: Found in the variant's setup or its trace.
        mathematics: What it changes.
        extra_first_step_s: How much longer its very first step took than the baseline's, as a
            compiler makes it.
        paid_back_after: Iterations after which that is saved; None where nothing is.
        numerics: What it does to numbers.
    """

    name: str
    worth: Worth
    reason: str
    speedup: Speedup | None = None
    alone: Amount | None = None
    given_others: Amount | None = None
    share: Amount | None = None
    smallest_effect: float | None = None
    saving_by_category_ns: dict[str, int] | None = None
    not_in_trace_ns: int | None = None
    traced_ns: int | None = None
    unreconciled_ns: int | None = None
    traces_agree: bool = False
    signature: tuple[Movement, ...] = ()
    bounds: Bounds | None = None
    prediction_held: bool | None = None
    prediction_error_ns: int | None = None
    pitfalls: tuple[str, ...] = ()
    mathematics: str = ""
    extra_first_step_s: float | None = None
    paid_back_after: int | None = None
    numerics: Numerics | None = None


class Throughput(msgspec.Struct, frozen=True):
    """Operations over time of one variant.

    Attributes:
        flops_per_s: Of forward and backward passes over the whole step's time.
        dtype: Of its convolutions, matrix products and attention, mostly.
        of_ceiling: Fraction of what this machine was measured to do at most in the precisions that
            they ran in, by their time; None where that is not known. What is good depends on the
            model: large matrix products come close, depthwise convolutions cannot.
        precisions: Shares of that time, 0 to 1.
        assumed: Classes of kernels of which that is not known, each with the precision that the
            settings give it.
        why_not: Why there is no fraction of a ceiling.
        assumed_because: Why it is not known; None where nothing is assumed.
    """

    variant: str
    flops_per_s: float
    dtype: str
    of_ceiling: float | None
    precisions: dict[str, float] = {}
    assumed: dict[str, str] = {}
    why_not: str | None = None
    assumed_because: WhyAssumed | None = None


class Interaction(msgspec.Struct, frozen=True):
    """Two techniques that are worth more or less together than alone.

    Attributes:
        extra: What they save together beyond what each saves alone, over the rounds that all sets
            of one or two techniques have; negative where it is less, and never 0.
    """

    techniques: tuple[str, str]
    extra: Amount


class Explanation(msgspec.Struct, frozen=True):
    """A whole run.

    Attributes:
        run_id: Of which run.
        design: Of its variants.
        launches: Behind the total; without one behind the technique that has the most, or, where
            none was compared, behind the baseline.
        baseline_ns: Per sample.
        total: What the whole mix saves per sample, over the rounds in which all was measured that
            it is shared out over; None where it was not measured.
        techniques: In the mix's order.
        interactions: The largest first; those whose whole interval lies further from 0, on one
            side, than the run's floor: what it tells from nothing of the baseline's time.
        baseline_again: Speedup of the baseline against itself, where it was measured twice.
        verdict_on_again: On it: whether the run takes the baseline for the same as itself.
        next_steps: What to try, the largest predicted saving first.
        differences: Of a run about two scenarios, each setting in the first and in the second.
        same_in_both: What one might expect to differ and does not.
        throughputs: Of each variant whose operations could be counted.
        orders: Of adding one technique after the other, over which the total was shared out.
        stop: Why measuring stopped.
        complete: False where the run stopped half-way.
        not_as_asked: What was substituted, overridden or left out, one sentence each.
        rounds: Behind the total; 0 without one.
        rounds_of_mix: In which the whole mix was measured beside the baseline; more than
            ``rounds`` where something that the total is shared out over lacks some of them.
        baseline_failure: Why the baseline has no figures, with its status; None where it has.
    """

    run_id: str
    design: str
    launches: int
    baseline_ns: int | None
    total: Amount | None
    techniques: tuple[TechniqueExplanation, ...]
    interactions: tuple[Interaction, ...] = ()
    baseline_again: Speedup | None = None
    verdict_on_again: Verdict | None = None
    next_steps: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    same_in_both: tuple[str, ...] = ()
    throughputs: tuple[Throughput, ...] = ()
    orders: int = 0
    stop: str = ""
    complete: bool = True
    not_as_asked: tuple[str, ...] = ()
    rounds: int = 0
    rounds_of_mix: int = 0
    baseline_failure: str | None = None
