"""What the phases were told by, where it is not what torch marks them with: that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.timeline.phases import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.timeline.phases import Phases

_LISTED = 3


def phase_sources(phases: Phases) -> Iterator[str]:
    """Say which phases are what the program calls so, and which passes lack their other half."""
    called = [
        f"{phase} is what the program calls {_listed(phases.named_by_program[phase])}"
        for phase in PHASES
        if phase in phases.named_by_program
    ]
    if called:
        yield f"{', '.join(called)}: torch left no mark of its own there"
    if phases.unpaired:
        yield (
            "the trace holds forward passes but not their backward passes, as it does where it "
            "begins or ends between them, or nothing is trained: these are told by the autograd "
            "nodes that they made"
        )


def _listed(names: tuple[str, ...]) -> str:
    listed = ", ".join(repr(name[:60]) for name in names[:_LISTED])
    return f"{listed} and {len(names) - _LISTED} more" if len(names) > _LISTED else listed
