"""The top line: what is open, and the screens with the keys that open them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone
from annt_prof.views.screens.names import Screen

if TYPE_CHECKING:
    from textual import events


class ScreenTabs(Static):
    """Shows which screen is open; a click on a name opens that one.

    Args:
        current: The screen that this line is on.
    """

    def __init__(self, current: Screen) -> None:
        super().__init__(classes="tabs")
        self._current = current
        self._title = ""

    def name_source(self, title: str) -> None:
        """Say what is open."""
        self._title = title
        self._draw()

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw as much of it as there is room for."""
        self._draw()

    def _draw(self) -> None:
        line = Text(no_wrap=True, overflow="ellipsis")
        width = self.size.width or 80
        names = [(screen, screen.value.capitalize()) for screen in Screen]
        brief = sum(len(name) + 4 for _, name in names) > width
        for screen, name in names:
            here = screen is self._current
            shown = name if here or not brief else ""
            style = Style(reverse=here, bold=here, meta={"@click": f"app.open('{screen.value}')"})
            line.append(f" {screen.key} {shown}".rstrip() + " ", style)
            line.append(" ")
        line.append_text(toned(self._title, Tone.QUIET))
        self.update(line)
