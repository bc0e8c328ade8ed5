"""What is shown of stored baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean, geometric_mean, stdev
from typing import TYPE_CHECKING

import msgspec

from annt_prof.check.baseline import ACCEPT_A_CHECK, figures_of, history
from annt_prof.check.fingerprint import Fingerprint
from annt_prof.check.looks import LEAST
from annt_prof.plan import BASELINE
from annt_prof.scenario.budget_metrics import METRICS, SKIPPED_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.check.baseline import Baseline, BaselineRun
    from annt_prof.check.baselines import Accepted, Stored


class AcceptedRun(msgspec.Struct, frozen=True):
    """A run of a baseline.

    Attributes:
        created: ISO 8601, UTC.
    """

    run_id: str
    created: str


class BaselineEntry(msgspec.Struct, frozen=True):
    """A baseline in a few words.

    Attributes:
        device: The device, or the CPU where there is none.
        software: What its times depend on, in words.
        variants: By name.
        launches: Over all runs, of the variant that has the fewest.
    """

    name: str
    scenario_name: str
    file: str
    fingerprint: str
    device: str
    software: str
    variants: tuple[str, ...]
    runs: tuple[AcceptedRun, ...]
    launches: int


class BaselineList(msgspec.Struct, frozen=True):
    """All baselines in a folder."""

    folder: str
    baselines: tuple[BaselineEntry, ...]


_RUNS_THAT_DIFFER = 3  # as many have ``noise.LEAST_DIFFERENCES`` differences
_ONE_DAY = (
    "by how much this machine differs from one day to the next is told by three runs of the same "
    "code; until then a check may take that for a slower code: annt-prof baseline accept --again "
    "adds a run"
)


class AcceptedView(msgspec.Struct, frozen=True):
    """What was written.

    Attributes:
        metrics: That any variant has figures of.
        replaced: Whether it took the place of another one.
        left_out: Variants that are not part of it, each with the reason.
        lacks: What it cannot tell, and what would.
    """

    entry: BaselineEntry
    metrics: tuple[str, ...]
    replaced: bool
    left_out: Mapping[str, str]
    lacks: tuple[str, ...]


class BaselineFigure(msgspec.Struct, frozen=True):
    """A metric of one variant, over the launches of all runs.

    Attributes:
        middle: In the unit of the dimension: the geometric mean, which a check compares with, or
            the mean where a figure is 0.
        spread: Standard deviation of single launches, as a fraction of the middle; None with fewer
            than two, and where the middle is 0.
        furthest: The largest difference between the middles of two runs, as a fraction; None
            where there is nothing to compare.
    """

    variant: str
    metric: str
    dimension: str
    middle: float
    launches: int
    spread: float | None = None
    furthest: float | None = None


class BaselineView(msgspec.Struct, frozen=True):
    """The whole of a baseline.

    Attributes:
        machine: And its software.
        stand_ins: What of the scenario something else took the place of.
        pitfalls: Keys of mistakes by variant, of those that make any.
        figures: By variant and metric.
    """

    entry: BaselineEntry
    machine: Fingerprint
    stand_ins: tuple[str, ...]
    pitfalls: Mapping[str, tuple[str, ...]]
    figures: tuple[BaselineFigure, ...]


def build_baseline_list(folder: Path, stored: tuple[Stored, ...]) -> BaselineList:
    """Return what is shown of the baselines in a folder."""
    return BaselineList(str(folder), tuple(_entry(each.path, each.baseline) for each in stored))


def build_accepted_view(accepted: Accepted) -> AcceptedView:
    """Return what is said of a baseline that was written."""
    baseline = accepted.baseline
    return AcceptedView(
        entry=_entry(accepted.path, baseline),
        metrics=tuple(dict.fromkeys(figure.metric for figure in _figures(baseline))),
        replaced=accepted.replaced,
        left_out=accepted.left_out,
        lacks=tuple(_lacks(baseline)),
    )


def _lacks(baseline: Baseline) -> Iterator[str]:
    if len(baseline.runs) < _RUNS_THAT_DIFFER:
        yield _ONE_DAY
    most: dict[str, int] = {}
    for figure in _figures(baseline):
        most[figure.metric] = max(most.get(figure.metric, 0), figure.launches)
    few = [name for name, n in most.items() if n < LEAST and name != SKIPPED_STEPS]
    if few:
        yield (
            f"no budget can be held to {', '.join(few)}: they are of fewer than {LEAST} launches; "
            f"{ACCEPT_A_CHECK}"
        )


def build_baseline_view(stored: Stored) -> BaselineView:
    """Return what is shown of a baseline."""
    baseline = stored.baseline
    pitfalls = {
        name: tuple(dict.fromkeys(key for run in baseline.runs for key in _pitfalls(run, name)))
        for name in _variants(baseline)
    }
    return BaselineView(
        entry=_entry(stored.path, baseline),
        machine=baseline.fingerprint,
        stand_ins=baseline.settings.stand_ins,
        pitfalls={name: keys for name, keys in pitfalls.items() if keys},
        figures=tuple(_figures(baseline)),
    )


def _entry(path: Path, baseline: Baseline) -> BaselineEntry:
    launches = [
        sum(run.variants[name].launches for run in baseline.runs if name in run.variants)
        for name in baseline.trainings
    ]
    return BaselineEntry(
        name=baseline.name,
        scenario_name=baseline.scenario_name,
        file=str(path),
        fingerprint=baseline.fingerprint.digest,
        device=baseline.fingerprint.device_name,
        software=", ".join(_software(baseline.fingerprint)),
        variants=_variants(baseline),
        runs=tuple(AcceptedRun(run.run_id, run.created) for run in baseline.runs),
        launches=min(launches, default=0),
    )


def _variants(baseline: Baseline) -> tuple[str, ...]:
    """Return the names, what is without techniques first; a file has them sorted."""
    return tuple(sorted(baseline.trainings, key=lambda name: (name != BASELINE, name)))


def _software(fingerprint: Fingerprint) -> Iterator[str]:
    facts = {
        "torch": fingerprint.torch,
        "CUDA": fingerprint.cuda,
        "HIP": fingerprint.hip,
        "driver": fingerprint.driver,
        "Python": fingerprint.python,
        "annt-prof": fingerprint.annt_prof,
    }
    yield from (f"{name} {version}" for name, version in facts.items() if version is not None)


def _pitfalls(run: BaselineRun, variant: str) -> tuple[str, ...]:
    kept = run.variants.get(variant)
    return () if kept is None else kept.pitfalls


def _figures(baseline: Baseline) -> Iterator[BaselineFigure]:
    for variant in _variants(baseline):
        for name, metric in METRICS.items():
            values = figures_of(baseline, variant, name)
            if not values:
                continue
            apart = history(baseline, variant, name)
            yield BaselineFigure(
                variant=variant,
                metric=name,
                dimension=metric.dimension.value,
                middle=geometric_mean(values) if min(values) > 0 else fmean(values),
                launches=len(values),
                spread=stdev(values) / fmean(values) if len(values) > 1 and any(values) else None,
                furthest=math.expm1(max(apart)) if apart else None,
            )
