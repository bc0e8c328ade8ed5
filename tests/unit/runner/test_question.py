"""What a run's record says of its question, before anything is measured."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

from annt_prof.machine.machine import Machine
from annt_prof.plan import Factor, Side
from annt_prof.runner import recording
from annt_prof.runner.gate import Reference
from annt_prof.runner.job import Job
from annt_prof.runner.question import build_question
from annt_prof.runner.recording import RunRequest
from annt_prof.runner.variant_state import make_states
from annt_prof.scenario.loading import load
from hand_made import CPU as HERE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
SCENARIO = """\
model: {source: torchvision, name: resnet18}
dataset: {name: digits, batch_size: 4}
"""
FIRST = "techniques: {channels_last: , amp: , gradient_accumulation: {steps: 2}}\n"
SECOND = (
    "techniques: {channels_last: , gradient_accumulation: {steps: 4}, "
    "gradient_clipping: {limit: 2.0}}\n"
)


def request(tmp_path: Path, *mixes: str) -> RunRequest:
    documents = []
    for index, mix in enumerate(mixes):
        path = tmp_path / f"{index}.yaml"
        path.write_text(f"{SCENARIO}{mix}window: {{iterations: 4, time_budget_s: 30}}\n")
        documents.append(load(path))
    other = documents[1] if len(documents) == 2 else None
    return RunRequest(documents[0], "cpu", None, tmp_path, tmp_path, other=other)


def test_one_scenario_switches_its_whole_mix_on(tmp_path: Path) -> None:
    asked = request(tmp_path, FIRST)
    found = build_question(asked, asked.document.resolve(accelerator=False), CPU)
    assert found.switched_on == ("channels_last", "amp", "gradient_accumulation")


def test_of_two_scenarios_the_second_switches_on_what_the_first_lacks(tmp_path: Path) -> None:
    asked = request(tmp_path, FIRST, SECOND)
    found = build_question(asked, asked.document.resolve(accelerator=False), CPU)
    assert found.switched_on == ("gradient_clipping",)
    on_everywhere = [{c.name for c in variant.techniques} for variant in found.plan.variants]
    assert all("channels_last" in names for names in on_everywhere)
    values = {value.path: value.value for value in found.values}
    assert values["techniques.gradient_clipping.limit"] == 2.0
    assert values["window.time_budget_s"] == found.scenario.window.time_budget_s == 60


def test_what_a_scenario_is_held_against_is_said(tmp_path: Path) -> None:
    asked = request(tmp_path, FIRST, SECOND)
    assert asked.other is not None
    told = Factor("worktree", "main (1a2b3c4) -> the present files")
    beside = replace(asked, other=None, reference=Reference(asked.other, told, "main (1a2b3c4)"))
    resolved = asked.document.resolve(accelerator=False)
    found = build_question(beside, resolved, CPU)
    assert (found.reference, found.differences[0]) == ("main (1a2b3c4)", f"worktree: {told.change}")
    assert build_question(asked, resolved, CPU).reference is None
    assert build_question(replace(asked, other=None), resolved, CPU).reference is None


def test_each_state_keeps_whose_code_it_runs(tmp_path: Path) -> None:
    """It was lost once: the reference ran the present code, and nothing ever differed."""
    asked = request(tmp_path, FIRST, SECOND)
    assert asked.other is not None
    side, own = Side(worktree=tmp_path / "old"), Side(python=tmp_path / "python")
    reference = Reference(asked.other, Factor("worktree", "a -> b"), "a", side, own)
    beside = replace(asked, other=None, reference=reference)
    found = build_question(beside, asked.document.resolve(accelerator=False), CPU)
    job = Job(found.scenario, found.plan, CPU, None, tmp_path, tmp_path, found.baseline)
    assert [state.variant.side for state in make_states(job)] == [side, own]


def test_the_record_keeps_what_the_scenario_is_held_against(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = request(tmp_path, FIRST)
    reference = Reference(asked.document, Factor("worktree", "a -> b"), "a")
    resolved = asked.document.resolve(accelerator=False)
    found = build_question(replace(asked, reference=reference), resolved, CPU)
    monkeypatch.setattr(recording, "collect", lambda *_: HERE)
    probed = SimpleNamespace(machine=CPU, threads=2, packages={}, device_uuid=None)
    session = SimpleNamespace(substitutions=(), records=(), orders=())
    drafted = recording._draft(tmp_path, resolved, probed, session, found)  # type: ignore[arg-type]
    assert drafted.reference == "a"
