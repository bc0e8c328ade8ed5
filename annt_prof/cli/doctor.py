"""``annt-prof doctor``: check the installation and the machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof import units
from annt_prof.cli import options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from annt_prof.doctor import Check, Diagnosis

_EXIT_PROBLEM = 2
_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


@click.command()
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@options.as_json("the checks")
@click.option(
    "--calibrate",
    is_flag=True,
    help="Measure what this machine can do at most, and keep it for predictions.",
)
@click.pass_context
def command(context: click.Context, scenario: Path | None, as_json: bool, calibrate: bool) -> None:
    """Check the installation and the machine, and say how to mend what is wrong.

    A problem stops a run; a warning changes what it measures. Of SCENARIO, if one is given, it
    checks whether the loader processes of all its variants find room in shared memory.

    Exit status: 0 a run can start, 2 a problem would stop it.
    """
    from rich.console import Console

    if calibrate:
        _calibrate(as_json=as_json)
        return
    from annt_prof.doctor import diagnose

    document = None
    if scenario is not None:
        from annt_prof.scenario.loading import load

        document = load(scenario)
    with Console(stderr=True).status("looking at the machine, importing torch ..."):
        diagnosis = diagnose(document)
    if as_json:
        _write_json(diagnosis)
    else:
        _print(diagnosis, Console())
    context.exit(0 if diagnosis.can_run else _EXIT_PROBLEM)


def _calibrate(*, as_json: bool) -> None:
    import msgspec
    from rich.console import Console

    from annt_prof.calibration.rates import calibrate
    from annt_prof.loop.starting import probe_machine, start_training_server
    from annt_prof.machine import ceilings as kept
    from annt_prof.machine.environment import collect
    from annt_prof.machine.load import look_at_load
    from annt_prof.report.text.ceilings import ceilings_table

    said = Console(stderr=True)
    load = look_at_load()
    if load.is_busy:
        said.print(
            f"other programs keep the CPU {units.percent(load.share, 0)} busy, which lowers what "
            "is measured: calibrate again once they are done",
            style="yellow",
        )
    with said.status("measuring what this machine can do at most ..."):
        context = start_training_server(())
        probed = probe_machine(context, use_accelerator=True)
        environment = collect(probed.machine, probed.threads)
        found = calibrate(context, use_accelerator=True)
    path = kept.keep(environment, found)
    if as_json:
        encoded = msgspec.json.format(msgspec.json.encode(found), indent=2)
        sys.stdout.write(encoded.decode() + "\n")
        return
    console = Console()
    console.print(ceilings_table(kept.fingerprint(environment), found), highlight=False)
    console.print(f"kept in {path}", highlight=False, soft_wrap=True)


def _write_json(diagnosis: Diagnosis) -> None:
    import msgspec

    fields = msgspec.to_builtins(diagnosis) | {"can_run": diagnosis.can_run}
    encoded = msgspec.json.format(msgspec.json.encode(fields, order="sorted"), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def _print(diagnosis: Diagnosis, console: Console) -> None:
    width = max(len(check.name) for check in diagnosis.checks)
    for check in diagnosis.checks:
        # Lines are left to the terminal to wrap, so that a remedy can be copied whole.
        console.print(_line(check, width), soft_wrap=True)
    verdict = "a run can start here" if diagnosis.can_run else "a run cannot start here"
    console.print(f"\n{verdict}", highlight=False)


def _line(check: Check, width: int) -> Text:
    from rich.text import Text

    line = Text.assemble(
        (f"{check.status:<8}", _STYLES[check.status]),
        (f"{check.name:<{width}}  ", "bold"),
        check.finding,
    )
    if check.remedy is not None:
        line.append(f"\n{'':{8 + width}}  {check.remedy}", "cyan")
    return line
