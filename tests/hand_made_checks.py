"""Hand-made checks: what runs are held to, and results for the tests of what prints them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from annt_prof.check.result import (
    Checked,
    CheckResult,
    Estimate,
    Grown,
    GrownKind,
    Outcome,
    Reason,
    Where,
)
from annt_prof.check.terms import Terms
from annt_prof.scenario.budgets import (
    Against,
    AgainstKind,
    Budget,
    Budgets,
    LimitKind,
    NamedMachine,
)

MS = 1_000_000
REFERENCE = Against(AgainstKind.REFERENCE)
BASELINE = Against(AgainstKind.BASELINE)

STEP_RATIO = Budget(
    "step_time", LimitKind.MAX_RATIO, 1.05, "1.05", REFERENCE, place="ci.yaml:12:30"
)
STEP_TIME = Budget("step_time", LimitKind.MAX, 42 * MS, "42 ms", place="ci.yaml:13:21")
LOADING = Budget(
    "data_loading", LimitKind.MAX_SHARE, 0.05, "5 %", floor_ns=MS, place="ci.yaml:14:24"
)
THROUGHPUT = Budget(
    "throughput", LimitKind.MIN_RATIO, 0.97, "0.97", BASELINE, place="ci.yaml:15:28"
)
MEMORY = Budget("peak_memory", LimitKind.MAX, 12 * 1024**3, "12 GiB", place="ci.yaml:16:23")
PITFALLS = Budget(
    "no_pitfalls", LimitKind.NONE_OF, 0, "[item_every_iteration]",
    pitfalls=("item_every_iteration",), place="ci.yaml:17:16",
)  # fmt: skip


def limit(metric: str, value: float, kind: LimitKind = LimitKind.MAX, **changes: object) -> Budget:
    """One budget; ``to`` may be ``baseline``, ``reference`` or the name of a variant."""
    to = changes.get("to")
    if isinstance(to, str):
        known = to in (AgainstKind.BASELINE, AgainstKind.REFERENCE)
        kind = LimitKind.MAX_RATIO if kind is LimitKind.MAX else kind
        changes["to"] = Against(AgainstKind(to)) if known else Against(AgainstKind.VARIANT, to)
    return msgspec.structs.replace(Budget(metric, kind, value, str(value)), **changes)


def terms(
    *limits: Budget,
    baselines: Path = Path("no-baselines"),
    on: NamedMachine | None = None,
    reference: str | None = None,
) -> Terms:
    """What a run is held to."""
    return Terms(Budgets(limits, on), "ci.yaml", "main", baselines, "annt-prof check", reference)


HOSTILE = "void f<__half, |>(`a` * \\|, @team, #12, <img src=x onerror=alert(1)>)"

WHERE = Where(
    grown=(
        Grown(GrownKind.CATEGORY, "host_bound", 3_000_000, 6_200_000, (2_900_000, 3_500_000)),
        Grown(GrownKind.CATEGORY, "forward", 10_000_000, 10_800_000),
        Grown(GrownKind.KERNEL, "aten::item", 100_000, 2_900_000),
        Grown(GrownKind.KERNEL, HOSTILE, 0, 400_000),
    ),
    new_pitfalls=("a tensor was read in 9 of 10 iterations",),
    step_before_ns=42_100_000,
    step_after_ns=46_390_000,
)


def estimate(value: float, low: float | None, high: float | None, **changes: object) -> Estimate:
    made = Estimate(
        value, low, high, launches=12, reference_launches=12, level=0.0025, level_within=0.0025,
        wilcoxon=0.001, smallest_seen=0.018,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def held(budget: Budget, measured: Estimate | None, **changes: object) -> Checked:
    if measured is not None and measured.smallest_seen is not None:
        side = 1 if budget.kind.is_upper else -1
        failing = budget.limit * (1 + side * measured.smallest_seen)
        measured = msgspec.structs.replace(measured, smallest_failing=failing)
    made = Checked(
        budget, Outcome.PASS, "full", estimate=measured, limit_in_effect=budget.limit,
        against="worktree 1a2b3c4" if budget.to == REFERENCE else None,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def check(*checked: Checked, **changes: object) -> CheckResult:
    """Return a result with these verdicts, and the outcome that they come to."""
    found = {each.outcome for each in checked}
    order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.SKIPPED)
    made = CheckResult(
        schema_version=1,
        run_id="20261120-101500-cifar",
        scenario_name="cifar | resnet @ci",
        budgets_file="ci.yaml",
        directory="runs/20261120-101500-cifar",
        device="NVIDIA H100 80GB HBM3",
        outcome=next((each for each in order if each in found), Outcome.SKIPPED),
        checked=checked,
        level=0.01,
        looks=2,
        launches=12,
        reproduce="annt-prof check ci.yaml --reference-worktree 1a2b3c4",
        reference="worktree 1a2b3c4",
    )
    return msgspec.structs.replace(made, **changes)


FAILED = held(
    STEP_RATIO, estimate(1.102, 1.071, 1.131), outcome=Outcome.FAIL, where=WHERE
)  # fmt: skip
PASSED = held(STEP_TIME, estimate(40.2 * MS, 39.9 * MS, 40.61 * MS))
UNTOLD = held(
    LOADING, estimate(0.052, 0.046, 0.058), outcome=Outcome.INCONCLUSIVE, reason=Reason.TOO_CLOSE
)
NO_BASELINE = held(THROUGHPUT, None, outcome=Outcome.SKIPPED, reason=Reason.NO_BASELINE)
OTHER_MACHINE = held(
    MEMORY, None, outcome=Outcome.SKIPPED, reason=Reason.OTHER_MACHINE,
    detail="measured on NVIDIA A100, driver 550.54; the limit holds for NVIDIA H100, driver 550.54",
)  # fmt: skip
WON = held(THROUGHPUT, estimate(1.131, 1.09, 1.17), is_win=True, against="baseline main")
MISTAKEN = held(
    PITFALLS, None, outcome=Outcome.FAIL,
    detail="item_every_iteration: a tensor was read in 9 of 10 iterations",
)  # fmt: skip
WIDENED = held(STEP_RATIO, estimate(1.02, 1.0, 1.04), limit_in_effect=1.08, noise=0.08)

CHECKS = {
    "pass": check(PASSED, held(STEP_RATIO, estimate(1.0, 0.99, 1.012)), WIDENED),
    "failure": check(
        PASSED,
        FAILED,
        UNTOLD,
        MISTAKEN,
        NO_BASELINE,
        conditions=("stand-in data instead of CIFAR-10",),
        remarks=("@team | the GPU throttled",),
    ),
    "inconclusive": check(PASSED, UNTOLD),
    "skipped": check(NO_BASELINE, OTHER_MACHINE, looks=1, reference=None),
    "win": check(PASSED, WON),
}
"""One of each outcome, by its name."""
