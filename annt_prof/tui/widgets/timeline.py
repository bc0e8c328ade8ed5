"""The timeline of a traced step, or of two one above the other: lanes that zoom and pan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

from annt_prof.tui.widgets.timeline_drawing import (
    Marks,
    drawn_row,
    drawn_ruler,
    drawn_title,
    strip_of,
)
from annt_prof.views.timeline import finding, navigation
from annt_prof.views.timeline.picture import EMPTY
from annt_prof.views.timeline.ruler import ticks
from annt_prof.views.timeline.step_title import step_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.binding import BindingType
    from textual.strip import Strip

    from annt_prof.views.timeline.navigation import Place
    from annt_prof.views.timeline.panel import Panel
    from annt_prof.views.timeline.picture import RowCells

_TITLE_CELLS = 21
_NARROW_TITLE_CELLS = 12
_NARROW = 80
_PAGE = 0.5
_ZOOM = 2.0
_HEAD = Style(bold=True)


@dataclass(frozen=True)
class _Line:
    """A line: the head of a panel, or one of its rows."""

    panel: int
    row: int | None


class Timeline(Widget, can_focus=True):
    """Shows lanes; a cursor in them selects an item."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "pan(-1)", "Move", show=False),
        Binding("right", "pan(1)", "Move", show=False),
        Binding("shift+left", "page(-1)", "Page", show=False),
        Binding("shift+right", "page(1)", "Page", show=False),
        Binding("up", "line(-1)", "Lane", show=False),
        Binding("down", "line(1)", "Lane", show=False),
        Binding("plus,equals_sign", "zoom(-1)", "Zoom", key_display="+"),
        Binding("minus", "zoom(1)", "Zoom out", key_display="-", show=False),
        Binding("0", "whole", "Whole step", show=False),
        Binding("left_square_bracket", "step(-1)", "Step before", key_display="[", show=False),
        Binding("right_square_bracket", "step(1)", "Next step", key_display="]"),
        Binding("g", "longest('gap')", "Longest gap"),
        Binding("k", "longest('kernel')", "Longest kernel"),
        Binding("n", "match(1)", "Next match", show=False),
        Binding("N", "match(-1)", "Match before", show=False),
        Binding("p", "path", "Path"),
        Binding("c", "fold", "Fold", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]

    class Moved(Message):
        """The cursor is on another item, or other items are shown."""

    def __init__(self) -> None:
        super().__init__(id="lanes")
        self._panels: tuple[Panel, ...] = ()
        self._lines: tuple[_Line, ...] = ()
        self._place: Place | None = None
        self._line = 0
        self._top = 0
        self._path = True
        self._rank: dict[str, int] = {}
        self._wanted = ""
        self._item: int | None = None
        self._drawn: dict[tuple[int, int], RowCells] = {}
        self._drawn_of: tuple[tuple[Panel, ...], int, int, int] | None = None

    @property
    def panels(self) -> tuple[Panel, ...]:
        """What is shown."""
        return self._panels

    @property
    def panel(self) -> Panel | None:
        """The one that the cursor is in."""
        return self._panels[self._lines[self._line].panel] if self._lines else None

    @property
    def item(self) -> int | None:
        """The item at the cursor, of ``panel``."""
        return self._item

    @property
    def place(self) -> Place | None:
        """The window and the cursor."""
        return self._place

    @property
    def codes(self) -> frozenset[int]:
        """Of all letters that are shown, as ``looks`` has them."""
        rows = [self._cells(line) for line in self._visible() if line.row is not None]
        return frozenset(code for row in rows for code in set(row.code.tolist()) if code != EMPTY)

    def show(self, panels: tuple[Panel, ...]) -> None:
        """Show other steps, at the same place where there is one already."""
        before, on = self._panels, self._lines[self._line] if self._lines else None
        self._panels = panels
        self._lines = _lines_of(panels)
        full_ns = max((panel.full_ns for panel in panels), default=1)
        if self._place is None or not before:
            self._place = navigation.whole(full_ns, self._cell_count)
            on = _Line(0, 0)
        else:
            self._place = navigation.fitted(self._place, full_ns, self._cell_count)
        same = on is not None and on in self._lines
        self._line = self._lines.index(on) if on is not None and same else min(1, len(panels))
        self._changed()

    def has_room_for(self, panels: Sequence[Panel]) -> bool:
        """Whether all rows of these would be in sight."""
        return len(_lines_of(panels)) < self.size.height  # the ruler is above them

    def search(self, wanted: str) -> int:
        """Go to the next item whose name has these words; return how many have."""
        self._wanted = wanted
        panel = self.panel
        found = 0 if panel is None else len(finding.named(panel.lanes, wanted))
        if found:
            self.action_match(1)
        return found

    def go_to(self, item: int) -> None:
        """Put the cursor on an item of the cursor's panel, as close as it needs to be seen."""
        panel, place = self.panel, self._place
        if panel is None or place is None:
            return
        lanes, number = panel.lanes, self._lines[self._line].panel
        step = int(lanes.step[item])
        if step != panel.step and 0 <= step < len(lanes.step_names):
            self._panels = tuple(
                replace(each, step=step) if i == number else each
                for i, each in enumerate(self._panels)
            )
            place = self._refitted(place)
            panel = self._panels[number]
        origin = panel.origin_ns
        row = panel.row_of(int(lanes.lane[item]), int(lanes.row[item]))
        if row is not None:
            self._line = self._lines.index(_Line(number, row))
        start_ns, end_ns = finding.extent(lanes, item)
        place = navigation.showing(place, start_ns - origin, end_ns - origin)
        middle_ns = int(lanes.start_ns[item] + lanes.end_ns[item]) // 2
        self._place = navigation.at(place, middle_ns - origin)
        self._changed(item if row is not None else None)

    def action_pan(self, cells: int) -> None:
        """Move the cursor."""
        if self._place is not None:
            self._place = navigation.panned(self._place, cells)
            self._changed()

    def action_page(self, way: int) -> None:
        """Move the window by half of its length."""
        if self._place is not None:
            self._place = navigation.shifted(self._place, way * _PAGE)
            self._changed()

    def action_zoom(self, way: int) -> None:
        """Show more of less, or less of more, around the cursor."""
        self._zoom(way, None)

    def action_whole(self) -> None:
        """Show the whole step."""
        if self._place is not None:
            self._place = navigation.unzoomed(self._place)
            self._changed()

    def action_line(self, lines: int) -> None:
        """Go to another row."""
        target = self._line + lines
        while 0 <= target < len(self._lines) and self._lines[target].row is None:
            target += lines
        if 0 <= target < len(self._lines):
            self._line = target
            self._changed()

    def action_step(self, way: int) -> None:
        """Show the next step, or the one before, of every panel."""
        self._panels = tuple(panel.at_step(panel.step + way) for panel in self._panels)
        self._rank.clear()
        if self._place is not None:
            self._place = self._refitted(self._place)
            self._changed()

    def action_longest(self, what: str) -> None:
        """Go to the longest gap or kernel of the step; again, to the next longest."""
        panel = self.panel
        if panel is None:
            return
        longest = finding.longest_gaps if what == "gap" else finding.longest_kernels
        found = longest(panel.lanes, panel.step)
        if not len(found):
            self.notify(f"this step has no {what}", severity="warning", timeout=2)
            return
        rank = self._rank.get(what, -1) + 1
        self._rank[what] = rank % len(found)
        self.go_to(int(found[self._rank[what]]))

    def action_match(self, way: int) -> None:
        """Go to the next item that was searched for, or to the one before."""
        panel, place = self.panel, self._place
        if panel is None or place is None or not self._wanted:
            return
        found = finding.named(panel.lanes, self._wanted)
        instant_ns = place.cursor_ns + panel.origin_ns
        item = finding.next_of(panel.lanes, found, self._item, instant_ns, way)
        if item is not None:
            self.go_to(item)

    def action_path(self) -> None:
        """Mark the critical path, or do not."""
        self._path = not self._path
        self.refresh()

    def action_fold(self) -> None:
        """Show the outermost operators alone, or all."""
        self.show(tuple(panel.folded(is_folded=not panel.is_folded) for panel in self._panels))

    def action_copy(self) -> None:
        """Copy the name of the item at the cursor."""
        if self.panel is not None and self._item is not None:
            lanes = self.panel.lanes
            self.app.copy_to_clipboard(lanes.names[lanes.name[self._item]])
            self.notify("copied the name", timeout=2)

    def on_resize(self, _: events.Resize) -> None:
        """Show the same in another number of cells."""
        if self._place is not None:
            self._place = navigation.fitted(self._place, self._place.full_ns, self._cell_count)
            self._changed()

    def on_click(self, event: events.Click) -> None:
        """Select what is clicked."""
        line, instant = self._top + event.y - 1, self._instant_at(event.x)
        if instant is None or self._place is None:
            return
        self._place = navigation.at(self._place, instant)
        if event.y >= 1 and line < len(self._lines) and self._lines[line].row is not None:
            self._line = line
        self._changed()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the pointer; with Shift, move on in time."""
        event.stop()
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the pointer; with Shift, move back in time."""
        event.stop()
        self._wheel(event, -1)

    def render_line(self, y: int) -> Strip:
        """Return the ruler, the head of a panel or one of its rows."""
        width, place = self.size.width, self._place
        if place is None or not self._lines:
            return strip_of([], width)
        if y == 0:
            unit = drawn_title("ms of the step", self._title_cells, Style(dim=True))
            mark = "v" if self._plain_font else "\N{BLACK DOWN-POINTING TRIANGLE}"
            ruler = drawn_ruler(ticks(place.window), place.cells, place.cell, mark)
            return strip_of([unit, *ruler], width)
        number = self._top + y - 1
        if number >= len(self._lines):
            return strip_of([], width)
        line = self._lines[number]
        panel = self._panels[line.panel]
        if line.row is None:
            return strip_of([Segment(step_title(panel, len(self._panels)), _HEAD)], width)
        here = number == self._line
        row = panel.rows[line.row]
        style = Style(reverse=True) if here else Style(bold=row.first)
        title = drawn_title(row.title, self._title_cells, style)
        ends = (place.window.cell_of(0), place.window.cell_of(panel.full_ns - 1))
        marks = Marks(place.cell, here, self._path, self.app.no_color, self._cursor_line, *ends)
        return strip_of([title, *drawn_row(self._cells(line), marks)], width)

    @property
    def _plain_font(self) -> bool:
        return self.app.has_class("-ascii-only")

    @property
    def _cursor_line(self) -> str:
        return "|" if self._plain_font else "\N{BOX DRAWINGS LIGHT VERTICAL}"

    @property
    def _title_cells(self) -> int:
        return _TITLE_CELLS if self.size.width >= _NARROW else _NARROW_TITLE_CELLS

    @property
    def _cell_count(self) -> int:
        return max(1, self.size.width - self._title_cells)

    def _refitted(self, place: Place) -> Place:
        full_ns = max(panel.full_ns for panel in self._panels)
        return navigation.fitted(place, full_ns, self._cell_count)

    def _zoom(self, way: int, around_ns: int | None) -> None:
        if self._place is not None:
            self._place = navigation.zoomed(self._place, _ZOOM**way, around_ns)
            self._changed()

    def _wheel(self, event: events.MouseEvent, way: int) -> None:
        if event.shift:
            self.action_page(way)
        else:
            self._zoom(way, self._instant_at(event.x))

    def _instant_at(self, x: int) -> int | None:
        cell = x - self._title_cells
        if self._place is None or not 0 <= cell < self._place.cells:
            return None
        edges = self._place.window.edges_ns
        return int(edges[cell] + edges[cell + 1]) // 2

    def _cells(self, line: _Line) -> RowCells:
        """Return the reduced cells of a row, which are kept until something moves."""
        key = (line.panel, -1 if line.row is None else line.row)
        if key not in self._drawn and self._place is not None:
            panel = self._panels[line.panel]
            window = panel.window(self._place)
            self._drawn[key] = panel.pictures.cells(panel.rows[key[1]], window)
        return self._drawn[key]

    def _visible(self) -> tuple[_Line, ...]:
        return self._lines[self._top : self._top + max(self.size.height - 1, 0)]

    def _changed(self, item: int | None = None) -> None:
        """Draw anew, keep the cursor in sight, and tell which item it is on."""
        place = self._place
        shown = None if place is None else (self._panels, place.start_ns, place.end_ns, place.cells)
        if shown != self._drawn_of:
            self._drawn.clear()
            self._drawn_of = shown
        room = max(self.size.height - 1, 1)
        head = self._line - 1 if self._line and self._lines[self._line - 1].row is None else None
        self._top = min(self._top, self._line if head is None else head)
        self._top = max(self._top, self._line - room + 1)
        self._top = max(0, min(self._top, len(self._lines) - room))
        self._item = self._item_here() if item is None else item
        self.refresh()
        self.post_message(self.Moved())

    def _item_here(self) -> int | None:
        panel, place = self.panel, self._place
        row = self._lines[self._line].row if self._lines else None
        if panel is None or place is None or row is None:
            return None
        edges = panel.window(place).edges_ns
        span = int(edges[place.cell]), int(edges[place.cell + 1])
        return finding.item_in(panel.lanes, panel.rows[row].places, *span)


def _lines_of(panels: Sequence[Panel]) -> tuple[_Line, ...]:
    return tuple(
        _Line(number, row)
        for number, panel in enumerate(panels)
        for row in (None, *range(len(panel.rows)))
    )
