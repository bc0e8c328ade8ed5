"""``annt-prof inspect``: known mistakes in a training script of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from annt_prof.cli import options

_EXIT_STATUS = {"clean": 0, "mistakes": 1, "inconclusive": 2}


@click.command(context_settings={"allow_interspersed_args": False})
@options.as_json("the findings")
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS]")
def command(script: Path, arguments: tuple[str, ...], as_json: bool) -> None:
    """Run SCRIPT with its ARGUMENTS and name the known mistakes that its training loop makes.

    The script runs as it is, under watch, so let it train some ten iterations. What it prints
    goes to stderr. Whatever stands after SCRIPT belongs to it: options of inspect stand before.
    Mistakes that need an accelerator to show are named as not judged where nothing trained on one.

    Exit status: 0 nothing was found, 1 mistakes were found, 2 the script failed, or trained
    nothing and so showed nothing.
    """
    from annt_prof.inspection.process import inspect
    from annt_prof.inspection.rules import mistakes, not_judged
    from annt_prof.views.mistakes_view import build_mistakes_view

    seen, status = inspect(script, arguments)
    view = build_mistakes_view(str(script), seen, status, mistakes(seen), not_judged(seen))
    if as_json:
        from annt_prof.report.json.mistakes import mistakes_document

        sys.stdout.buffer.write(mistakes_document(view))
    else:
        from rich.console import Console

        from annt_prof.report.text.mistakes import render_mistakes

        render_mistakes(view, Console())
    sys.exit(_EXIT_STATUS[view.outcome])
