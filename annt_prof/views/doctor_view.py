"""What ``annt-prof doctor`` shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.doctor.diagnosis import Check, Diagnosis


@dataclass(frozen=True)
class DoctorView:
    """The checks and what follows from them.

    Attributes:
        schema_version: Of the diagnosis.
        checks: In the order in which they are shown.
        can_run: Whether no check found a problem.
    """

    schema_version: int
    checks: tuple[Check, ...]
    can_run: bool


def build_doctor_view(diagnosis: Diagnosis) -> DoctorView:
    """Return what is shown of a diagnosis."""
    return DoctorView(diagnosis.schema_version, diagnosis.checks, diagnosis.can_run)
