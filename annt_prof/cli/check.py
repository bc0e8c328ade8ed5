"""``annt-prof check``: hold a scenario, or a run, to its budgets."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.check.defaults import BASELINE_NAME, RESULT_VARIABLE
from annt_prof.cli import options
from annt_prof.errors import UserError
from annt_prof.text import printable

if TYPE_CHECKING:
    from annt_prof.cli.verdicts import Outlook

_OUTLOOKS = ("status", "pass", "fail")


@click.command()
@click.argument("what", metavar="SCENARIO|RUN", required=False)
@click.option(
    "--budgets",
    "budgets_file",
    type=click.Path(path_type=Path),
    help="A file of budgets, in place of those in the scenario.",
)
@click.option(
    "--baseline",
    metavar="NAME|FILE",
    help=f"The stored baseline that `to: baseline` means.  [default: {BASELINE_NAME}]",
)
@options.baselines_dir("Folder of the stored baselines.")
@click.option(
    "--reference",
    "reference_scenario",
    type=click.Path(path_type=Path),
    metavar="SCENARIO",
    help="Another scenario, measured beside this one, that `to: reference` means.",
)
@click.option(
    "--reference-worktree",
    metavar="REF",
    help="A commit, branch or tag: its code is measured beside the present one.",
)
@click.option(
    "--reference-python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="An interpreter, or a virtual environment: measured beside this one.",
)
@options.overrides
@options.device
@options.data_dir("Where data sets lie.")
@options.runs_dir("Where run directories are made, and where RUN is looked for.")
@options.as_json("the result")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a pull request's comment to this file.",
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write JUnit XML to this file.",
)
@click.option(
    "--result",
    "result_file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=RESULT_VARIABLE,
    hidden=True,
    help="Also write the result as the value that the pytest plug-in reads.",
)
@click.option(
    "--github",
    is_flag=True,
    help="Also print annotations for GitHub Actions, and add to the job's summary.",
)
@click.option(
    "--inconclusive",
    type=click.Choice(_OUTLOOKS),
    default="status",
    show_default=True,
    help="How to end where nothing can be told: with status 4, 0 or 1.",
)
@click.option(
    "--on-mismatch",
    type=click.Choice(_OUTLOOKS),
    default="status",
    show_default=True,
    help="How to end where nothing was checked: with status 5, 0 or 1.",
)
@click.option(
    "--fail-on-win", is_flag=True, help="Take a result that is clearly better for a failure too."
)
def command(
    what: str | None,
    budgets_file: Path | None,
    baseline: str | None,
    baselines_dir: Path,
    reference_scenario: Path | None,
    reference_worktree: str | None,
    reference_python: Path | None,
    overrides: tuple[str, ...],
    device: str,
    data_dir: Path | None,
    runs_dir: Path,
    as_json: bool,
    markdown: Path | None,
    junit: Path | None,
    result_file: Path | None,
    github: bool,
    inconclusive: Outlook,
    on_mismatch: Outlook,
    fail_on_win: bool,
) -> None:
    """Hold SCENARIO, or a RUN that is there already, to its budgets.

    A scenario is measured until each budget can be told, with more launches of its processes where
    a figure lies close to its limit; a run is looked at as it is (the newest, if none is given).
    With a reference both sides are measured in turn in one run, which is what holds in CI, where
    machines change from one job to the next. One wrong alarm in a hundred is allowed for, over all
    budgets of a check.

    Exit status: 0 all budgets that were checked are held, 1 one is broken, 2 the scenario, the
    budgets or a baseline need mending, 3 a variant of the run crashed or ran out of memory,
    4 nothing is broken and something cannot be told, 5 nothing was checked (no baseline, other
    hardware), 130 interrupted.
    """
    from annt_prof.cli.holding import Asked, hold
    from annt_prof.cli.references import Named
    from annt_prof.cli.verdicts import FAILED, Wanted, status_of, tell

    wanted = Wanted(
        as_json=as_json,
        markdown=markdown,
        junit=junit,
        result=result_file,
        github=github,
        inconclusive=inconclusive,
        on_mismatch=on_mismatch,
        fail_on_win=fail_on_win,
    )
    asked = Asked(
        what=what,
        budgets=budgets_file,
        baseline=baseline,
        baselines=baselines_dir,
        reference=Named(reference_scenario, reference_python, reference_worktree),
        overrides=overrides,
        device=device,
        data_dir=data_dir,
        runs_dir=runs_dir,
        again=("annt-prof", *sys.argv[1:]),
    )
    held = hold(asked)
    status = status_of(held.result, held.run, wanted)
    try:
        tell(held.result, wanted)
        if held.failure is not None:
            raise held.failure
    except UserError as error:  # a file that cannot be written hides no broken budget
        if status != FAILED:
            raise
        click.echo(printable(str(error), keep="\n"), err=True)
    sys.exit(status)
