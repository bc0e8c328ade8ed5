"""Printing the answer of a run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.record import Run


def print_recorded(place: Path, *, as_json: bool, is_over: bool = False) -> None:
    """Print the answer of a run that was recorded, finished or not.

    Args:
        place: A run directory, or the ``run.json`` in it.
        as_json: As a document, for programs.
        is_over: Whether the run's process is known to have ended.

    Raises:
        UserError: There is none, or it cannot be read.
    """
    from annt_prof.runs.layout import run_directory
    from annt_prof.views.loading import load_run

    print_answer(load_run(place, is_over=is_over).run, run_directory(place), as_json=as_json)


def print_answer(run: Run, directory: Path, *, as_json: bool) -> None:
    """Print the answer of a run.

    Args:
        run: Of which.
        directory: Where it lies.
        as_json: As a document, for programs.
    """
    from annt_prof.views.run_view import build_run_view

    view = build_run_view(run)
    if as_json:
        from annt_prof.report.json.run import document

        sys.stdout.buffer.write(document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.answer import render

    render(view, directory, Console())
