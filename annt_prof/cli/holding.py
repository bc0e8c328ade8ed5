"""Holding a scenario or a run to its budgets: what ``check`` and the pytest plug-in do."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.check.defaults import BASELINE_NAME
from annt_prof.cli.references import Named, reference_of
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.check.checking import Check
    from annt_prof.check.result import CheckResult
    from annt_prof.check.terms import Terms
    from annt_prof.runner.gate import Gate, Reference
    from annt_prof.runs.record import Run
    from annt_prof.scenario.budgets import Budget, Budgets
    from annt_prof.scenario.loading import Resolved, ScenarioDocument

SCENARIO_SUFFIXES = (".yaml", ".yml")
_OF_BUDGETS = "budgets."
_COMMAND = 2  # words: annt-prof check
DEFAULT_RATIO = 1.05
"""Step time over the reference's, where a reference is given and no budget names it."""


@dataclass(frozen=True)
class Asked:
    """What is held to what.

    Attributes:
        what: A scenario file, or a run; None for the newest run.
        budgets: A file of budgets; None for those in the scenario.
        baseline: Name or file of the stored baseline, which is then there; None for the usual
            name, of which there may be none.
        baselines: Folder of the stored ones.
        reference: What the scenario is held against in the same run.
        overrides: Each ``key.path=value``.
        device: ``auto`` takes an accelerator where there is one.
        data_dir: Where data sets lie; None looks in the usual places.
        runs_dir: Where run directories are made and looked for.
        again: The words of the command that does the same again.
    """

    what: str | None
    budgets: Path | None
    baseline: str | None
    baselines: Path
    reference: Named
    overrides: tuple[str, ...]
    device: str
    data_dir: Path | None
    runs_dir: Path
    again: tuple[str, ...]


class Held(NamedTuple):
    """What came of it.

    Attributes:
        failure: What went wrong once the run was measured; None where nothing did.
    """

    result: CheckResult
    run: Run
    failure: UserError | None = None


def hold(asked: Asked) -> Held:
    """Measure the scenario, or read the run, and hold it to its budgets.

    Raises:
        UserError: The scenario, the budgets, a baseline or the machine needs mending.
    """
    if asked.what is not None and asked.what.endswith(SCENARIO_SUFFIXES):
        return _hold_scenario(asked, Path(asked.what))
    return _hold_run(asked)


def _hold_scenario(asked: Asked, scenario: Path) -> Held:
    from annt_prof.check.checking import Check
    from annt_prof.check.looks import planned
    from annt_prof.cli.measuring import measure
    from annt_prof.runner.gate import MOST_LAUNCHES
    from annt_prof.runner.recording import RunRequest
    from annt_prof.scenario.loading import load

    document = load(scenario, asked.overrides)
    _refuse_early(asked, document)
    with reference_of(asked.reference, scenario, document, asked.overrides) as reference:
        made: list[Check] = []

        def gate(resolved: Resolved) -> Gate:
            budgets = _budgets(asked, resolved)
            made.append(Check(_terms(asked, budgets, reference), planned(MOST_LAUNCHES)))
            return _gate(budgets, made[0])

        measured = measure(
            RunRequest(
                document=document,
                device=asked.device,
                data_dir=asked.data_dir,
                runs_dir=asked.runs_dir,
                scenario_dir=scenario.resolve().parent,
                reference=reference,
                gate=gate,
            )
        )
    run, directory = measured.recorded.run, measured.recorded.directory
    result = made[0].result(run, str(directory))
    _keep(directory, result)
    return Held(result, run, measured.failure)


def _hold_run(asked: Asked) -> Held:
    from annt_prof.check.checking import Check
    from annt_prof.runs import store
    from annt_prof.runs.layout import CHECK_FILE, SCENARIO_FILE, run_directory
    from annt_prof.scenario.loading import load
    from annt_prof.views.loading import load_run

    if asked.reference.any:
        raise UserError(
            "a run is over; only a scenario can be measured beside a reference",
            where=asked.what,
            hint="annt-prof check SCENARIO.yaml --reference-worktree REF",
        )
    place = store.find(asked.what, asked.runs_dir)
    directory, run = run_directory(place), load_run(place).run
    _refuse_overrides(asked)
    if not run.complete:
        raise UserError(
            f"is not a whole run: {run.stop}",
            where=str(directory),
            hint="figures of a run that stopped half-way are not held to anything",
        )
    document = load(directory / SCENARIO_FILE, asked.overrides)
    resolved = document.resolve(accelerator=run.environment.device_type != "cpu")
    budgets = _budgets(asked, resolved)
    _refuse_unknown_baseline(asked, budgets)
    _refuse_unknown_variants(budgets, run, resolved)
    if asked.what is None:  # the newest one is another by the time that it is done again
        again = (*asked.again[:_COMMAND], str(directory), *asked.again[_COMMAND:])
        asked = replace(asked, what=str(directory), again=again)
    terms = _terms(asked, budgets, None)
    if run.reference is not None:
        terms = replace(terms, reference=_called(run.reference))
    result = Check(terms).result(run, str(directory))
    of_its_own = asked.budgets is None and asked.baseline is None and not asked.overrides
    if (of_its_own and _tells_more(directory, result)) or not (directory / CHECK_FILE).exists():
        _keep(directory, result)
    return Held(result, run)


def _tells_more(directory: Path, result: CheckResult) -> bool:
    """Whether a result takes the place of the one that is kept with its run.

    What could be told once is not lost to a check that finds nothing to hold the run to.
    """
    from annt_prof.check.kept import kept
    from annt_prof.check.result import Outcome

    if result.outcome is not Outcome.SKIPPED:
        return True
    try:
        earlier = kept(directory)
    except UserError:  # damaged
        return True
    return earlier is None or earlier.outcome is Outcome.SKIPPED


def _keep(directory: Path, result: CheckResult) -> None:
    """Leave the result with its run; where that cannot be written the verdict is told alone."""
    import click

    from annt_prof.check.kept import keep

    try:
        keep(directory, result)
    except UserError as error:
        click.echo(f"the result is not kept with its run: {error}", err=True)


def _refuse_overrides(asked: Asked) -> None:
    for override in asked.overrides:
        if not override.startswith(_OF_BUDGETS):
            raise UserError(
                f"{override} can change nothing of a run that is over; only its budgets can be "
                "other ones",
                where="--set",
                hint="annt-prof check SCENARIO.yaml measures anew",
            )


def _refuse_unknown_variants(budgets: Budgets, run: Run, resolved: Resolved) -> None:
    """Find what no run of the scenario has; what this one was not asked to measure is skipped.

    Raises:
        UserError: A budget names such a variant.
    """
    from annt_prof.runner.gate import refuse_impossible

    has = tuple(variant.name for variant in run.variants)
    refuse_impossible(_named(budgets), resolved.scenario, has=has)


def _refuse_early(asked: Asked, document: ScenarioDocument) -> None:
    """Find what cannot be held before minutes are spent on measuring it.

    Raises:
        UserError: There are no budgets, they name a variant that there cannot be, all of them are
            to a reference that is not named, or a baseline is not there or damaged.
    """
    from annt_prof.runner.gate import refuse_impossible

    usable = [each for each in document.by_accelerator.values() if not isinstance(each, UserError)]
    found, lacks = [], None
    for resolved in usable:
        try:
            found.append(_budgets(asked, resolved))
        except UserError as error:  # there may be some for the other kind of machine alone
            lacks = error
    if lacks is not None and not found:
        raise lacks
    if not asked.reference.any and all(map(_needs_reference, found)):
        raise UserError(
            "every budget is to a reference, and there is none",
            where=str(asked.budgets or asked.what),
            hint="name one with --reference, --reference-worktree or --reference-python",
        )
    for budgets in found:
        refuse_impossible(_named(budgets), *(each.scenario for each in usable), has=())
        _refuse_unknown_baseline(asked, budgets)


def _needs_reference(budgets: Budgets) -> bool:
    from annt_prof.scenario.budgets import AgainstKind

    kinds = {None if limit.to is None else limit.to.kind for limit in budgets.limits}
    return kinds == {AgainstKind.REFERENCE}


def _refuse_unknown_baseline(asked: Asked, budgets: Budgets) -> None:
    from annt_prof.check import baselines
    from annt_prof.scenario.budgets import AgainstKind

    if asked.baseline is not None:
        baselines.named(asked.baseline, asked.baselines)
    elif any(b.to is not None and b.to.kind is AgainstKind.BASELINE for b in budgets.limits):
        baselines.every(asked.baselines, BASELINE_NAME)


def _budgets(asked: Asked, resolved: Resolved) -> Budgets:
    """Return what is asked for, and for a reference that no budget names a limit of its own.

    Raises:
        UserError: There is nothing to be held.
    """
    import msgspec

    from annt_prof.scenario.budget_file import load_budgets
    from annt_prof.scenario.budgets import AgainstKind

    budgets = resolved.scenario.budgets if asked.budgets is None else load_budgets(asked.budgets)
    names = {limit.to.kind for limit in budgets.limits if limit.to is not None}
    if asked.reference.any and AgainstKind.REFERENCE not in names:
        return msgspec.structs.replace(budgets, limits=(*budgets.limits, _default_limit()))
    if not budgets.limits:
        raise UserError(
            "there are no budgets to hold it to",
            where=str(asked.budgets or asked.what or "the newest run"),
            hint="write budgets: {step_time: {max: 42 ms}} into the scenario, give a file of them "
            "with --budgets, or something to compare with, as --reference-worktree main",
        )
    return budgets


def _default_limit() -> Budget:
    from annt_prof.scenario.budget_metrics import STEP_TIME
    from annt_prof.scenario.budgets import Against, AgainstKind, Budget, LimitKind

    return Budget(
        metric=STEP_TIME,
        kind=LimitKind.MAX_RATIO,
        limit=DEFAULT_RATIO,
        text=str(DEFAULT_RATIO),
        to=Against(AgainstKind.REFERENCE),
    )


def _terms(asked: Asked, budgets: Budgets, reference: Reference | None) -> Terms:
    from annt_prof.check.terms import Terms

    return Terms(
        budgets=budgets,
        file=str(asked.budgets or asked.what or "the newest run"),
        baseline=asked.baseline or BASELINE_NAME,
        baselines=asked.baselines,
        reproduce=shlex.join(_pinned(asked, reference)),
        reference=None if reference is None else _called(reference.called),
    )


def _called(reference: str) -> str:
    return f"reference ({reference})"


def _pinned(asked: Asked, reference: Reference | None) -> list[str]:
    """Return the words of the command that does the same again, later too.

    A branch, or ``HEAD~1``, is another commit by then.
    """
    from annt_prof.runner.worktrees import OPTION

    words = list(asked.again)
    if reference is None or reference.commit is None:
        return words
    named = asked.reference.worktree
    joined, pinned = f"{OPTION}={named}", f"{OPTION}={reference.commit}"
    for i, word in enumerate(words):
        if word == joined:
            words[i] = pinned
        elif word == named and words[i - 1] == OPTION:
            words[i] = reference.commit
    return words


def _named(budgets: Budgets) -> dict[str, str]:
    """Return the variants that budgets name, each with the place and the key that do so first."""
    from annt_prof.scenario.budget_keys import TO, VARIANT
    from annt_prof.scenario.problems import dotted

    names: dict[str, str] = {}
    for limit in budgets.limits:
        to = None if limit.to is None else limit.to.variant
        for name, key in ((limit.variant, VARIANT), (to, TO)):
            if name is not None:
                path = dotted((*limit.path[:-1], key))
                names.setdefault(name, ": ".join(part for part in (limit.place, path) if part))
    return names


def _gate(budgets: Budgets, check: Check) -> Gate:
    from annt_prof.runner.gate import Gate
    from annt_prof.scenario.budget_metrics import COMPILE_TIME, METRICS, MFU, TENSOR_CORE_SHARE

    told_by_traces = {metric.name for metric in METRICS.values() if metric.of_step}
    # Operations are counted behind the first trace; without them its budget would be left aside.
    told_by_traces |= {TENSOR_CORE_SHARE, MFU}
    metrics = {limit.metric for limit in budgets.limits}
    return Gate(
        variants=_named(budgets),
        decides=check.decides,
        to_be_explained=check.is_to_be_explained,
        traces_each=bool(metrics & told_by_traces),
        compiles_anew=COMPILE_TIME in metrics,
    )
