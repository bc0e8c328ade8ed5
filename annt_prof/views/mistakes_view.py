"""The known mistakes of a script, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from annt_prof.inspection.rules import Mistake
    from annt_prof.inspection.seen import Seen

Outcome = Literal["clean", "mistakes", "inconclusive"]


@dataclass(frozen=True)
class Absence:
    """How much it says that no mistake was found.

    Attributes:
        trained: Whether the script trained at all; without, no mistake could show.
        to_its_end: Whether it ended well.
        all_judged: Whether every known mistake could show here.
    """

    trained: bool
    to_its_end: bool
    all_judged: bool


@dataclass(frozen=True)
class MistakesView:
    """What was seen of a script.

    Attributes:
        script: As it was given.
        iterations: Backward passes watched.
        status: Its exit status.
        stopped: The exception that ended it, and where; None without one.
        mistakes: In the order in which they are looked for.
        absence: What to say where there are none; None where there are.
        not_judged: Names of mistakes that could not show, as nothing trained on an accelerator.
        shown_not_judged: Those worth telling: none where nothing trained, as then nothing showed.
        outcome: ``inconclusive`` where the script failed, or showed nothing.
        seen: The counts.
    """

    script: str
    iterations: int
    status: int
    stopped: str | None
    mistakes: tuple[Mistake, ...]
    absence: Absence | None
    not_judged: tuple[str, ...]
    shown_not_judged: tuple[str, ...]
    outcome: Outcome
    seen: Seen


def build_mistakes_view(
    script: str,
    seen: Seen,
    status: int,
    mistakes: tuple[Mistake, ...],
    not_judged: tuple[str, ...],
) -> MistakesView:
    """Return what is shown of a script.

    Args:
        script: As it was given.
        seen: The counts.
        status: Its exit status.
        mistakes: That the counts show.
        not_judged: Names of those that could not show.
    """
    absence = Absence(
        trained=bool(seen.iterations), to_its_end=not status, all_judged=not not_judged
    )
    return MistakesView(
        script=script,
        iterations=seen.iterations,
        status=status,
        stopped=seen.stopped,
        mistakes=mistakes,
        absence=None if mistakes else absence,
        not_judged=not_judged,
        shown_not_judged=not_judged if seen.iterations else (),
        outcome=_outcome(seen, status, any_mistake=bool(mistakes)),
        seen=seen,
    )


def _outcome(seen: Seen, status: int, *, any_mistake: bool) -> Outcome:
    if status or not (any_mistake or seen.iterations):
        return "inconclusive"
    return "mistakes" if any_mistake else "clean"
