"""What ``show``, ``explain`` and ``advise`` print of runs, and ``run`` of the one it measured."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import WIDTHS, assert_reads_as_before, printed
from made_runs import RUNS

from annt_prof.cli import measuring
from annt_prof.runner.recording import Recorded
from shipped import SCENARIOS

COMMANDS = ("show", "explain", "advise")
CALLED = [
    (command, run_id)
    for run_id, run in RUNS.items()
    for command in COMMANDS
    if command != "advise" or run.variants[0].breakdown is not None
]
pytestmark = pytest.mark.usefixtures("in_made")


def page(command: str, run_id: str, kind: str) -> str:
    return f"{command}/{run_id.split('-')[-1]}{kind}"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("command", "run_id"), CALLED)
def test_a_run_reads_as_it_did(command: str, run_id: str, width: int) -> None:
    shown = printed(command, f"runs/{run_id}", width=width)
    assert_reads_as_before(shown, page(command, run_id, f"_{width}.txt"))


@pytest.mark.parametrize(("command", "run_id"), CALLED)
def test_the_document_of_a_run_is_what_it_was(command: str, run_id: str) -> None:
    shown = printed(command, f"runs/{run_id}", "--json")
    assert_reads_as_before(shown, page(command, run_id, ".json"))


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("run_id", RUNS)
def test_run_ends_with_what_show_prints(
    run_id: str, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = Recorded(RUNS[run_id], Path("runs") / run_id)
    monkeypatch.setattr(measuring, "measure", lambda _: measuring.Measured(recorded, None))
    shown = printed("run", str(SCENARIOS / "vit_amp.yaml"), *options)
    assert shown == printed("show", f"runs/{run_id}", *options)
