"""``annt-prof doctor``: check the installation and the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from annt_prof import units
from annt_prof.cli import options

_EXIT_PROBLEM = 2


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
    from annt_prof.views.doctor_view import build_doctor_view

    document = None
    if scenario is not None:
        from annt_prof.scenario.loading import load

        document = load(scenario)
    with Console(stderr=True).status("looking at the machine, importing torch ..."):
        diagnosis = diagnose(document)
    view = build_doctor_view(diagnosis)
    if as_json:
        from annt_prof.report.json.doctor import doctor_document

        sys.stdout.buffer.write(doctor_document(view))
    else:
        from annt_prof.report.text.doctor import render_doctor

        render_doctor(view, Console())
    context.exit(0 if view.can_run else _EXIT_PROBLEM)


def _calibrate(*, as_json: bool) -> None:
    from rich.console import Console

    from annt_prof.calibration.rates import calibrate
    from annt_prof.loop.starting import probe_machine, start_training_server
    from annt_prof.machine import ceilings as kept
    from annt_prof.machine.environment import collect
    from annt_prof.machine.load import look_at_load

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
        environment = collect(probed.machine, probed.threads, probed.packages, probed.device_uuid)
        ceilings = calibrate(context, use_accelerator=True)
    path = kept.keep(environment, ceilings)
    if as_json:
        from annt_prof.report.json.encoding import encode

        sys.stdout.buffer.write(encode(ceilings))
        return
    from annt_prof.report.text.ceilings import render_ceilings
    from annt_prof.views.ceilings_view import build_ceilings_view

    view = build_ceilings_view(kept.fingerprint(environment), ceilings, path)
    render_ceilings(view, Console())
