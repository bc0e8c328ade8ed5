"""The one exception type for what a user can mend, and the nearest valid name for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UserError(Exception):
    """A problem the user can mend; the command line prints it and exits with status 2.

    Args:
        message: What was found and what is allowed; may span several lines.
        where: The place, such as ``scenario.yaml:14:7`` or ``--set window.rounds``.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword-only fields when a worker sends the error through a pipe."""
        return _rebuild, (self.message, self.where, self.hint)


def _rebuild(message: str, where: str | None, hint: str | None) -> UserError:
    return UserError(message, where=where, hint=hint)


_NAMES_TO_LIST = 40


def suggestion(unknown: str, allowed: Iterable[str]) -> str:
    """Return ``did you mean "dtype"?``, or the whole list where nothing allowed is near."""
    import difflib

    names = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(unknown.lower(), names, n=1)
    if near:
        return f'did you mean "{names[near[0]]}"?'
    if len(names) > _NAMES_TO_LIST:
        return f"{len(names)} names are known, none of them near"
    return f"allowed: {', '.join(names.values())}" if names else "nothing is allowed here"
