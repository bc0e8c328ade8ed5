"""``annt-prof inspect``: known mistakes in a training script of one's own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from annt_prof.cli import options


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
    from annt_prof.report.text.mistakes import mistakes_document, render_mistakes

    seen, status = inspect(script, arguments)
    found, unseen = mistakes(seen), not_judged(seen)
    if as_json:
        sys.stdout.buffer.write(mistakes_document(str(script), seen, found, status, unseen))
    else:
        from rich.console import Console

        render_mistakes(str(script), seen, found, status, Console(), unseen)
    if status or not (found or seen.iterations):
        sys.exit(2)
    sys.exit(1 if found else 0)
