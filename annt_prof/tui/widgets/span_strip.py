"""The spans of a chart as one line of letters under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from annt_prof.tui.looks import toned
from annt_prof.tui.widgets.drawn_line import LABEL_WIDTH
from annt_prof.views.page import Tone
from annt_prof.views.palette import series_look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.views.page import Chart, Span
    from annt_prof.views.palette import Look


def span_strip(chart: Chart, view: tuple[float, float], columns: int) -> Text:
    """Return a line that stands under a plot's columns, and what its letters and the axis are.

    Args:
        chart: Its spans are shown; of two in one column, the longer one.
        view: Where the plot begins and ends.
        columns: That the plot is wide.
    """
    names = list(dict.fromkeys(span.name for span in chart.spans))
    looks = {name: series_look(place) for place, name in enumerate(names)}
    text = Text(" " * (LABEL_WIDTH + 1), overflow="fold")
    if chart.spans:
        for name in _names(chart.spans, view, columns):
            text.append_text(Text(" ") if name is None else _letter(looks[name]))
        text.append("\n" + " " * (LABEL_WIDTH + 1))
    for name, look in looks.items():
        text.append_text(_letter(look))
        text.append_text(toned(f" {name}  ", Tone.QUIET))
    text.append_text(toned(chart.x_title, Tone.QUIET))
    return text


def _letter(look: Look) -> Text:
    return Text(look.glyph, Style(color=look.ink, bgcolor=look.colour))


def _names(spans: Sequence[Span], view: tuple[float, float], columns: int) -> list[str | None]:
    names: list[str | None] = [None] * columns
    longest = [0.0] * columns
    start, end = view
    column = (end - start) / columns
    for span in spans:
        if span.end < start or span.start > end:
            continue
        first = max(0, int((span.start - start) / column))
        last = min(columns - 1, int((span.end - start) / column))
        for place in range(first, last + 1):
            left = start + place * column
            covered = min(span.end, left + column) - max(span.start, left)
            if covered > longest[place] or names[place] is None:
                names[place], longest[place] = span.name, covered
    return names
