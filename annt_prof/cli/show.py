"""``annt-prof show``: the answer of a finished run again, or what one screen of it shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.cli.digesting import digest_of
from annt_prof.cli.printing_pages import print_page
from annt_prof.errors import UserError
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from annt_prof.views.page import Page
    from annt_prof.views.screens.selection import Selection


@click.command()
@click.argument("what", nargs=-1, metavar="[SCREEN] [RUN | TRACE]")
@options.runs_dir("Where to look for runs.")
@options.as_json("the answer")
@click.option(
    "--variant", metavar="NAME", help="Whose traced steps, kernels or differences are printed."
)
@click.option(
    "--against", metavar="NAME", help="What --variant is compared with: its difference from this."
)
@click.option("--against-run", metavar="RUN", help="The run that --against is of, if another.")
@click.option("--technique", metavar="NAME", help="Of which all that is known is printed.")
@click.option(
    "--by",
    "grouping",
    type=click.Choice(["class", "phase", "operator", "module"]),
    help="What kernels are grouped by.",
)
def command(
    what: tuple[str, ...],
    runs_dir: Path,
    as_json: bool,
    variant: str | None,
    against: str | None,
    against_run: str | None,
    technique: str | None,
    grouping: str | None,
) -> None:
    """Print the answer of RUN again: the newest run, if none is given.

    With SCREEN, print what that screen of the dashboard shows: runs, live, overview, techniques,
    steps, kernels, telemetry, compare or advice. RUN is a run directory, its run.json, or the name
    of a directory under --runs-dir; ./runs is one that is called like a screen. SCREEN also takes
    a trace file. What a key or the cursor chooses there an option chooses here: --variant and
    --against of kernels and compare, --variant of steps, --technique of techniques and advice,
    --by of kernels.
    """
    selected = _Selected(variant, against, against_run, technique, grouping)
    if what and what[0] in tuple(Screen):
        print_page(_page(Screen(what[0]), what[1:], runs_dir, selected), as_json=as_json)
    elif selected != _Selected():
        raise UserError(
            "give the screen on which this is chosen", hint="for example: annt-prof show kernels"
        )
    elif len(what) > 1:
        raise UserError(
            "give one run, or a screen and a run",
            where=" ".join(what),
            hint=f"screens are {', '.join(Screen)}",
        )
    else:
        _print_answer(what[0] if what else None, runs_dir, as_json=as_json)


@dataclass(frozen=True)
class _Selected:
    """The options as they were given."""

    variant: str | None = None
    against: str | None = None
    against_run: str | None = None
    technique: str | None = None
    grouping: str | None = None

    def read(self, runs_dir: Path) -> Selection:
        """Return what they mean.

        Raises:
            UserError: There is no such other run.
        """
        from annt_prof.runs import layout, store
        from annt_prof.views.screens.selection import Selection
        from annt_prof.views.screens.source import RunSource

        other = None
        if self.against_run is not None:
            other = RunSource(layout.run_directory(store.find(self.against_run, runs_dir)))
        grouping = None
        if self.grouping is not None:
            from annt_prof.views.work.groups import Grouping

            grouping = Grouping(self.grouping)
        return Selection(self.variant, self.against, other, self.technique, grouping)


def _page(screen: Screen, what: tuple[str, ...], runs_dir: Path, selected: _Selected) -> Page:
    from annt_prof.runs import layout, store
    from annt_prof.views.screens.building import build_page
    from annt_prof.views.screens.source import RunSource, TraceSource, is_trace

    if len(what) > 1:
        raise UserError("give one run or one trace", where=" ".join(what))
    selection = selected.read(runs_dir)
    path = Path(what[0]) if what else None
    if path is not None and path.is_file() and is_trace(path):
        return build_page(screen, TraceSource(path), digest_of, selection)
    source = RunSource(layout.run_directory(store.find(what[0] if what else None, runs_dir)))
    return build_page(screen, source, digest_of, selection)


def _print_answer(run: str | None, runs_dir: Path, *, as_json: bool) -> None:
    from annt_prof.cli.answering import print_recorded
    from annt_prof.runs import store

    print_recorded(store.find(run, runs_dir), as_json=as_json)
