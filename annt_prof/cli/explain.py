"""``annt-prof explain``: what each technique of a run is worth, where in the step, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import click

RUNS_DIR = Path("runs")


@click.command()
@click.argument("run", required=False)
@click.option(
    "--runs-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=RUNS_DIR,
    show_default=True,
    help="Where to look for runs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as one JSON document.")
def command(run: str | None, runs_dir: Path, as_json: bool) -> None:
    """Explain RUN: a verdict for each technique, with its evidence. The newest, if none is given.

    RUN is a run directory, its run.json, or the name of a directory under --runs-dir.
    """
    from annt_prof.explain.explaining import explain
    from annt_prof.runs import ceilings, store

    record = store.load(store.find(run, runs_dir))
    explanation = explain(record, ceilings.recall(record.environment))
    if as_json:
        from annt_prof.report.explanation_document import explanation_document

        sys.stdout.buffer.write(explanation_document(explanation))
        return
    from rich.console import Console

    from annt_prof.report.explanation import render_explanation

    render_explanation(explanation, Console())
