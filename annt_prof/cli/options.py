"""Options that several commands share, so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from annt_prof.check.defaults import BASELINES_FOLDER
from annt_prof.machine.folders import DATA_VARIABLE
from annt_prof.machine.hardware import usable_cores

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    Decorator = Callable[["Function"], "Function"]

Function = TypeVar("Function", bound="Callable[..., Any]")

RUNS_DIR = Path("runs")

overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY.PATH=VALUE",
    help="Override one value of the scenario; may be given many times.",
)
device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="auto takes the GPU where torch sees one.",
)
on_cpu = click.option(
    "--on-cpu",
    is_flag=True,
    help="The program of the trace used the CPU alone, whatever devices the file lists.",
)
ascii_only = click.option(
    "--ascii", "ascii_only", is_flag=True, help="Draw the dashboard with ASCII alone."
)
again = click.option(
    "--aa",
    "again",
    is_flag=True,
    help="Measure the baseline twice: what the second seems to be worth is noise.",
)


class _HomeFolder(click.Path):
    """A folder whose ``~`` is expanded before click looks at it."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - as click has it
        """Return the folder."""
        return super().convert(Path(value).expanduser(), param, ctx)


def processes(purpose: str) -> Decorator[Any]:
    """Return the option for how many processes read traces beside one another."""
    return click.option(
        "--processes",
        type=click.IntRange(1),
        default=usable_cores,
        metavar="N",
        help=f"{purpose}  [default: the CPUs that this process may use]",
    )


def data_dir(purpose: str) -> Decorator[Any]:
    """Return the option for the folder of data sets."""
    return click.option(
        "--data-dir",
        type=_HomeFolder(path_type=Path, file_okay=False),
        envvar=DATA_VARIABLE,
        show_envvar=True,
        help=f"{purpose}  [default: the user's cache folder]",
    )


def runs_dir(purpose: str) -> Decorator[Any]:
    """Return the option for the folder of runs."""
    return click.option(
        "--runs-dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=RUNS_DIR,
        show_default=True,
        help=purpose,
    )


def baselines_dir(purpose: str) -> Decorator[Any]:
    """Return the option for the folder of stored baselines."""
    return click.option(
        "--baselines",
        "baselines_dir",
        type=click.Path(path_type=Path, file_okay=False),
        default=BASELINES_FOLDER,
        show_default=True,
        help=purpose,
    )


def as_json(what: str) -> Decorator[Any]:
    """Return the option for JSON in place of text."""
    return click.option(
        "--json", "as_json", is_flag=True, help=f"Print {what} as one JSON document."
    )
