"""The known mistakes of a script, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import INDENT, heading, indented, labelled, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.mistakes_view import Absence, MistakesView

_NONE = "none of the known mistakes"


def render_mistakes(view: MistakesView, console: Console) -> None:
    """Print what was seen, each mistake with its evidence and remedy, and what could not show."""
    for part in _parts(view):
        console.print(part, highlight=False)


def _parts(view: MistakesView) -> Iterator[RenderableType]:
    yield heading(view.script, f"{units.count(view.iterations, 'iteration')} watched")
    if view.status:
        yield plain(_end(view), "bold red")
    for mistake in view.mistakes:
        yield Text()
        yield plain(mistake.name, "bold yellow")
        yield labelled([("seen", mistake.evidence), ("remedy", mistake.remedy)], INDENT)
    if view.absence is not None:
        yield indented(_nothing_found(view.absence))
    if view.shown_not_judged:
        yield Text()
        unseen = ", ".join(view.shown_not_judged)
        yield indented(plain(f"not judged here, as they need an accelerator: {unseen}", "yellow"))


def _end(view: MistakesView) -> str:
    how = f"status {view.status}" if view.stopped is None else view.stopped
    return f"it ended with {how}, after {units.count(view.iterations, 'iteration')}"


def _nothing_found(absence: Absence) -> Text:
    """Say that a script is clean only where it trained to its end, and all could be judged."""
    if not absence.trained:
        return plain("no backward pass was seen, so no mistake could show", "yellow")
    known = _NONE if absence.all_judged else f"{_NONE} that could show here"
    if not absence.to_its_end:
        return plain(f"{known}, up to there", "yellow")
    return plain(known, "green" if absence.all_judged else "")
