"""The first screen: what was measured, on what, and what is not as the scenario asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof.report.text.lines import bullets, heading, labelled, plain
from annt_prof.views.words.setting import facts, remark

if TYPE_CHECKING:
    from rich.console import RenderableType

    from annt_prof.views.run_view import RunView


def conditions(view: RunView) -> RenderableType:
    """Return the head of the answer."""
    parts: list[RenderableType] = [heading(view.scenario_name, view.run_id)]
    if not view.complete:
        parts.append(plain(f"INCOMPLETE: {view.stop}", "bold red"))
    parts.append(labelled(facts(view.setting)))
    parts.append(Text())
    if view.caveats.not_as_asked:
        parts.append(plain("Not as the scenario asks", "bold yellow"))
        parts.append(bullets("!", view.caveats.not_as_asked))
    else:
        parts.append(plain("As the scenario asks: nothing was substituted or left out."))
    if view.caveats.remarks:
        parts.append(plain("To know before reading on", "bold"))
        parts.append(bullets("-", map(remark, view.caveats.remarks)))
    return Group(*parts)
