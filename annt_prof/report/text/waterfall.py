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

    from annt_prof.explain.explanation import Explanation, TechniqueExplanation
    from annt_prof.views.palette import Look

_WIDEST_BAR = 50
_NARROWEST_BAR = 16


def waterfall(explanation: Explanation, width: int) -> Iterator[Text]:
    """Yield the lines; none where the design does not share out the total.

    Each bar lies where the technique takes the time from, and is drawn in the categories that
    moved its way, in proportion; what moved the other way is in the figures only.

    Args:
        explanation: Of a run.
        width: Cells per line.
    """
    shared = [each for each in explanation.techniques if each.share is not None]
    if not shared or explanation.baseline_ns is None or explanation.total is None:
        return
    if explanation.total.low is None:  # too few launches: shares without an interval are no facts
        return
    start, end = explanation.baseline_ns, explanation.baseline_ns - explanation.total.ns
    label = max(cell_len(n) for n in ("the whole mix", *(printable(s.name) for s in shared)))
    lowest, highest = _range(start, shared)
    across = max(highest - lowest, 1)
    places = units.duration_decimals([highest])
    figure = len(units.milliseconds(-highest, places)) + 1
    bar = max(_NARROWEST_BAR, min(_WIDEST_BAR, width - INDENT - label - figure - 8))

    def line(name: str, ns: int, before: int, drawn: Text, *, signed: bool) -> Text:
        written = units.milliseconds(ns, places)
        written = f"+{written}" if signed and ns > 0 else written
        return Text.assemble(
            " " * INDENT, left(printable(name), label), f"  {right(written, figure)} ms  ",
            " " * round(bar * (before - lowest) / across), drawn,
        )  # fmt: skip

    def solid(ns: int) -> Text:
        return Text("█" * max(1, round(bar * abs(ns) / across)), style="dim")

    yield line("baseline", start, 0, solid(start), signed=False)
    level, letters = start, ""
    for each in shared:
        saving = 0 if each.share is None else each.share.ns
        drawn = _drawn(each, saving, max(1, round(bar * abs(saving) / across)))
        letters += drawn.plain
        yield line(each.name, -saving, min(level, level - saving), drawn, signed=True)
        level -= saving
    yield line("the whole mix", end, min(end, 0), solid(end), signed=False)
    yield from _legend(letters, width)


def _range(start: int, shared: list[TechniqueExplanation]) -> tuple[int, int]:
    """Return the lowest and the highest level that a bar touches; 0 is within."""
    levels = [0, start]
    for each in shared:
        levels.append(levels[-1] - (0 if each.share is None else each.share.ns))
    return min(levels), max(levels)


def _drawn(each: TechniqueExplanation, saving: int, cells: int) -> Text:
    """Return a bar of so many cells, each category with its part."""
    parts = _moving(each, saving)
    total = sum(parts.values())
    if not total:
        return Text(UNKNOWN.glyph * cells, style=_style(UNKNOWN))
    drawn, done, used = Text(), 0, 0
    for name, ns in parts.items():
        done += ns
        upto = round(cells * done / total)
        look = LOOKS.get(name, UNKNOWN)
        drawn.append(look.glyph * (upto - used), style=_style(look))
        used = upto
    return drawn


def _moving(each: TechniqueExplanation, saving: int) -> dict[str, int]:
    """Return the categories that moved the way of the saving, the largest first."""
    sign = 1 if saving >= 0 else -1
    moved = {name: sign * ns for name, ns in (each.saving_by_category_ns or {}).items()}
    return dict(sorted(((n, ns) for n, ns in moved.items() if ns > 0), key=lambda item: -item[1]))


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
