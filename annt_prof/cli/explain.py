"""``annt-prof explain``: what each technique is worth, where in the step, and why."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annt_prof.cli import options
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Explanation
    from annt_prof.runs.record import Run

_SCENARIO_SUFFIXES = (".yaml", ".yml")


@click.command()
@click.argument("what", nargs=-1, metavar="[RUN | NAME | FIRST.yaml SECOND.yaml]")
@options.runs_dir("Where to look for runs.")
@options.overrides
@options.device
@options.data_dir("Where data sets lie.")
@options.as_json("the explanation")
def command(
    what: tuple[str, ...],
    runs_dir: Path,
    overrides: tuple[str, ...],
    device: str,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Explain a run: a verdict for each technique, with its evidence. The newest, if none is given.

    RUN is a run directory, its run.json, or the name of a directory under --runs-dir. NAME is a
    technique, of which everything known is printed. FIRST.yaml and SECOND.yaml are two
    scenarios: every setting in which they differ is found and made a factor, and each gets its
    share of the difference. Settings that mean nothing apart, such as a model's name and its
    arguments, are one factor. Of up to 4 factors all sets are measured; of more, those along a
    few random orders, from which the shares are estimated. The windows are the first scenario's,
    the time budget that of both together.
    """
    if len(what) == 2 and all(name.endswith(_SCENARIO_SUFFIXES) for name in what):
        record = _measured(what, overrides, device, data_dir, runs_dir)
    elif len(what) > 1:
        raise UserError("give one run, or two scenario files", where=" ".join(what))
    elif what and not Path(what[0]).exists() and _is_technique(what[0]):
        _print_technique(what[0])
        return
    elif what and what[0].endswith(_SCENARIO_SUFFIXES):
        raise UserError(
            "one scenario is no run, and takes a second one to be compared with",
            where=what[0],
            hint=f"annt-prof run {what[0]} measures it, and annt-prof explain then explains it",
        )
    else:
        record = _recorded(what[0] if what else None, runs_dir)
    _print(_explained(record), as_json=as_json)


def _recorded(name: str | None, runs_dir: Path) -> Run:
    """Return the run of that name; a name that is none may be near a technique's."""
    from annt_prof.runs import store
    from annt_prof.techniques import registry
    from annt_prof.views.loading import load_run

    try:
        return load_run(store.find(name, runs_dir)).run
    except UserError as error:
        near = difflib.get_close_matches(name or "", registry.names(), n=1)
        if not near:
            raise
        hint = f"did you mean the technique {near[0]}?"
        raise UserError(error.message, where=error.where, hint=hint) from None


def _is_technique(name: str) -> bool:
    from annt_prof.techniques import registry

    return name in registry.names()


def _print_technique(name: str) -> None:
    from rich.console import Console

    from annt_prof.report.text.catalogue import entry
    from annt_prof.views.catalogue_view import build_entry

    Console().print(entry(build_entry(name)), highlight=False)


def _measured(
    paths: tuple[str, ...],
    overrides: tuple[str, ...],
    device: str,
    data_dir: Path | None,
    runs_dir: Path,
) -> Run:
    from annt_prof.cli.measuring import measure
    from annt_prof.runner.recording import RunRequest
    from annt_prof.scenario.loading import load

    first, second = (load(Path(path), overrides) for path in paths)
    recorded, failure = measure(
        RunRequest(
            document=first,
            device=device,
            data_dir=data_dir,
            runs_dir=runs_dir,
            scenario_dir=Path(paths[0]).resolve().parent,
            other=second,
        )
    )
    if failure is not None:
        raise failure
    return recorded.run


def _explained(record: Run) -> Explanation:
    from annt_prof.explain.explaining import explain
    from annt_prof.machine import ceilings

    return explain(record, ceilings.recall(record.environment))


def _print(explanation: Explanation, *, as_json: bool) -> None:
    from annt_prof.views.explanation_view import build_explanation_view

    view = build_explanation_view(explanation)
    if as_json:
        from annt_prof.report.json.explanation import explanation_document

        sys.stdout.buffer.write(explanation_document(view))
        return
    from rich.console import Console

    from annt_prof.report.text.explanation import render_explanation

    render_explanation(view, Console())
