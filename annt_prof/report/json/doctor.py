"""The checks of an installation as one JSON document, with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from annt_prof.doctor.diagnosis import Status
    from annt_prof.views.doctor_view import DoctorView


@dataclass(frozen=True)
class CheckDocument:
    """One check."""

    finding: str
    name: str
    remedy: str | None
    status: Status


@dataclass(frozen=True)
class DoctorDocument:
    """All of them."""

    can_run: bool
    checks: tuple[CheckDocument, ...]
    schema_version: int


def doctor_document(view: DoctorView) -> bytes:
    """Return the checks as indented UTF-8 JSON with a final line break."""
    checks = tuple(
        CheckDocument(check.finding, check.name, check.remedy, check.status)
        for check in view.checks
    )
    return encode(DoctorDocument(view.can_run, checks, view.schema_version))
