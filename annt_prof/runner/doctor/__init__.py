"""What stands in the way of a run on this machine, and what to do about it. No torch here."""

from __future__ import annotations

from annt_prof.runner.doctor.diagnosis import Check, Diagnosis
from annt_prof.runner.doctor.machine import machine_checks
from annt_prof.runner.doctor.software import software_checks
from annt_prof.runner.doctor.torch_report import ask_torch

__all__ = ["Check", "Diagnosis", "diagnose"]

SCHEMA_VERSION = 1


def diagnose() -> Diagnosis:
    """Return every check; takes as long as importing torch in a process of its own."""
    # The load is looked at first, while nothing of ours runs.
    of_machine = machine_checks()
    return Diagnosis(SCHEMA_VERSION, (*software_checks(ask_torch()), *of_machine))
