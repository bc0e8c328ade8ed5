"""Step times, and a traced step as a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from annt_prof.errors import UserError
from annt_prof.tui.digests import DigestScreen
from annt_prof.tui.looks import toned
from annt_prof.tui.widgets.lines_block import LinesBlock
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.tui.widgets.step_strips import StepStripsBlock
from annt_prof.tui.widgets.timeline import Timeline
from annt_prof.views.page import Lines, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from annt_prof.views.screens.steps import (
    build_steps_page,
    build_trace_steps_page,
    step_of,
    variant_of,
)
from annt_prof.views.step_strip import build_step_strips
from annt_prof.views.timeline.details import fitting
from annt_prof.views.timeline.legend import legend
from annt_prof.views.timeline.panel import Panel
from annt_prof.views.timeline.searching import found

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.tui.messages import RowChosen
    from annt_prof.views.page import Page
    from annt_prof.views.step_strip import StepStrips

_HIGH = 40
"""Lines from which all strips are shown, and every operator; below, the chosen variant's."""
_NARROW = 80
_DETAILS, _DETAILS_SHARE = 7, 0.4
"""Lines of what is at the cursor: at most so many, or this share of a high window's."""
_FEW_DETAILS = 3
"""The same where two variants share a low window."""


class StepsScreen(DigestScreen):
    """Shows single steps; a row that is entered opens its timeline over the whole screen."""

    SCREEN: ClassVar[Screen] = Screen.STEPS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "second", "Second variant", show=False),
        Binding("slash", "search", "Search", show=False),
    ]
    OWN_KEYS: ClassVar[dict[str, str]] = {
        "Enter": "open the timeline of the row's variant or step; Escape goes back",
        "arrows": "in the timeline: move the cursor in time, and from row to row",
        "Shift-arrows": "move by half of the window; so does Shift with the wheel",
        "+ and -": "zoom around the cursor; the wheel zooms around the pointer",
        "0": "the whole step",
        "[ and ]": "the step before, the next step",
        "g and k": "go to the longest gap, the longest kernel; again, to the next longest",
        "/": "search by name; n and N go to the next and to the one before",
        "p": "mark what is on the critical path (bold, underlined), or do not",
        "c": "fold the operators of threads, or unfold them",
        "v": "a second variant below on the same scale; again, the next; after the last, none",
        "y": "copy the name of the item at the cursor",
        **DigestScreen.OWN_KEYS,
    }

    def __init__(self) -> None:
        super().__init__()
        self._variant: str | None = None
        self._second: str | None = None
        self._step = 0
        self._open = False
        self._here: str | None = None
        self._strips: tuple[RunSource, StepStrips] | None = None

    def compose_body(self) -> ComposeResult:
        """Yield the strips and the blocks, and the timeline that takes their place."""
        yield StepStripsBlock()
        yield VerticalScroll(id="blocks", can_focus=False)
        with Vertical(id="timeline"):
            yield Timeline()
            yield Static(id="legend")
            yield Input(placeholder="words of a name; Enter goes there", id="search")
            yield LinesBlock(Lines("details", "", ()))

    def build_page(self) -> Page:
        """Return the step times, and ask for the digests of what is open."""
        source = self.dashboard.opened
        if isinstance(source, RunSource):
            for variant in filter(None, (self._variant, self._second)):
                self.digest(variant)
            return build_steps_page(source)
        self._variant = source.title
        return build_trace_steps_page(source.title, self.digest(source.title))

    def show_again(self) -> None:
        """Build the page anew, and what is beside it."""
        super().show_again()
        self._show_strips()
        self._show_timeline()

    def on_resize(self) -> None:
        """Show as much as the new size has room for."""
        self._show_strips()
        self._show_timeline()

    def on_row_chosen(self, message: RowChosen) -> None:
        """Open the timeline of a row that was entered; show the strip of one that was come to."""
        if isinstance(self.dashboard.opened, RunSource):
            self._here = variant_of(message.row)
            self._show_strips()
        if not message.entered:
            return
        if isinstance(self.dashboard.opened, RunSource):
            if variant_of(message.row) != self._variant:
                self._variant, self._second = variant_of(message.row), None
        else:
            self._step = step_of(message.row)
        self._open_timeline()

    def on_timeline_moved(self) -> None:
        """Say what is at the cursor."""
        timeline = self.query_one(Timeline)
        panel = timeline.panel
        if panel is not None:
            block = self.query_one("#timeline LinesBlock", LinesBlock)
            width, room = self._details_room()

            def fits(lines: Lines) -> bool:
                return block.num_lines(lines, width) <= room

            block.styles.max_height = room
            lines = fitting(panel.lanes, timeline.item, panel.step, fits, width * room)
            block.lay_out(lines)
            self.query_one("#legend", Static).update(_legend(timeline.codes, self.size.width - 2))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Go to the next item of that name."""
        if message.input.id != "search":
            return
        message.stop()
        message.input.display = False
        timeline = self.query_one(Timeline)
        timeline.focus()
        self.notify(found(message.value, timeline.search(message.value)), timeout=3, markup=False)

    def action_search(self) -> None:
        """Ask for words of a name."""
        if self._open:
            box = self.query_one("#search", Input)
            box.display = True
            self.app.set_focus(box)  # at once: what is typed next is for it

    def action_second(self) -> None:
        """Show a second variant below the first, the next one, or none."""
        source = self.dashboard.opened
        if not self._open or not isinstance(source, RunSource):
            return
        others = [None, *(name for name in source.traces if name != self._variant)]
        if len(others) == 1:
            self.notify("no other variant was traced", severity="warning", timeout=2)
            return
        place = others.index(self._second) if self._second in others else 0
        self._second = others[(place + 1) % len(others)]
        self.show_again()

    def key_escape(self) -> None:
        """Leave the search, cancel what is read, or go back to the step times."""
        box = self.query_one("#search", Input)
        if box.display:
            box.display = False
            self.query_one(Timeline).focus()
            return
        super().key_escape()
        if self._open:
            self._close_timeline()

    def _open_timeline(self) -> None:
        self._open = True
        timeline = self.query_one(Timeline)
        panels = timeline.panels
        if panels and not isinstance(self.dashboard.opened, RunSource):
            timeline.show((panels[0].at_step(self._step),))
        self.show_again()

    def _close_timeline(self) -> None:
        self._open = False
        self._show_timeline()
        for sheet in self.query(SheetBlock):
            sheet.table.focus()
            break

    def _show_timeline(self) -> None:
        """Show the timeline in place of the rest, if it is open and its trace has been read."""
        panels = self._panels() if self._open else ()
        shown = bool(panels)
        body = self.query_one("#timeline")
        body.display = shown
        body.set_class(len(panels) > 1 and self.size.height < _HIGH, "-tight")
        self.query_one("#blocks").display = not shown
        self._show_strips()
        timeline = self.query_one(Timeline)
        if shown and panels != timeline.panels:
            timeline.show(panels)
        if shown and not self.query_one("#search", Input).display:
            timeline.focus()

    def _panels(self) -> tuple[Panel, ...]:
        """Return what is to be shown, each at the step that it is at already."""
        names = [self._variant, self._second if self.size.width >= _NARROW else None]
        timeline = self.query_one(Timeline)
        shown = {panel.title: panel for panel in timeline.panels}
        panels = []
        for name in filter(None, names):
            made = self.digest(name)
            before = shown.get(name)
            if made is not None and before is not None and before.lanes is made.lanes:
                panels.append(before)
            elif made is not None:
                folded = self.size.height < _HIGH
                panels.append(Panel.of(name, made.lanes, is_folded=folded).at_step(self._step))
        if 0 < len(shown) < len(panels) and not timeline.has_room_for(panels):
            panels = [panel.folded(is_folded=True) for panel in panels]
        return tuple(panels)

    def _show_strips(self) -> None:
        source, block = self.dashboard.opened, self.query_one(StepStripsBlock)
        block.display = False
        if self._open_and_shown or self.size.width < _NARROW or not isinstance(source, RunSource):
            return
        try:
            if self._strips is None or self._strips[0] is not source:
                self._strips = source, build_step_strips(source.run.variants)
        except UserError:
            return
        strips = self._strips[1]
        names = [strip.name for strip in strips.strips]
        few = self.size.height < _HIGH and len(names) > 1
        block.display = bool(names)
        block.show(strips, frozenset({names[0], self._here or names[0]}) if few else None)

    def _details_room(self) -> tuple[int, int]:
        """Return the cells and the lines that there are for what is at the cursor."""
        if self.query_one("#timeline").has_class("-tight"):
            return self.size.width - 2, _FEW_DETAILS
        return self.size.width - 2, max(_DETAILS, int(self.size.height * _DETAILS_SHARE))

    @property
    def _open_and_shown(self) -> bool:
        return bool(self.query_one("#timeline").display)


def _legend(codes: frozenset[int], width: int) -> Text:
    """Return as many letters with their words as two lines have room for."""
    lines = [Text(no_wrap=True)]
    for look, word in legend(codes):
        if lines[-1].cell_len + len(word) + 2 > width:
            lines.append(Text(no_wrap=True))
        lines[-1].append(look.glyph, Style(color=look.ink, bgcolor=look.colour))
        lines[-1].append_text(toned(f" {word}  ", Tone.QUIET))
    return Text("\n").join(lines[:2])
