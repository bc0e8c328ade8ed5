"""What is to be measured, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from annt_prof.machine.machine import Machine
    from annt_prof.plan import Plan
    from annt_prof.runner.gate import Gate
    from annt_prof.scenario.schema import Scenario
    from annt_prof.techniques.evidence import Baseline
    from annt_prof.techniques.observed import Observed


@dataclass(frozen=True)
class Job:
    """What is to be measured, where.

    Attributes:
        search_path: Folder of the user's own modules.
        logs: Folder for what the workers print, and for what is compiled; gone after the run.
        baseline: The baseline's settings, which a technique may find to be its own; None between
            two scenarios, where what differs is the question.
        refused: Techniques that the scenario's own model or data turned out to refuse, each with
            the reason; they are left out of every variant in which no other technique may free
            them.
        refused_beside: Those of them that were refused beside such a technique, too.
        directory: Of the run; None where nothing of it is kept while it is measured.
        against_reference: Whether the first variant is what the other is held against, and not
            the scenario without its techniques.
        gate: What a check asks beside the windows; None of any other run.
        observed: What one batch of the baseline showed; None where it is not known, and between
            two scenarios, whose models may differ.
    """

    scenario: Scenario
    plan: Plan
    machine: Machine
    data_dir: Path | None
    search_path: Path
    logs: Path
    baseline: Baseline | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    refused_beside: frozenset[str] = frozenset()
    observed: Observed | None = None
    gate: Gate | None = None
    directory: Path | None = None
    against_reference: bool = False
