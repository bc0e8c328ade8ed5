"""A screen that lays the blocks of a page out, each in a widget that stays while its block does."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer

from annt_prof.errors import UserError
from annt_prof.tui.widgets.blocks import lay_out, make_widget
from annt_prof.tui.widgets.screen_tabs import ScreenTabs
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.page import Lines, Page, Said, Tone

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from annt_prof.tui.app import Dashboard
    from annt_prof.views.page import Block
    from annt_prof.views.screens.names import Screen as ScreenName


_SOON_S = 0.05
_LINES = 4  # scrolled by one key
_WIDTHS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]


class PageScreen(Screen[None]):
    """Shows what ``build_page`` returns, and again whenever the source is another.

    Attributes:
        SCREEN: Which one it is.
        OWN_KEYS: Keys of its own with what they do, for its help.
    """

    AUTO_FOCUS = ""  # it would scroll away what stands above the first table
    SCREEN: ClassVar[ScreenName]
    OWN_KEYS: ClassVar[dict[str, str]] = {}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", show=False),
        Binding("j", "scroll_page(1)", "Down", show=False),
        Binding("k", "scroll_page(-1)", "Up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = _WIDTHS
        self._shown: dict[str, tuple[Block, Widget]] = {}
        self._page: Page | None = None

    @property
    def dashboard(self) -> Dashboard:
        """The application that it is of."""
        return cast("Dashboard", self.app)

    @property
    def page(self) -> Page | None:
        """What is shown; None before anything is."""
        return self._page

    @abstractmethod
    def build_page(self) -> Page:
        """Return what is to be shown.

        Raises:
            UserError: The source cannot be read.
        """

    def compose(self) -> ComposeResult:
        """Yield the tabs, the blocks and the keys."""
        yield ScreenTabs(self.SCREEN)
        yield from self.compose_body()
        yield Footer(show_command_palette=False)  # its keys are few, and ? tells of the palette

    def compose_body(self) -> ComposeResult:
        """Yield what lies between the tabs and the keys."""
        yield VerticalScroll(id="blocks", can_focus=False)

    def on_mount(self) -> None:
        """Show the page for the first time."""
        self.show_again()

    def show_again(self) -> None:
        """Build the page anew and show it."""
        try:
            page = self.build_page()
        except UserError as error:
            lines = tuple(Said(line, tone=Tone.BAD) for line in str(error).splitlines())
            page = Page(self.SCREEN, self.dashboard.source_title, (Lines("error", "", lines),))
        if page != self._page:
            self._page = page
            self.query_one(ScreenTabs).name_source(page.title)
            self.lay_out_blocks(page.blocks)

    def lay_out_blocks(self, blocks: tuple[Block, ...]) -> None:
        """Show blocks, in widgets that are there already where there are any."""
        body = self.query_one("#blocks")
        wanted = {block.key for block in blocks}
        for key in [key for key in self._shown if key not in wanted]:
            self._shown.pop(key)[1].remove()
        before: Widget | None = None
        for block in blocks:
            shown, widget = self._shown.get(block.key, (None, None))
            if widget is None or type(shown) is not type(block):
                if widget is not None:
                    widget.remove()
                widget = make_widget(block)
                body.mount(widget, after=before) if before else body.mount(widget, before=0)
            elif shown != block:
                lay_out(widget, block)
            self._shown[block.key] = (block, widget)
            before = widget
        if self.focused is None:
            self.call_after_refresh(self._focus_table)

    def _focus_table(self) -> None:
        blocks = self.query(SheetBlock)
        if not blocks or self.focused is not None:
            return
        if blocks.first().query("DataTable"):
            blocks.first().table.focus(scroll_visible=False)
        else:  # it is not composed yet
            self.set_timer(_SOON_S, self._focus_table)

    def action_filter(self) -> None:
        """Filter the first table, where the cursor is in none."""
        filled = [sheet for sheet in self.query(SheetBlock) if sheet.sheet.rows]
        if filled:
            filled[0].action_filter()
        else:
            self.notify("there is no table to filter here", severity="warning")

    def action_scroll_page(self, way: int) -> None:
        """Scroll the page, which tables in it do not let arrows do."""
        self.query_one("#blocks").scroll_relative(y=way * _LINES, animate=False)
