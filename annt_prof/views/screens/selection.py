"""What may be chosen on a screen by those who have no cursor to choose it with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from annt_prof.views.screens.source import RunSource
    from annt_prof.views.work.groups import Grouping

_WORDS = {
    "variant": "variant",
    "against": "second variant",
    "against_run": "other run",
    "technique": "technique",
    "grouping": "grouping",
}
_SELECTABLE = {
    Screen.TECHNIQUES: {"technique"},
    Screen.STEPS: {"variant"},
    Screen.KERNELS: {"variant", "against", "grouping"},
    Screen.COMPARE: {"variant", "against", "against_run"},
    Screen.ADVICE: {"technique"},
}


@dataclass(frozen=True)
class Selection:
    """What is chosen; None is what the screen shows before anybody chooses.

    Attributes:
        variant: Whose kernels or steps are shown; of two the second, whose difference is shown.
        against: The first of two, what the other differs from.
        against_run: The run that ``against`` is of; None: the same.
        technique: Of which all is told.
        grouping: What kernels are grouped by.
    """

    variant: str | None = None
    against: str | None = None
    against_run: RunSource | None = None
    technique: str | None = None
    grouping: Grouping | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is chosen."""
        return self == Selection()

    def check(self, screen: Screen) -> None:
        """Refuse what cannot be chosen on a screen.

        Raises:
            UserError: It names the first such thing.
        """
        for name, word in _WORDS.items():
            if getattr(self, name) is not None and name not in _SELECTABLE.get(screen, ()):
                raise UserError(f"there is no {word} to choose on this screen", where=screen.value)
