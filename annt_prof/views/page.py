"""A screen as values: blocks that the dashboard, ``show SCREEN`` and JSON lay out alike.

What is printed stands in a block as text, with the value that it is of beside it, so that no face
formats a figure, adds one up or decides what is good.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Tone(StrEnum):
    """What a text is like, which faces show by colours and letters of their own."""

    PLAIN = "plain"
    QUIET = "quiet"
    STRONG = "strong"
    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"


class Said(msgspec.Struct, frozen=True):
    """A line of prose.

    Attributes:
        text: May be long; faces wrap it.
        label: A word or two before it; empty where it needs none.
        tone: Of the text.
    """

    text: str
    label: str = ""
    tone: Tone = Tone.PLAIN


class Lines(msgspec.Struct, frozen=True, tag=True):
    """Prose.

    Attributes:
        key: Names it within its page, for what reads JSON.
        title: Above it; may be empty.
        lines: In their order.
        verbatim: Whether they are a text to be copied, blanks and all.
    """

    key: str
    title: str
    lines: tuple[Said, ...]
    verbatim: bool = False


class Column(msgspec.Struct, frozen=True):
    """A column of a sheet.

    Attributes:
        key: Names it within its sheet, with the unit of its values: ``total_ns``.
        title: With the unit in which texts are: ``total ms``.
        meaning: A sentence that explains it to who sees it for the first time.
        numeric: Whether its cells stand flush right.
        name: Whether its cells are names that a trace or a person gives, which are shortened where
            there is no room.
        interval: Whether its cells are intervals: of each its value is the lower end.
    """

    key: str
    title: str
    meaning: str
    numeric: bool = True
    name: bool = False
    interval: bool = False


class Cell(msgspec.Struct, frozen=True):
    """A cell of a sheet.

    Attributes:
        text: As it is printed.
        value: What it is of, by which it is sorted; None where it is not known.
        tone: Of the text.
        high: The upper end, of an interval whose lower end is the value.
    """

    text: str
    value: int | float | str | bool | None
    tone: Tone = Tone.PLAIN
    high: int | float | None = None


class Row(msgspec.Struct, frozen=True):
    """A row of a sheet.

    Attributes:
        key: Names it within its sheet, and stays while it is looked at.
        cells: One for each column.
    """

    key: str
    cells: tuple[Cell, ...]


class Sheet(msgspec.Struct, frozen=True, tag=True):
    """A table.

    Attributes:
        key: Names it within its page.
        title: Above it.
        columns: The first says what a row is of.
        rows: In the order in which they are to be read.
        num_more: Rows that are left out.
        notes: What is to be said below it.
        empty: Why there are no rows; empty where there are.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    num_more: int = 0
    notes: tuple[str, ...] = ()
    empty: str = ""


class Part(msgspec.Struct, frozen=True):
    """A part of a bar.

    Attributes:
        name: A category, or another name that ``palette.LOOKS`` has.
        value: Its length, in the bar's unit; never negative.
        text: The same as it is printed, with its unit; without a sign, of a bar that falls too.
    """

    name: str
    value: float
    text: str


class Bar(msgspec.Struct, frozen=True):
    """A bar of parts, one behind the other.

    Attributes:
        name: What it is of.
        parts: In their order.
        text: Of the whole, with its unit.
        start: Where it begins.
    """

    name: str
    parts: tuple[Part, ...]
    text: str
    start: float = 0.0


class Bars(msgspec.Struct, frozen=True, tag=True):
    """Bars on one scale.

    Attributes:
        key: Names it within its page.
        title: Above it.
        bars: From top to bottom.
        full: Where the scale ends; it begins at ``least``.
        least: Where the scale begins.
        notes: What is to be said below it.
        empty: Why there are no bars; empty where there are.
    """

    key: str
    title: str
    bars: tuple[Bar, ...]
    full: float
    least: float = 0.0
    notes: tuple[str, ...] = ()
    empty: str = ""


class Curve(msgspec.Struct, frozen=True):
    """A series of points.

    Attributes:
        name: What it is of.
        xs: Rising, in the unit of the chart's x axis.
        ys: As many; NaN where the curve is broken.
        lows, highs: An interval around each; empty where there are none.
        last: The last of them as it is printed, with its unit.
    """

    name: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    lows: tuple[float, ...] = ()
    highs: tuple[float, ...] = ()
    last: str = ""


class Span(msgspec.Struct, frozen=True):
    """A stretch of a chart's x axis that means something.

    Attributes:
        name: What it is.
        start, end: In the unit of the axis.
    """

    name: str
    start: float
    end: float


class Chart(msgspec.Struct, frozen=True, tag=True):
    """Curves over one x axis.

    Attributes:
        key: Names it within its page.
        title: Above it.
        x_title, y_title: With the units.
        curves: On one y axis.
        spans: Marked on the x axis.
        notes: What is to be said below it.
        empty: Why there are no curves; empty where there are.
        x_unit, y_unit: That stand behind a single figure of each axis.
        x_places, y_places: Decimals of such a figure.
        least, most: Where the y axis begins and ends; None for where the curves do.
        short: What a single figure is called where there is little room.
    """

    key: str
    title: str
    x_title: str
    y_title: str
    curves: tuple[Curve, ...]
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    empty: str = ""
    x_unit: str = ""
    y_unit: str = ""
    x_places: int = 1
    y_places: int = 1
    least: float | None = None
    most: float | None = None
    short: str = ""


class Strip(msgspec.Struct, frozen=True):
    """A series without an axis, a line or two high.

    Attributes:
        name: What it is of.
        lows, highs: The least and the greatest value of each place, from left to right; NaN where
            nothing is known.
        text: The last value as it is printed, with its unit.
        range_text: From where to where the strip's height reaches, likewise.
        least, most: The same; None for where the values do.
    """

    name: str
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    text: str
    range_text: str
    least: float | None = None
    most: float | None = None


class Strips(msgspec.Struct, frozen=True, tag=True):
    """Small series one below the other, each on a scale of its own.

    Attributes:
        key: Names them within their page.
        title: Above them.
        strips: From top to bottom.
        notes: What is to be said below them.
        empty: Why there are none; empty where there are.
        moving: Whether each is a stretch of time of which the last part is always shown, so that
            it stands flush right.
    """

    key: str
    title: str
    strips: tuple[Strip, ...]
    notes: tuple[str, ...] = ()
    empty: str = ""
    moving: bool = False


class Mark(msgspec.Struct, frozen=True):
    """What a letter of a grid stands for.

    Attributes:
        letter: One character of ASCII.
        meaning: A word or two.
        tone: It is shown in.
    """

    letter: str
    meaning: str
    tone: Tone = Tone.PLAIN


class Stretch(msgspec.Struct, frozen=True):
    """Neighbouring places of a grid that belong together.

    Attributes:
        name: What they are; short.
        num_places: How many.
    """

    name: str
    num_places: int


class Track(msgspec.Struct, frozen=True):
    """A line of a grid.

    Attributes:
        name: What it is of.
        letters: One for each place.
        text: Behind them.
    """

    name: str
    letters: str
    text: str = ""


class Tracks(msgspec.Struct, frozen=True, tag=True):
    """A grid of letters: what it is of stands in lines, and places stand in columns.

    Attributes:
        key: Names it within its page.
        title: Above it.
        stretches: From left to right, told apart; together as many places as each track has.
        tracks: From top to bottom.
        marks: What the letters stand for.
        num_earlier: Places at the left that are left out.
        notes: What is to be said below it.
        empty: Why there are no tracks; empty where there are.
    """

    key: str
    title: str
    stretches: tuple[Stretch, ...]
    tracks: tuple[Track, ...]
    marks: tuple[Mark, ...]
    num_earlier: int = 0
    notes: tuple[str, ...] = ()
    empty: str = ""


Block = Lines | Sheet | Bars | Chart | Strips | Tracks


class Page(msgspec.Struct, frozen=True):
    """All that a screen shows.

    Attributes:
        screen: Its name, one of ``SCREENS``.
        title: What it is of, such as the run.
        blocks: From top to bottom.
    """

    screen: str
    title: str
    blocks: tuple[Block, ...]
