"""What stands in the way of a run on this machine, and what to do about it. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.doctor.diagnosis import Check, Diagnosis
from annt_prof.doctor.machine import machine_checks
from annt_prof.doctor.software import software_checks
from annt_prof.doctor.torch_report import ask_torch

if TYPE_CHECKING:
    from annt_prof.scenario.loading import ScenarioDocument

__all__ = ["Check", "Diagnosis", "diagnose"]

SCHEMA_VERSION = 1


def diagnose(document: ScenarioDocument | None = None) -> Diagnosis:
    """Return every check; takes as long as importing torch in a process of its own.

    Args:
        document: A scenario to be looked at too.
    """
    # The load is looked at first, while nothing of ours runs.
    of_machine = machine_checks()
    report = ask_torch()
    checks = (*software_checks(report), *of_machine)
    if document is not None:
        checks = (*checks, _scenario_check(document, accelerated=report.cuda_available))
    return Diagnosis(SCHEMA_VERSION, checks)


def _scenario_check(document: ScenarioDocument, *, accelerated: bool) -> Check:
    from annt_prof.doctor.scenario import loaders_check
    from annt_prof.workers.shared_memory import free_bytes

    scenario = document.resolve(accelerator=accelerated).scenario
    return loaders_check(scenario, free_bytes(), accelerated=accelerated)
