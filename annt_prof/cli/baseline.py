"""``annt-prof baseline``: accept, list and show what later runs are held to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from annt_prof.check.defaults import BASELINE_NAME
from annt_prof.cli import options
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.check.baselines import Accepted, Stored
    from annt_prof.runs.record import Run


@click.group()
def command() -> None:
    """Accept, list and show stored baselines: what annt-prof check holds later runs to.

    A baseline is one small JSON file for each name, scenario and machine, to be committed and
    reviewed with the code. Nothing but accept writes one.

    Exit status: 0 done, 2 something you can mend.
    """


@command.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@options.runs_dir("Where to look for runs.")
@options.baselines_dir("Where baselines are kept.")
@click.option(
    "--name",
    default=BASELINE_NAME,
    show_default=True,
    metavar="NAME",
    help="Under which it is kept.",
)
@click.option(
    "--only",
    metavar="METRIC[,METRIC...]",
    help="Keep these metrics alone, such as step_time,peak_memory.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Add to what was accepted, as further runs of the same code: they show how far apart "
    "such runs are.",
)
def accept(
    runs: tuple[str, ...],
    runs_dir: Path,
    baselines_dir: Path,
    name: str,
    only: str | None,
    again: bool,
) -> None:
    """Keep RUN as what later runs are held to.

    It takes the place of what was accepted before under the name for its scenario and its machine.
    RUN is a run directory, its run.json, or the name of a directory under --runs-dir; several are
    further runs of the same code. Each takes 5 launches at least and must have come to its end.
    """
    from annt_prof.check import baselines
    from annt_prof.machine import ceilings

    metrics = _metrics(only)
    records = [_record(run, runs_dir) for run in runs]
    accepted = baselines.accept(
        baselines_dir,
        name,
        records,
        only=metrics,
        again=again,
        ceilings=ceilings.recall(records[0].environment),
    )
    _print_accepted(accepted)


@command.command("list")
@options.baselines_dir("Where baselines are kept.")
@options.as_json("the baselines")
def list_them(baselines_dir: Path, as_json: bool) -> None:
    """List the baselines that are kept."""
    from annt_prof.check import baselines
    from annt_prof.views.baseline_view import build_baseline_list

    view = build_baseline_list(baselines_dir, baselines.every(baselines_dir))
    if as_json:
        from annt_prof.report.json.baseline import baseline_list_document

        sys.stdout.buffer.write(baseline_list_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.baseline import render_baseline_list

    render_baseline_list(view, Console())


@command.command()
@click.argument("what", metavar="[NAME | FILE]", default=BASELINE_NAME)
@options.baselines_dir("Where baselines are kept.")
@options.as_json("the same")
def show(what: str, baselines_dir: Path, as_json: bool) -> None:
    """Show the figures of a baseline.

    Of NAME that of every scenario and machine is shown; FILE is one of them.
    """
    from annt_prof.check import baselines

    _print_shown(baselines.named(what, baselines_dir), as_json=as_json)


def _metrics(only: str | None) -> tuple[str, ...]:
    if only is None:
        return ()
    given = tuple(part.strip() for part in only.split(",") if part.strip())
    if not given:
        raise UserError("give at least one metric", where="--only")
    return given


def _record(name: str, runs_dir: Path) -> Run:
    from annt_prof.runs import store
    from annt_prof.views.loading import load_run

    return load_run(store.find(name, runs_dir)).run


def _print_accepted(accepted: Accepted) -> None:
    from rich.console import Console

    from annt_prof.report.text.baseline import render_accepted
    from annt_prof.views.baseline_view import build_accepted_view

    render_accepted(build_accepted_view(accepted), Console())


def _print_shown(stored: tuple[Stored, ...], *, as_json: bool) -> None:
    from annt_prof.views.baseline_view import build_baseline_view

    views = tuple(map(build_baseline_view, stored))
    if as_json:
        from annt_prof.report.json.baseline import baseline_document

        sys.stdout.buffer.write(baseline_document(views))
        return
    from rich.console import Console

    from annt_prof.report.text.baseline import render_baseline

    for number, view in enumerate(views):
        render_baseline(view, Console(), follows=number > 0)
