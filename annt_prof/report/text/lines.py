"""Small pieces that every part of the answer is laid out with.

Everything goes through ``Text``: rich interprets no markup in it, so names from files stay data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

INDENT = 2
LABEL_WIDTH = 13
_NARROWEST = 20
# Stands for a blank while lines are broken: rich breaks at every blank, a no-break space too. It is
# of the private use area, so no text from a file has it: ``printable`` writes those out.
_TIE = "\ue000"


@dataclass(frozen=True)
class Hanging:
    """A paragraph that wraps under its own beginning, after what stands to the left of it.

    Where what stands to the left leaves hardly any room, or is wider than it was to be, the
    paragraph begins on a line below it.

    rich's tables and paddings fill each line with blanks up to its end; this one does not, so
    that what is piped or copied is clean.

    Attributes:
        before: Stands to the left of the first line.
        text: The paragraph.
        width: Cells that ``before`` takes in every line.
    """

    before: Text
    text: Text
    width: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield one line after the other."""
        roomy = options.max_width - self.width >= _NARROWEST
        beside = roomy and (not self.before or self.before.cell_len < self.width)
        if not beside:
            yield from _wrapped(self.before, console, options.max_width)
        width = self.width if roomy else INDENT
        room = max(_NARROWEST, options.max_width - width)
        for number, line in enumerate(_wrapped(self.text, console, room)):
            margin = self.before if beside and number == 0 else Text()
            blank = " " * max(0, width - margin.cell_len)
            yield Text.assemble(margin, blank, line, overflow="ignore", no_wrap=True)


def _wrapped(text: Text, console: Console, room: int) -> list[Text]:
    """Return the lines of a paragraph, of which none ends between a figure and its unit."""
    tied = text.copy()
    tied.plain = units.BEFORE_UNIT.sub(_TIE, text.plain)
    lines = list(tied.wrap(console, room, overflow="fold")) or [Text()]
    for line in lines:
        line.plain = line.plain.replace(_TIE, " ")
        line.rstrip()
    return lines


def plain(text: str, style: str = "") -> Text:
    """Return text from anywhere as something to print; long words fold, nothing is cropped."""
    return Text(printable(text), style=style, overflow="fold")


def heading(text: str, remark: str = "") -> RenderableType:
    """Return a section's title, with a quieter remark after it."""
    title = plain(text, "bold")
    return Hanging(title, plain(remark, "dim"), title.cell_len + 2) if remark else title


def labelled(rows: Iterable[tuple[str, str]], indent: int = 0) -> RenderableType:
    """Return ``label   value`` lines whose values wrap under themselves."""
    width = indent + LABEL_WIDTH
    return Group(
        *(Hanging(plain(" " * indent + label, "dim"), plain(value), width) for label, value in rows)
    )


def bullets(mark: str, lines: Iterable[str], indent: int = INDENT) -> RenderableType:
    """Return one marked line for each text, wrapping under itself."""
    before = Text(" " * indent + mark, style="yellow")
    return Group(*(Hanging(before, plain(line), indent + len(mark) + 1) for line in lines))


def indented(text: Text, indent: int = INDENT) -> RenderableType:
    """Return a paragraph set in from the left, its continuation lines too."""
    return Hanging(Text(), text, indent)


def right(text: str, width: int) -> str:
    """Return text flush right in a column, counted in terminal cells."""
    return " " * max(0, width - cell_len(text)) + text


def left(text: str, width: int) -> str:
    """Return text flush left in a column, counted in terminal cells."""
    return text + " " * max(0, width - cell_len(text))
