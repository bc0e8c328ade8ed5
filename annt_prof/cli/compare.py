"""``annt-prof compare``: two runs, or two variants, with the statistics that they allow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.errors import UserError, suggestion

if TYPE_CHECKING:
    from annt_prof.views.pair import Pair, Side
    from annt_prof.views.screens.source import RunSource


@click.command()
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@options.runs_dir("Where to look for runs.")
@options.as_json("the comparison")
def command(first: str, second: str, runs_dir: Path, as_json: bool) -> None:
    """Compare B with A: what grew and what shrank, how far launches tell it, and what differs.

    Each is RUN, RUN:VARIANT or :VARIANT. RUN is a run directory, its run.json, or the name of a
    directory under --runs-dir; without it A is of the newest run, and B of the run of A. Without
    VARIANT it is the whole mix, else the single technique, else the baseline; of two runs, of
    which one VARIANT is given, that one in both. Within a run launches are pairs; of two runs they
    are independent, and what drifted between the two is in every figure.
    """
    from annt_prof.cli.digesting import digest_of
    from annt_prof.cli.printing_pages import print_page
    from annt_prof.views.comparing import build_comparison

    print_page(build_comparison(_pair(first, second, runs_dir), digest_of), as_json=as_json)


def _pair(first: str, second: str, runs_dir: Path) -> Pair:
    from annt_prof.views.pair import Pair
    from annt_prof.views.screens.source import RunSource

    here, first_name = _parsed(first, runs_dir, None)
    there, second_name = _parsed(second, runs_dir, here)
    source = RunSource(here)
    if there.resolve() == here.resolve():
        pair = Pair(_side(source, first_name, None), _side(source, second_name, None))
        if pair.is_one_variant:
            raise UserError(
                f"this is {pair.first.name} of {source.title} twice",
                where=f"{first} {second}",
                hint=f"RUN:VARIANT names another; there are {_known(source)}",
            )
        return pair
    other = RunSource(there)
    return Pair(_side(source, first_name, second_name), _side(other, second_name, first_name))


def _parsed(given: str, runs_dir: Path, here: Path | None) -> tuple[Path, str | None]:
    """Return the run directory and the variant that are meant.

    Args:
        given: As it was typed; a run whose name has a colon wins over a variant.
        runs_dir: The folder of all runs.
        here: The run of a variant that is given alone; None for the newest.
    """
    from annt_prof.runs import layout, store

    run, colon, variant = given.rpartition(":")
    if not colon or Path(given).exists() or (runs_dir / given).exists():
        run, variant = given, ""
    elif not variant:
        raise UserError("there is no variant behind the colon", where=given)
    if not run and here is not None:
        return here, variant
    return layout.run_directory(store.find(run or None, runs_dir)), variant or None


def _side(source: RunSource, name: str | None, as_other: str | None) -> Side:
    """Return a run's variant; without a name that of the other run's, or the run's own default."""
    from annt_prof.views.default_variant import default_variant
    from annt_prof.views.pair import Side

    names = [variant.name for variant in source.run.variants]
    if name is None:
        name = as_other if as_other in names else default_variant(source.run)
    if name is None:
        raise UserError("it has no variants", where=source.title)
    if name not in names:
        raise UserError(
            f"there is no variant {name!r} in {source.title}", hint=suggestion(name, names)
        )
    return Side(source, name)


def _known(source: RunSource) -> str:
    return ", ".join(variant.name for variant in source.run.variants)
