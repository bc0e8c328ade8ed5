"""What any worker and its parent say to each other, whatever the worker is for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from annt_prof.remarks import Remark

LossKind = Literal["out_of_memory", "crashed", "not_applicable", "user_error"]


@dataclass(frozen=True)
class StopRequest:
    """End the worker."""


@dataclass(frozen=True)
class Failure:
    """The worker cannot go on.

    Attributes:
        kind: ``user_error`` where the scenario cannot be built, ``not_applicable`` where it can
            and the variant's techniques refuse what was built.
        message: One line for the table.
        where, hint: Of these two.
        remarks: What the checks of the variant's pitfalls found before it failed.
        signal: Name of the one that ended the process; None where it could still speak.
    """

    kind: LossKind
    message: str
    where: str | None = field(default=None)
    hint: str | None = field(default=None)
    remarks: tuple[Remark, ...] = ()
    signal: str | None = field(default=None)
