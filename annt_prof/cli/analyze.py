"""``annt-prof analyze``: where each step's time went, from any PyTorch trace."""

from __future__ import annotations

import contextlib
import functools
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

DEFAULT_TOP = 30
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


class StepRange(click.ParamType["slice"]):
    """``2:4``, ``2:``, ``:4`` or ``2``: positions counted from 0, the end left out."""

    name = "range"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> slice:
        """Return a slice."""
        if isinstance(value, slice):
            return value
        text = str(value)
        if text.isdecimal():
            return slice(int(text), int(text) + 1)
        match = re.fullmatch(r"(-?\d+)?:(-?\d+)?", text)
        if not match:
            self.fail(f"{value!r} is no range of steps such as 2:4, 2: or 2", param, ctx)
        start, end = (int(part) if part else None for part in match.groups())
        return slice(start, end)


class Size(click.ParamType["int"]):
    """Bytes, with a binary unit: ``500M``, ``4GiB``."""

    name = "size"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return bytes."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", str(value), re.IGNORECASE)
        if not match or not float(match[1]):
            self.fail(f"{value!r} is no size such as 500M or 4GiB", param, ctx)
        return round(float(match[1]) * _UNITS[match[2].upper()])


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--steps",
    "selection",
    type=StepRange(),
    default=":",
    help="Look at these steps only: positions counted from 0, the end left out, as 2:4.",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    default=DEFAULT_TOP,
    show_default=True,
    help="Kernels and gaps to list.",
)
@click.option(
    "--max-size",
    type=Size(),
    default="4GiB",
    show_default=True,
    help="Refuse files that are larger once decompressed.",
)
@options.processes("Processes that read beside one another.")
@options.on_cpu
@options.as_json("the analysis")
def command(
    path: Path,
    selection: slice,
    top: int,
    max_size: int,
    processes: int,
    on_cpu: bool,
    as_json: bool,
) -> None:
    """Say where each step's time went in PATH.

    PATH is a Kineto trace of any PyTorch program, .json or .json.gz, or a directory with one
    such file per rank, whose ranks are then compared.
    """
    accelerator = False if on_cpu else None
    if path.is_dir():
        _ranks(path, selection, max_size, accelerator, as_json=as_json)
    else:
        _file(path, selection, top, max_size, accelerator, processes, as_json=as_json)


def _file(
    path: Path,
    selection: slice,
    top: int,
    max_size: int,
    accelerator: bool | None,
    processes: int,
    *,
    as_json: bool,
) -> None:
    from annt_prof.analysis.analysis import analyze
    from annt_prof.trace.reading import read
    from annt_prof.views.analysis_view import build_analysis_view

    with _progress() as show:
        notify = None if show is None else functools.partial(show, path)
        analysis = analyze(read(path, max_size, notify, processes), selection, top, accelerator)
    view = build_analysis_view(analysis)
    if as_json:
        from annt_prof.report.json.analysis import document

        sys.stdout.buffer.write(document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.analysis import render

    render(view, Console())


def _ranks(
    directory: Path, selection: slice, max_size: int, accelerator: bool | None, *, as_json: bool
) -> None:
    from annt_prof.analysis.ranks.ranks import compare_ranks
    from annt_prof.views.ranks_view import build_ranks_view

    with _progress() as show:
        ranks = compare_ranks(directory, selection, max_size, show, accelerator)
    view = build_ranks_view(ranks)
    if as_json:
        from annt_prof.report.json.ranks import ranks_document

        sys.stdout.buffer.write(ranks_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.ranks import render_ranks

    render_ranks(view, Console())


def _progress() -> AbstractContextManager[Callable[[Path, int, int], None] | None]:
    """Return what shows on a terminal how far reading has come; rich is not loaded without one."""
    if not sys.stderr.isatty():
        return contextlib.nullcontext()
    from rich.console import Console

    from annt_prof.report.text.reading_progress import ReadingProgress

    return ReadingProgress(Console(stderr=True))
