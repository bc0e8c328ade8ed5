"""Kernels and operators by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import DataTable

from annt_prof.errors import UserError
from annt_prof.tui.digests import DigestScreen
from annt_prof.tui.screens.picking import PickScreen
from annt_prof.tui.widgets.lines_block import LinesBlock
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.page import Lines, Page, Said, Sheet
from annt_prof.views.screens.kernels import Shown, build_kernels_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.work.details import KEY as DETAILS_KEY
from annt_prof.views.work.details import build_details
from annt_prof.views.work.groups import GROUPS_KEY, Grouping
from annt_prof.views.work.traced import first_traced, traced_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.tui.messages import RowChosen
    from annt_prof.views.page import Block
    from annt_prof.views.work.traced import Traced

_SOON_S = 0.05
_GROUPINGS = (None, *Grouping)
_NO_SECOND = "none: this variant alone"


class KernelsScreen(DigestScreen):
    """Shows what ran in the traced steps of one variant, or of two side by side."""

    SCREEN: ClassVar[Screen] = Screen.KERNELS
    OWN_KEYS: ClassVar[dict[str, str]] = {
        "g": "kernels by name, by class, by phase, by operator, by module",
        "Enter": "on a group: its kernels",
        "Backspace": "back to the groups, and to all kernels",
        "b": "choose the variant that is shown",
        "v": "choose a second variant, whose difference from the first is shown",
        **DigestScreen.OWN_KEYS,
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "group", "Group"),
        Binding("b", "choose_variant", "Variant"),
        Binding("v", "choose_second", "Second"),
        Binding("backspace", "leave", "Back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._variant: str | None = None
        self._second: str | None = None
        self._how = Shown()
        self._traced: tuple[Traced, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Yield the tables, and below them all that is told of the row at the cursor."""
        yield from super().compose_body()
        with VerticalScroll(id="row-details") as details:
            details.display = False  # until there is a row to tell of
            yield LinesBlock(Lines(DETAILS_KEY, "", ()))

    def build_page(self) -> Page:
        """Return the kernels and operators of what is chosen, as soon as they are there."""
        source = self.dashboard.opened
        names = source.traces
        if self._variant is None or self._variant not in names:
            self._variant, self._second = first_traced(source), None
        wanted = [name for name in (self._variant, self._second) if name in names]
        found = [(name, self.digest(name)) for name in wanted]
        self._traced = tuple(traced_of(source, name, digest) for name, digest in found if digest)
        if found[0][1] is None:
            self._traced = ()
            said = f"{self._variant}: its kernels and operators are shown once its trace is read"
            if self.why_none(found[0][0]):
                said = f"nothing is known of {self._variant}; b chooses another variant"
            return Page(self.SCREEN, source.title, (Lines("awaited", "", (Said(said),)),))
        against = self._traced[1] if len(self._traced) > 1 else None
        return build_kernels_page(source.title, self._traced[0], against, self._how)

    def lay_out_blocks(self, blocks: tuple[Block, ...]) -> None:
        """Show blocks; a table that is alone has more of the screen."""
        filled = [block for block in blocks if isinstance(block, Sheet) and block.rows]
        self.set_class(len(filled) == 1, "-alone")
        before = set(self._shown)
        super().lay_out_blocks(blocks)
        if set(self._shown) != before:  # the table that the cursor was in may be gone
            self.set_timer(_SOON_S, self._go_to_first)

    def on_resize(self, event: events.Resize) -> None:
        """Give names the room that there is."""
        room = 34 + (event.size.width - 80) // 4
        if room != self._how.room:
            self._how = replace(self._how, room=room)
            self.show_again()

    def on_row_chosen(self, message: RowChosen) -> None:
        """Tell all of the row at the cursor; show the kernels of a group that is entered."""
        message.stop()
        if message.entered and message.sheet == GROUPS_KEY:
            self._show(replace(self._how, group=message.row))
        else:
            self._tell_row()

    def on_descendant_focus(self) -> None:
        """Tell of the row at the cursor of the table that was gone to."""
        self._tell_row()

    def action_group(self) -> None:
        """Group kernels by something else."""
        if not any(traced.has_kernels for traced in self._traced):
            self.notify("there are no kernels to group", severity="warning")
        else:
            place = _GROUPINGS.index(self._how.grouping) + 1
            grouping = _GROUPINGS[place % len(_GROUPINGS)]
            self._show(replace(self._how, grouping=grouping, group=None))

    def action_leave(self) -> None:
        """Go back to the groups, or to all kernels by name."""
        if self._how.group is not None:
            self._show(replace(self._how, group=None))
        elif self._how.grouping is not None:
            self._show(replace(self._how, grouping=None))

    def action_choose_variant(self) -> None:
        """Ask which variant is to be shown."""
        names = self._names()
        if len(names) < 2:
            self.notify("there is no other trace to show", severity="warning")
            return

        def take(place: int | None) -> None:
            if place is not None:
                self._variant = names[place]
                self._second = None if self._second == self._variant else self._second
                self._show(self._how)

        self._choose("Which variant is shown?", names, self._variant, take)

    def action_choose_second(self) -> None:
        """Ask which variant is to be compared with the one that is shown."""
        others = tuple(name for name in self._names() if name != self._variant)
        if not others:
            self.notify("there is no second trace to hold against this one", severity="warning")
            return

        def take(place: int | None) -> None:
            if place is not None:
                self._second = others[place - 1] if place else None
                self._show(self._how)

        title = f"Which variant is compared with {self._variant}?"
        self._choose(title, (_NO_SECOND, *others), self._second, take)

    def _names(self) -> tuple[str, ...]:
        try:
            return tuple(self.dashboard.opened.traces)
        except UserError:  # as the page says
            return ()

    def _choose(
        self,
        title: str,
        options: tuple[str, ...],
        chosen: str | None,
        take: Callable[[int | None], None],
    ) -> None:
        place = options.index(chosen) if chosen in options else 0
        self.app.push_screen(PickScreen(title, options, place), take)

    def _show(self, shown: Shown) -> None:
        self._how = shown
        self.show_again()

    def _focus_table(self) -> None:
        if self.focused is None:
            self._go_to_first()

    def _go_to_first(self) -> None:
        """Put the cursor in the first table, as soon as it is composed."""
        sheets = self._sheets()
        if sheets and not sheets[0].query(DataTable):
            self.set_timer(_SOON_S, self._go_to_first)
        elif sheets:
            sheets[0].table.focus(scroll_visible=False)
            self.query_one("#blocks").scroll_home(animate=False)
            self._tell_row()

    def _sheets(self) -> list[SheetBlock]:
        """Return the tables in their order, without those that are on their way out."""
        blocks = () if self.page is None else self.page.blocks
        widgets = [self._shown[block.key][1] for block in blocks if block.key in self._shown]
        return [widget for widget in widgets if isinstance(widget, SheetBlock)]

    def _tell_row(self) -> None:
        sheets = [sheet for sheet in self._sheets() if sheet.query(DataTable)]
        at_cursor = [sheet for sheet in sheets if sheet.has_focus_within] or sheets
        told = Lines(DETAILS_KEY, "", ())
        for sheet in at_cursor[:1]:
            name = sheet.row_key
            if name is not None and self._traced:
                told = build_details(self._traced, sheet.sheet.key, name)
        self.query_one("#row-details LinesBlock", LinesBlock).lay_out(told)
        self.query_one("#row-details").display = bool(told.lines)
