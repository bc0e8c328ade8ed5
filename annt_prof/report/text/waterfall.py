"""From the baseline to the whole mix: each technique's share of the saving as a floating bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import INDENT, left, plain, right
from annt_prof.text import printable
from annt_prof.views.palette import LOOKS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.palette import Look
    from annt_prof.views.waterfall import MovingPart, Waterfall, WaterfallBar

_WIDEST_BAR = 50
_NARROWEST_BAR = 16
_NARROWEST_LABEL = 12
_AROUND = 8  # cells: the blanks beside a figure, and its unit


def waterfall(view: Waterfall, width: int) -> Iterator[Text]:
    """Yield the lines.

    Each bar lies where the technique takes the time from, and is drawn in the categories that
    moved its way, in proportion; what moved the other way is in the figures only.

    Args:
        view: Of a run.
        width: Cells per line.
    """
    bars = (view.baseline, *view.techniques, view.whole)
    places = view.duration_decimals
    figure = len(units.milliseconds(-view.highest_ns, places)) + 1
    room = width - INDENT - figure - _AROUND
    longest = max(cell_len(printable(bar.name)) for bar in bars)
    label = min(longest, max(_NARROWEST_LABEL, room - _NARROWEST_BAR))
    cells = max(_NARROWEST_BAR, min(_WIDEST_BAR, room - label))

    def line(bar: WaterfallBar, drawn: Text, *, signed: bool) -> Iterator[Text]:
        """Yield a bar's line; a name that is too long takes a line of its own."""
        written = units.milliseconds(bar.change_ns, places)
        written = f"+{written}" if signed and bar.change_ns > 0 else written
        name = printable(bar.name)
        if cell_len(name) > label:
            yield Text(" " * INDENT + name, overflow="fold")
            name = ""
        yield Text.assemble(
            " " * INDENT, left(name, label), f"  {right(written, figure)} ms  ",
            " " * round(cells * (bar.left_ns - view.lowest_ns) / view.span_ns), drawn,
            no_wrap=True, overflow="ignore",
        )  # fmt: skip

    def length(bar: WaterfallBar) -> int:
        return max(1, round(cells * abs(bar.change_ns) / view.span_ns))

    yield from line(view.baseline, Text("█" * length(view.baseline), style="dim"), signed=False)
    letters = ""
    for bar in view.techniques:
        drawn = _drawn(bar.parts, length(bar))
        letters += drawn.plain
        yield from line(bar, drawn, signed=True)
    yield from line(view.whole, Text("█" * length(view.whole), style="dim"), signed=False)
    yield from _legend(letters, width)


def _drawn(parts: tuple[MovingPart, ...], cells: int) -> Text:
    """Return a bar of so many cells, each category with its part."""
    total_ns = sum(part.time_ns for part in parts)
    if not total_ns:
        return Text(UNKNOWN.glyph * cells, style=_style(UNKNOWN))
    drawn, done_ns, used = Text(), 0, 0
    for part in parts:
        done_ns += part.time_ns
        upto = round(cells * done_ns / total_ns)
        look = LOOKS.get(part.category, UNKNOWN)
        drawn.append(look.glyph * (upto - used), style=_style(look))
        used = upto
    return drawn


def _legend(letters: str, width: int) -> Iterator[Text]:
    """Yield what the letters that were drawn stand for, none apart from its name."""
    line = Text(" " * INDENT)
    for name, look in (*LOOKS.items(), ("of no known category", UNKNOWN)):
        if look.glyph not in letters:
            continue
        entry = Text.assemble((look.glyph, _style(look)), plain(f" {name}  ", "dim"))
        if line.cell_len + entry.cell_len > width and line.plain.strip():
            yield line
            line = Text(" " * INDENT)
        line.append_text(entry)
    yield line


def _style(look: Look) -> str:
    return f"{look.ink} on {look.colour}"
