"""``annt-prof analyze``: where each step's time went, from any PyTorch trace."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from annt_prof.trace.remote import TraceFile

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


class Place(click.ParamType["Path | str"]):
    """A file or directory of this machine, a pattern, or a URL that fsspec opens."""

    name = "path"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,  # noqa: ARG002 - click's signature
    ) -> Path | str:
        """Return a URL as it is: a path would lose one of its slashes."""
        text = str(value)
        return text if "://" in text else Path(text)


@click.command()
@click.argument("path", type=Place())
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
@click.option(
    "--dask",
    "engine",
    metavar="ADDRESS",
    help="Read a directory's files on the dask cluster whose scheduler is at ADDRESS.",
)
@options.on_cpu
@options.as_json("the analysis")
def command(
    path: Path | str,
    selection: slice,
    top: int,
    max_size: int,
    processes: int,
    engine: str | None,
    on_cpu: bool,
    as_json: bool,
) -> None:
    """Say where each step's time went in PATH.

    PATH is a Kineto trace of any PyTorch program, .json or .json.gz, or a directory with one
    such file per rank, whose ranks are then compared. It may be a URL that fsspec opens, such as
    s3://bucket/run, and a quoted pattern, such as 'run/*/rank*.json.gz', stands for the ranks'
    files as a directory does.
    """
    from annt_prof.trace.remote import RemoteFile, is_directory

    # Nothing here multiplies matrices, and threads that would do so spin while numpy starts.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    accelerator = False if on_cpu else None
    if is_directory(path):
        _ranks(path, selection, max_size, accelerator, processes, engine, as_json=as_json)
    elif engine is not None:
        raise UserError(
            f"{path} is one file, and a cluster reads those of a directory or a pattern",
            where=f"--dask {engine}",
        )
    else:
        file = RemoteFile(path) if isinstance(path, str) else path
        _file(file, selection, top, max_size, accelerator, processes, as_json=as_json)


def _file(
    path: TraceFile,
    selection: slice,
    top: int,
    max_size: int,
    accelerator: bool | None,
    processes: int,
    *,
    as_json: bool,
) -> None:
    from annt_prof.trace.large import decoders_for
    from annt_prof.trace.reading import read

    # Forked while this process has one thread, which is before progress is shown.
    with decoders_for(path, processes) as decoders, _progress() as show:
        notify = None if show is None else functools.partial(show, path)
        trace = read(path, max_size, notify, decoders or 1)
    from annt_prof.analysis.analysis import analyze
    from annt_prof.views.analysis_view import build_analysis_view

    view = build_analysis_view(analyze(trace, selection, top, accelerator))
    if as_json:
        from annt_prof.report.json.analysis import document

        sys.stdout.buffer.write(document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.analysis import render

    render(view, Console())


def _ranks(
    place: Path | str,
    selection: slice,
    max_size: int,
    accelerator: bool | None,
    processes: int,
    engine: str | None,
    *,
    as_json: bool,
) -> None:
    from annt_prof.analysis.ranks.mapping import summaries
    from annt_prof.analysis.ranks.ranks import compare, folder_of
    from annt_prof.trace.remote import trace_files
    from annt_prof.views.ranks_view import build_ranks_view

    files = trace_files(place)
    with _executor(files, processes, engine) as executor, _progress() as show:
        read = list(summaries(files, selection, max_size, accelerator, show, executor))
    # What the processes hold is free by now.
    view = build_ranks_view(compare(read, folder_of(files)))
    if as_json:
        from annt_prof.report.json.ranks import ranks_document

        sys.stdout.buffer.write(ranks_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.ranks import render_ranks

    render_ranks(view, Console())


def _executor(
    files: Sequence[TraceFile], processes: int, engine: str | None
) -> AbstractContextManager[Executor | None]:
    """Return what reads the files; nothing where a process would take longer to start than they."""
    if engine is not None:
        from annt_prof.analysis.ranks.engine import dask_executor

        return dask_executor(engine)
    from annt_prof.analysis.ranks.pool import pool_of_readers, worthwhile_processes

    useful = worthwhile_processes(files, processes)
    return contextlib.nullcontext() if useful == 1 else pool_of_readers(useful)


def _progress() -> AbstractContextManager[Callable[[TraceFile, int, int], None] | None]:
    """Return what shows on a terminal how far reading has come; rich is not loaded without one."""
    if not sys.stderr.isatty():
        return contextlib.nullcontext()
    from rich.console import Console

    from annt_prof.report.text.reading_progress import ReadingProgress

    return ReadingProgress(Console(stderr=True))
