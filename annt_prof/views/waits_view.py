"""The calls in which the host waited for the device, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.rest import legible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.analysis.tables.synchronisations import Synchronisation
    from annt_prof.views.rest import Listed


@dataclass(frozen=True)
class WaitRow:
    """All waits by calls of one name made from one place.

    Attributes:
        call: Its name.
        made_by: The operators around it, from the outermost to the innermost; empty where the
            program itself made it, None where the file breaks off and they may be lost.
        count: Waits.
        blocked_ns: Sum of their durations.
        polled: Whether each wait is a loop of such calls.
    """

    call: str
    made_by: tuple[str, ...] | None
    count: int
    blocked_ns: int
    polled: bool = False


def build_wait_rows(calls: Iterable[Synchronisation], *, complete: bool) -> Listed[WaitRow]:
    """Return a row for each call and place, without those that would read 0.000 ms.

    Args:
        calls: The longest in total first.
        complete: Whether the file holds all its events.
    """
    rows = (
        WaitRow(
            call=call.call,
            made_by=_made_by(call) or (() if complete else None),
            count=call.count,
            blocked_ns=call.blocked_ns,
            polled=call.polled,
        )
        for call in calls
    )
    return legible(rows, lambda row: row.blocked_ns)


def _made_by(call: Synchronisation) -> tuple[str, ...]:
    """Return the operators around a call; one alone is both the outermost and the innermost."""
    return tuple(name for name in dict.fromkeys((call.operator, call.inner_operator)) if name)
