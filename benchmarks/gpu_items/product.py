"""What these items use of annt-prof's inside; everything else goes by its command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.errors import UserError
from annt_prof.loop.driving import run_steps, run_timed, run_traced
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.machine.machine import Machine, has_tf32
from annt_prof.scenario.loading import load
from annt_prof.techniques import registry
from annt_prof.trace.reading import read
from annt_prof.windows.messages import TimedRequest, TracedRequest
from annt_prof.workload.assembly import make_optimizer
from annt_prof.workload.build import build

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.scenario.schema import Scenario
    from annt_prof.techniques.setup import TrainingSetup
    from annt_prof.techniques.technique import Technique

__all__ = ["Loop", "UserError", "build_setup", "make_optimizer", "optimizer_step", "read_scenario",
           "run_steps", "switch_on", "timed_ns", "traced"]  # fmt: skip


def machine(device: torch.device) -> Machine:
    """Return what techniques ask of this machine."""
    if device.type == "cpu":
        return Machine("cpu", "the CPU", 0, torch.get_num_threads(), native_bfloat16=True)
    return Machine(
        "cuda",
        torch.cuda.get_device_name(device),
        torch.cuda.device_count(),
        torch.get_num_threads(),
        native_bfloat16=torch.cuda.is_bf16_supported(including_emulation=False),
        tf32=has_tf32(torch.cuda.get_device_capability(device)),
    )


def read_scenario(document: dict[str, Any], folder: Path, *, accelerator: bool) -> Scenario:
    """Write a scenario to a folder (JSON is YAML) and return it as annt-prof reads it."""
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(document))
    return load(path).resolve(accelerator=accelerator).scenario


def build_setup(scenario: Scenario, device: torch.device) -> TrainingSetup:
    """Return the baseline's declaration; the same weights each time."""
    return build(scenario, device, None).setup


def switch_on(name: str, options: dict[str, Any], setup: TrainingSetup) -> None:
    """Let a technique edit the declaration.

    Raises:
        UserError: It cannot act here, with its reason.
    """
    technique: Technique = registry.load(name)
    chosen = technique.options(**options)
    obstacle = technique.obstacle(chosen, machine(setup.device))
    if obstacle is not None:
        raise UserError(obstacle)
    chosen.apply(setup)


def timed_ns(loop: Loop, iterations: int, switch_in: int) -> float:
    """Return nanoseconds per iteration of one timed window."""
    request = TimedRequest(
        round=0, launch=0, position=0, iterations=iterations, switch_in=switch_in
    )
    steps = run_timed(loop, request).step_ns
    return sum(steps) / len(steps)


def traced(loop: Loop, iterations: int, path: Path, *, unrecorded: int = 1) -> MeanBreakdown:
    """Run one traced window and return the mean step; ``num_steps`` is what was recorded."""
    run_traced(loop, TracedRequest(iterations, path, unrecorded=unrecorded))
    return break_down(Timeline(read(path))).mean
