"""Help: the keys, the columns of this screen, and the words that screens use."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from annt_prof.tui.looks import filled, toned
from annt_prof.views.glossary import CATEGORIES, KERNEL_CLASSES, WORDS
from annt_prof.views.page import Sheet, Tone
from annt_prof.views.screens.names import PURPOSES, Screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.tui.screens.page_screen import PageScreen

_KEYS = {
    "0 to 8": "open a screen",
    "/": "filter the table as you type; Enter keeps the filter, Escape drops it",
    ". and ,": "sort by the next column, by the one before; r turns the order round",
    "j and k": "scroll the screen down and up",
    "Tab": "go to the next part of the screen",
    "y": "copy the row at the cursor",
    "s": "save the screen as SVG",
    "S": "save the table as CSV",
    "o": "open TensorBoard",
    "d": "dark or light",
    "Ctrl-P": "the command palette",
    "?": "this help; Escape leaves it",
    "q": "quit",
}


class HelpScreen(ModalScreen[None]):
    """Explains a screen.

    Args:
        of: The screen to explain.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q", "dismiss", "Close"),
    ]

    def __init__(self, of: PageScreen) -> None:
        super().__init__()
        self._of = of

    def compose(self) -> ComposeResult:
        """Yield the whole help, to be scrolled."""
        with VerticalScroll(id="help"):
            yield Static(Group(*_parts(self._of)))


def _parts(of: PageScreen) -> Iterator[RenderableType]:
    yield toned(f"{of.SCREEN.value.capitalize()}: {PURPOSES[of.SCREEN]}", Tone.STRONG)
    yield Text()
    yield _table("Keys", {**_KEYS, **of.OWN_KEYS}.items())
    sheets = [] if of.page is None else [b for b in of.page.blocks if isinstance(b, Sheet)]
    for sheet in sheets:
        title = f"Columns of {sheet.title!r}"
        yield _table(title, ((column.title, column.meaning) for column in sheet.columns))
    yield _table("Screens", ((f"{s.key} {s.value}", PURPOSES[s]) for s in Screen))
    yield _table("Words", WORDS.items())
    yield _categories()
    yield _table("Classes of kernels", ((c.value, text) for c, text in KERNEL_CLASSES.items()))


def _table(title: str, rows: Iterable[tuple[str, str]]) -> Group:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(min_width=16, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, meaning in rows:
        grid.add_row(toned(name, Tone.STRONG), toned(meaning))
    return Group(toned(title, Tone.UNSURE), grid, Text())


def _categories() -> Group:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=1)
    grid.add_column(min_width=13, no_wrap=True)
    grid.add_column(overflow="fold")
    for category, meaning in CATEGORIES.items():
        grid.add_row(filled(category, 1), toned(category.value, Tone.STRONG), toned(meaning))
    return Group(toned("Categories of a breakdown", Tone.UNSURE), grid, Text())
