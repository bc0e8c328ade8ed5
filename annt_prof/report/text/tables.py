"""The look of every table, and what is done where a line is too short for all its columns.

A figure is never broken over two lines and never cut. Names give way first: kernels' are shortened
to the room there is, others fold under themselves; then titles fold at their blanks. Where that is
not enough, the last columns are left out and named, or the table goes on below itself.

rich's own tables break whatever does not fit, figures too, and fill each line with blanks up to
its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.fitting import (
    GAP,
    Demand,
    fit,
    number_that_fits,
    overflowing,
    split,
    title_width,
)
from annt_prof.report.text.lines import INDENT, indented, left, plain, right
from annt_prof.text import printable
from annt_prof.views.kernel_names import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

_NARROWEST = 20  # of a column of names: ``shorten`` can do with no less
_UNBOUNDED = 100_000


@dataclass(frozen=True)
class Column:
    """A column's title and how its cells are laid out.

    Attributes:
        title: Folds at its blanks where room is scarce.
        side: On which its cells stand.
        least: Of a column of names, the cells below which it is of no use; None of figures and of
            short words, which are never broken.
    """

    title: str
    side: Literal["left", "right"] = "right"
    least: int | None = None


def words(title: str) -> Column:
    """Return a column of short words of ours."""
    return Column(title, "left")


def names(title: str, least: int = _NARROWEST) -> Column:
    """Return a column of names, such as a trace or a person gives."""
    return Column(title, "left", least)


@dataclass(frozen=True)
class KernelName:
    """A cell that holds a kernel's name: it is shortened to the room there is, never folded."""

    name: str


Cell = str | KernelName


@dataclass(frozen=True)
class Table:
    """Rows under titles, ready to print.

    Attributes:
        columns: The first ones say what a row is of.
        rows: A cell for each column.
        num_keys: How many of the columns say what a row is of.
        last_is_total: Whether the last row stands apart from the others.
        below: What is said right below the rows; nothing where it is empty.
        narrow: What happens where not all columns fit into one line: the last ones are left out,
            and named (``leave_out``), or stand in tables of their own below (``go_on``).
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    num_keys: int = 1
    last_is_total: bool = False
    below: str = ""
    narrow: Literal["leave_out", "go_on"] = "go_on"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of one table or of several, each with what it leaves out."""
        width = options.max_width - INDENT
        lacking: tuple[Column, ...] = ()
        parts = [self]
        if not self.fits(options.max_width):
            narrowest = self._demands(self._deepest)
            if self.narrow == "leave_out":
                number = number_that_fits(narrowest, width)
                parts, lacking = [self._of(range(number))], self.columns[number:]
            else:
                parts = [self._of(places) for places in split(narrowest, self.num_keys, width)]
        for index, part in enumerate(parts):
            if index:
                yield Text()
            rule = "-" if options.ascii_only else "─"
            yield from part._lines(console, part._widths(width), rule)
        if self.below:
            yield indented(plain(self.below, "dim"))
        if lacking:
            listed = ", ".join(column.title for column in lacking)
            yield indented(plain(f"too narrow for: {listed}; --json has them", "dim"))

    def fits(self, width: int) -> bool:
        """Tell whether all columns stand beside each other in lines of this width."""
        return fit(self._demands(self._deepest), width - INDENT) is not None

    @property
    def _deepest(self) -> int:
        """The lines of titles that are folded at each of their blanks."""
        return max(1, *(len(column.title.split()) for column in self.columns))

    def _widths(self, width: int) -> list[int]:
        """Return the widths with the flattest titles for which there is room."""
        for depth in range(1, self._deepest + 1):
            if widths := fit(self._demands(depth), width):
                return widths
        return overflowing(self._demands(self._deepest), width, _NARROWEST)

    def _of(self, places: Sequence[int]) -> Table:
        columns = tuple(self.columns[place] for place in places)
        rows = tuple(tuple(row[place] for place in places) for row in self.rows)
        return replace(self, columns=columns, rows=rows)

    def _demands(self, depth: int) -> list[Demand]:
        """Return what each column asks for with titles of that many lines."""
        return [
            _demand(column, [row[place] for row in self._unshortened], depth)
            for place, column in enumerate(self.columns)
        ]

    @cached_property
    def _unshortened(self) -> list[list[str]]:
        return self._texts(_UNBOUNDED)

    def _texts(self, room: int) -> list[list[str]]:
        """Return what every cell says, kernels' names in that many characters at most."""
        kernels = (cell.name for row in self.rows for cell in row if isinstance(cell, KernelName))
        short = shorten(kernels, room)
        return [
            [printable(short[c.name] if isinstance(c, KernelName) else c) for c in row]
            for row in self.rows
        ]

    def _lines(self, console: Console, widths: Sequence[int], rule: str) -> Iterator[Text]:
        flexible = [w for w, column in zip(widths, self.columns, strict=True) if column.least]
        across = Text(" " * INDENT + rule * (sum(widths) + GAP * (len(widths) - 1)))
        titles = [
            Text(printable(column.title)).wrap(console, width)
            for width, column in zip(widths, self.columns, strict=True)
        ]
        depth = max(map(len, titles))
        # A title of fewer lines than others stands on the rule, as theirs do.
        standing = [[""] * (depth - len(t)) + [line.plain for line in t] for t in titles]
        yield from self._aligned(standing, widths, "bold")
        yield across
        texts = self._texts(max(flexible, default=_NARROWEST))
        for number, row in enumerate(texts, 1):
            if self.last_is_total and number == len(texts):
                yield across
            folded = [
                [line.plain for line in Text(text).wrap(console, width, overflow="fold")]
                if column.least
                else [text]
                for text, column, width in zip(row, self.columns, widths, strict=True)
            ]
            yield from self._aligned(folded, widths, "")

    def _aligned(
        self, cells: Sequence[Sequence[str]], widths: Sequence[int], style: str
    ) -> Iterator[Text]:
        """Yield as many lines as the cell with the most of them has."""
        for number in range(max(map(len, cells))):
            parts = []
            for lines, column, width in zip(cells, self.columns, widths, strict=True):
                text = lines[number].strip() if number < len(lines) else ""
                parts.append((left if column.side == "left" else right)(text, width))
            line = " " * INDENT + (" " * GAP).join(parts)
            # Where not even two columns fit rich breaks it at a blank, not within a figure.
            yield Text(line.rstrip(), style, overflow="fold")


def _demand(column: Column, cells: Sequence[str], depth: int) -> Demand:
    longest = max(map(cell_len, cells), default=0)
    title = title_width([cell_len(word) for word in printable(column.title).split()], depth)
    needed = longest if column.least is None else min(longest, column.least)
    return Demand(least=max(title, needed), whole=max(title, longest))


@dataclass(frozen=True)
class Either:
    """A table where it fits into the line, and something else where it does not."""

    table: Table
    otherwise: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield one of them."""
        yield self.table if self.table.fits(options.max_width) else self.otherwise


def share(fraction: float | None) -> str:
    """Write a part of a whole; of nothing there is no share."""
    return "-" if fraction is None else units.percent(fraction)


def milliseconds(ns: float) -> str:
    """Write a duration for a column whose title says ms."""
    return units.milliseconds(ns, 3)
