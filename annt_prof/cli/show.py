"""``annt-prof show``: the answer of a finished run, again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("run", required=False)
@options.runs_dir("Where to look for runs.")
@options.as_json("the answer")
def command(run: str | None, runs_dir: Path, as_json: bool) -> None:
    """Print the answer of RUN again: the newest run, if none is given.

    RUN is a run directory, its run.json, or the name of a directory under --runs-dir.
    """
    from annt_prof.compare.old_records import with_figures
    from annt_prof.runs import store
    from annt_prof.views.run_view import build_run_view

    place = store.find(run, runs_dir)
    view = build_run_view(with_figures(store.load(place)))
    if as_json:
        from annt_prof.report.json.run import document

        sys.stdout.buffer.write(document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.answer import render
    from annt_prof.runs.layout import run_directory

    render(view, run_directory(place), Console())
