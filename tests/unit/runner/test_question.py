"""What a run's record says of its question, before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.machine.machine import Machine
from annt_prof.runner.question import build_question
from annt_prof.runner.recording import RunRequest
from annt_prof.scenario.loading import load

if TYPE_CHECKING:
    from pathlib import Path

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
