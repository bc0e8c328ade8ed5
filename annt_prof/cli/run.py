"""``annt-prof run``: measure a scenario."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.cli.answering import print_answer
from annt_prof.plan import DESIGNS

if TYPE_CHECKING:
    from annt_prof.runs.record import Run


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@options.overrides
@click.option(
    "--design",
    type=click.Choice(DESIGNS),
    help="Which sets of techniques are measured; short for --set design=...",
)
@options.again
@options.device
@options.data_dir("Where data sets lie.")
@options.runs_dir("Where run directories are made.")
@options.as_json("the answer")
@click.option("--dash", is_flag=True, help="Show it in the dashboard while it goes on.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    hidden=True,
    help="The run directory, which is there already; nothing is printed on stdout then.",
)
def command(
    scenario: Path,
    overrides: tuple[str, ...],
    design: str | None,
    again: bool,
    device: str,
    data_dir: Path | None,
    runs_dir: Path,
    as_json: bool,
    dash: bool,
    into: Path | None,
) -> None:
    """Measure SCENARIO: what each technique is worth here, and where in the step.

    Runs the baseline, each technique alone and the whole mix in interleaved rounds of short
    training windows, then one traced window of each, and leaves a run directory. A technique
    that cannot act here, or that the model refuses, is a result and no error.

    Exit status: 0 all variants that can act are measured, 2 the scenario or the machine needs
    mending first, 3 a variant crashed or ran out of memory (the others are measured, unless the
    baseline crashed), 130 interrupted: Ctrl-C, SIGTERM and SIGHUP end it early, and what is
    measured is kept and printed.
    """
    given = overrides if design is None else (*overrides, f"design={design}")
    if dash:
        from annt_prof.cli.dash import run_in_dashboard

        arguments = _arguments(given, device, data_dir, again=again)
        sys.exit(run_in_dashboard(scenario, given, arguments, runs_dir, as_json=as_json))
    from annt_prof.cli.measuring import measure
    from annt_prof.runner.recording import RunRequest
    from annt_prof.scenario.loading import load

    request = RunRequest(
        document=load(scenario, given),
        device=device,
        data_dir=data_dir,
        runs_dir=runs_dir,
        scenario_dir=scenario.resolve().parent,
        again=again,
        directory=into,
    )
    recorded, failure = measure(request)
    if into is None:  # else whoever made the directory shows what is in it
        print_answer(recorded.run, recorded.directory, as_json=as_json)
    if failure is not None:
        raise failure
    sys.exit(_status(recorded.run))


def _arguments(
    overrides: tuple[str, ...], device: str, data_dir: Path | None, *, again: bool
) -> list[str]:
    """Return the options for a process that measures the same."""
    arguments = [part for override in overrides for part in ("--set", override)]
    arguments += ["--device", device]
    arguments += ["--data-dir", str(data_dir)] if data_dir is not None else []
    return [*arguments, "--aa"] if again else arguments


def _status(run: Run) -> int:
    if not run.complete:
        return 130
    lost = any(v.status in ("out_of_memory", "crashed") for v in run.variants)
    return 3 if lost else 0
