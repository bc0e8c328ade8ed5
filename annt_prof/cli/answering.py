"""Printing the answer of a run that lies in a directory."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def print_answer(directory: Path, *, as_json: bool) -> None:
    """Print the answer of a run, finished or not.

    Raises:
        UserError: There is none, or it cannot be read.
    """
    from annt_prof.views.loading import load_run
    from annt_prof.views.run_view import build_run_view

    view = build_run_view(load_run(directory))
    if as_json:
        from annt_prof.report.json.run import document

        sys.stdout.buffer.write(document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.answer import render

    render(view, directory, Console())
