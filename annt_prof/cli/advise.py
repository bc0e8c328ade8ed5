"""``annt-prof advise``: what each technique could save, told from one baseline alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.views.advice_view import AdviceView


@click.command()
@click.argument("source", required=False)
@options.runs_dir("Where to look for runs.")
@options.on_cpu
@options.as_json("the predictions")
def command(source: str | None, runs_dir: Path, on_cpu: bool, as_json: bool) -> None:
    """Predict from SOURCE what each technique could save, with a lower and an upper bound.

    SOURCE is a run, whose baseline is taken, or a trace file of any PyTorch program. The newest
    run, if none is given. Bounds of a run are sharper where `annt-prof doctor --calibrate` has
    measured this machine.
    """
    from annt_prof.views.screens.source import is_trace

    if source is not None and is_trace(Path(source)):
        view = _of_trace(Path(source), accelerator=False if on_cpu else None)
    else:
        view = _of_run(source, runs_dir)
    if as_json:
        from annt_prof.report.json.advice import advice_document

        sys.stdout.buffer.write(advice_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.advice import render_advice

    render_advice(view, Console())


def _of_trace(path: Path, accelerator: bool | None) -> AdviceView:
    from annt_prof.explain.advice import advise, machine_of_trace
    from annt_prof.explain.trace_evidence import evidence_of_trace
    from annt_prof.trace.reading import read
    from annt_prof.views.advice_view import build_advice_view

    trace = read(path)
    evidence = evidence_of_trace(trace, accelerator)
    advice = advise(evidence, machine_of_trace(trace, evidence))
    return build_advice_view(str(path), evidence, advice, of_a_run=False)


def _of_run(name: str | None, runs_dir: Path) -> AdviceView:
    from annt_prof.compare.old_records import with_figures
    from annt_prof.explain.advice import advise, machine_of_run
    from annt_prof.explain.prediction import evidence_of
    from annt_prof.machine import ceilings
    from annt_prof.plan import BASELINE
    from annt_prof.runs import store
    from annt_prof.views.advice_view import build_advice_view

    run = with_figures(store.load(store.find(name, runs_dir)))
    baseline = next((v for v in run.variants if v.name == BASELINE), None)
    evidence = (
        None if baseline is None else evidence_of(run, baseline, ceilings.recall(run.environment))
    )
    if evidence is None:
        traced = baseline is not None and baseline.trace is not None
        problem = "has no breakdown; its remarks say why" if traced else "was not traced"
        raise UserError(f"the baseline of this run {problem}", where=run.run_id)
    advice = advise(evidence, machine_of_run(run))
    return build_advice_view(run.run_id, evidence, advice, of_a_run=True)
