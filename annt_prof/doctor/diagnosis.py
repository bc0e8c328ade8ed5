"""The values that ``annt-prof doctor`` prints."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["ok", "warning", "problem"]


class Check(msgspec.Struct, frozen=True):
    """One thing looked at.

    Attributes:
        name: What was looked at.
        status: A ``problem`` stops a run; a ``warning`` changes what it measures.
        finding: What is there.
        remedy: What to do about it; None where all is well.
    """

    name: str
    status: Status
    finding: str
    remedy: str | None = None


class Diagnosis(msgspec.Struct, frozen=True):
    """All checks, in the order they are printed."""

    schema_version: int
    checks: tuple[Check, ...]

    @property
    def can_run(self) -> bool:
        """Whether no check found a problem."""
        return all(check.status != "problem" for check in self.checks)
