"""``annt-prof advise``: what each technique could save, told from one baseline alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from annt_prof.cli import options


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
    from annt_prof.runs import store
    from annt_prof.views.advising import advice_of_run, advice_of_trace
    from annt_prof.views.screens.source import is_trace

    if source is not None and is_trace(Path(source)):
        view = advice_of_trace(Path(source), accelerator=False if on_cpu else None)
    else:
        view = advice_of_run(store.load(store.find(source, runs_dir)))
    if as_json:
        from annt_prof.report.json.advice import advice_document

        sys.stdout.buffer.write(advice_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.advice import render_advice

    render_advice(view, Console())
