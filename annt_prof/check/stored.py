"""What a stored baseline says to one budget: its figures, or why it says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.categories import Category
from annt_prof.check import work
from annt_prof.check.baseline import ACCEPT_A_CHECK, figures_of, history
from annt_prof.check.baselines import resolve
from annt_prof.check.fingerprint import fingerprint_of
from annt_prof.check.growth import Steps
from annt_prof.check.looks import LEAST
from annt_prof.check.noise import noise_of
from annt_prof.check.result import Reason
from annt_prof.check.subject import is_against_reference
from annt_prof.check.timed_parts import Timed
from annt_prof.compare.figures import middle_of
from annt_prof.plan import BASELINE, as_written
from annt_prof.scenario.budget_metrics import SKIPPED_STEPS, STEP_TIME, THROUGHPUT

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.check.baseline import Baseline
    from annt_prof.runs.record import Run, VariantRecord

_TWO_MEASURES = (
    "windows of one of the two have long steps of the training's own unequally, so that its "
    "figures are means, and the other's are medians; accept a run anew"
)
_NAMED = 3  # differences in one line
_ACCEPT = "annt-prof baseline accept RUN keeps a run as one"


@dataclass(frozen=True)
class Stored:
    """What of a stored baseline a variant is compared with.

    Attributes:
        called: The baseline, for people.
        baseline: None where there is none that compares.
        values: Of the metric, one for each launch; empty where ``reason`` says why.
        noise: By how much its runs differ among themselves, as a fraction; None of too few.
        reason: Why it says nothing; None where it does.
        detail: The same for people, with what differs.
    """

    called: str
    baseline: Baseline | None = None
    values: tuple[float, ...] = ()
    noise: float | None = None
    reason: Reason | None = None
    detail: str | None = None


def stored_figures(
    run: Run, variant: VariantRecord, metric: str, called_for: str, folder: Path
) -> Stored:
    """Return what a stored baseline says of a metric.

    Args:
        run: That is checked.
        variant: Which of it.
        metric: A key of ``budget_metrics.METRICS``.
        called_for: Name of the baseline, or its file.
        folder: Of all baselines.

    Raises:
        UserError: A baseline that has to be looked at is damaged, or a named file is not there.
    """
    found = resolve(called_for, folder, run.scenario_name, fingerprint_of(run.environment))
    called = f"baseline {called_for}"
    if found.stored is None:
        if found.nearest is None:
            said = f"there is none of {run.scenario_name} in {folder}; {_ACCEPT}"
            return Stored(called, reason=Reason.NO_BASELINE, detail=said)
        return Stored(called, reason=Reason.OTHER_MACHINE, detail=_some(found.differences))
    baseline = _of_others(found.stored.baseline, run.run_id)
    if not baseline.runs:
        said = "it was accepted from this very run, which is like itself; it holds for later ones"
        return Stored(called, reason=Reason.NO_BASELINE, detail=said)
    called = f"{called} of {baseline.runs[0].created[:10]}"
    name = accepted_variant(baseline, run, variant)
    accepted = baseline.work_of(name)
    if accepted is None:
        said = f"it has no variant {name}"
        return Stored(called, baseline, reason=Reason.NO_BASELINE, detail=said)
    unlike = work.differences(accepted, work.work_of(run, variant))
    if unlike:
        return Stored(called, baseline, reason=Reason.OTHER_WORK, detail=_some(unlike))
    values = figures_of(baseline, name, metric)
    if not values:
        said = f"it has no {metric} of {name}"
        return Stored(called, baseline, reason=Reason.NO_BASELINE, detail=said)
    kept = [each.variants[name] for each in baseline.runs if name in each.variants]
    if metric in (STEP_TIME, THROUGHPUT) and any(v.uneven != variant.uneven for v in kept):
        return Stored(called, baseline, reason=Reason.OTHER_WORK, detail=_TWO_MEASURES)
    if len(values) < LEAST and metric != SKIPPED_STEPS:
        few = units.count(len(values), "launch", "launches")
        said = f"it has {metric} of {few}, and {LEAST} are needed: {ACCEPT_A_CHECK}"
        return Stored(called, baseline, reason=Reason.NO_BASELINE, detail=said)
    return Stored(called, baseline, values, noise_of(history(baseline, name, metric)))


def accepted_variant(baseline: Baseline, run: Run, variant: VariantRecord) -> str:
    """Return the name of the variant of a baseline that trains what a variant of a run does.

    Beside a reference a run's variant is called after what differs, and is the scenario as written.
    A baseline may have it under another name too: where a technique cannot act, a run with all
    variants has the mix under the name of the set that is the same.
    """
    trainings, training = baseline.trainings, work.work_of(run, variant).training
    beside_reference = is_against_reference(run) and variant.name != BASELINE
    name = as_written(tuple(trainings)) if beside_reference else variant.name
    if trainings.get(name) == training or (name in trainings and not beside_reference):
        return name
    return next((each for each, kept in trainings.items() if kept == training), name)


def steps_of_baseline(baseline: Baseline, name: str, samples: int) -> Steps:
    """Return the steps of a stored baseline, a run as one launch.

    Args:
        baseline: Which.
        name: Of its variant.
        samples: Per iteration, of both sides, since they train the same.
    """
    kept = [run.variants[name] for run in baseline.runs if name in run.variants]
    traced = [each for each in kept if each.breakdown_ns]
    times = [ns for each in kept for ns in each.figures.get(STEP_TIME, ())]
    waits = [ns for each in kept for ns in each.figures.get(Category.DATA_LOADING.value, ())]
    is_uneven = any(each.uneven for each in kept)
    step_ns = middle_of(times, trims=not is_uneven) if times else None
    waited_ns = middle_of(waits, trims=not is_uneven) if waits else None
    return Steps(
        launches=list(range(len(traced))),
        categories=[each.breakdown_ns for each in traced],
        work=[each.work_ns for each in traced],
        on_device=baseline.fingerprint.device_type != "cpu",
        pitfalls=frozenset(key for each in kept for key in each.pitfalls),
        samples=samples,
        timed=None if step_ns is None else Timed(step_ns, waited_ns),
    )


def _of_others(baseline: Baseline, run_id: str) -> Baseline:
    """Return a baseline without the run that is held to it."""
    others = tuple(each for each in baseline.runs if each.run_id != run_id)
    return msgspec.structs.replace(baseline, runs=others)


def _some(differences: tuple[str, ...]) -> str:
    more = len(differences) - _NAMED
    shown = "; ".join(differences[:_NAMED])
    return f"{shown}; and {more} more" if more > 0 else shown
