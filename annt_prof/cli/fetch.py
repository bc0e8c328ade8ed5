"""``annt-prof fetch``: the one command that downloads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from annt_prof.scenario.schema import Scenario
    from annt_prof.workload.fetching.needs import Need

_SCHEMA_VERSION = 1


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@options.overrides
@options.data_dir("Where data sets go.")
@options.as_json("what was done")
def command(
    scenario: Path, overrides: tuple[str, ...], data_dir: Path | None, as_json: bool
) -> None:
    """Download the data set and the pretrained weights that SCENARIO needs.

    Nothing else uses the network. What is there already is checked and left alone; an interrupted
    download goes on where it stopped. Weights go to the caches of torch.hub and the Hugging Face
    hub.

    Exit status: 0 everything is there, 2 something could not be fetched, 130 interrupted.
    """
    from annt_prof.workload.fetching.needs import needs

    needed = needs(_scenarios(scenario, overrides), data_dir)
    done = [_provide(need) for need in needed]
    if as_json:
        _write_json(done)
    elif not done:
        click.echo("nothing to fetch: this scenario needs no download")
    else:
        for item in done:
            click.echo(f"{item['what']}: {item['status']}, {item['place']}")


def _scenarios(path: Path, overrides: tuple[str, ...]) -> Iterable[Scenario]:
    """Return what is in effect on machines with an accelerator and without."""
    from annt_prof.errors import UserError
    from annt_prof.scenario.loading import load

    results = load(path, overrides).by_accelerator.values()
    return [result.scenario for result in results if not isinstance(result, UserError)]


def _provide(need: Need) -> dict[str, str]:
    from rich.console import Console

    console = Console(stderr=True)
    with console.status(f"looking for {need.what} ..."):
        place = need.present()
    if place is not None:
        return {"what": need.what, "status": "already there", "place": str(place)}
    return {"what": need.what, "status": "fetched", "place": str(_fetch(need, console))}


def _fetch(need: Need, console: Console) -> Path:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(need.what, total=None)
        return need.fetch(lambda done, total: bars.update(task, completed=done, total=total))


def _write_json(items: list[dict[str, str]]) -> None:
    import json

    document = {"schema_version": _SCHEMA_VERSION, "items": items}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
