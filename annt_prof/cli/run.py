"""``annt-prof run``: measure a scenario."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.errors import UserError
from annt_prof.plan import DESIGNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.runs.record import Run


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Override one value of the scenario; may be given many times.",
)
@click.option(
    "--design",
    type=click.Choice(DESIGNS),
    help="Which sets of techniques are measured; short for --set design=...",
)
@click.option(
    "--aa",
    "again",
    is_flag=True,
    help="Measure the baseline twice: what the second seems to be worth is noise.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes the GPU where torch sees one.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ANNT_PROF_DATA",
    show_envvar=True,
    help="Where data sets lie.  [default: the user's cache folder]",
)
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs"),
    show_default=True,
    help="Where run directories are made.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON document.")
def command(
    scenario: Path,
    overrides: tuple[str, ...],
    design: str | None,
    again: bool,
    device: str,
    data_dir: Path | None,
    runs_dir: Path,
    as_json: bool,
) -> None:
    """Measure SCENARIO: what each technique is worth here, and where in the step.

    Runs the baseline, each technique alone and the whole mix in interleaved rounds of short
    training windows, then one traced window of each, and leaves a run directory.

    Exit status: 0 all variants measured, 2 the scenario or the machine needs mending first,
    3 a variant crashed or ran out of memory (the others are measured), 130 interrupted.
    """
    from rich.console import Console

    from annt_prof.explain.comparison import summarise
    from annt_prof.explain.pairing import precise_enough
    from annt_prof.report.answer import render
    from annt_prof.report.document import document
    from annt_prof.report.progress import RunProgress
    from annt_prof.runner.recording import RunRequest, record_run
    from annt_prof.runner.session import Statistics
    from annt_prof.scenario.loading import load
    from annt_prof.tensorboard import log

    request = RunRequest(
        document=load(scenario, overrides if design is None else (*overrides, f"design={design}")),
        device=device,
        data_dir=data_dir,
        runs_dir=runs_dir,
        scenario_dir=scenario.resolve().parent,
        again=again,
    )
    with RunProgress(Console(stderr=True)) as progress:
        recorded = record_run(request, Statistics(precise_enough, summarise), progress)
        failure = _failure(lambda: log.write(recorded.run, recorded.directory))
    if as_json:
        sys.stdout.buffer.write(document(recorded.run))
    else:
        render(recorded.run, recorded.directory, Console())
    if failure is not None:
        raise failure
    sys.exit(_status(recorded.run))


def _failure(action: Callable[[], None]) -> UserError | None:
    """Return what went wrong instead of raising it: what is measured is printed all the same."""
    try:
        action()
    except UserError as error:
        return error
    return None


def _status(run: Run) -> int:
    if not run.complete:
        return 130
    lost = any(v.status in ("out_of_memory", "crashed") for v in run.variants)
    return 3 if lost else 0
