"""What widgets tell the screen they are on."""

from __future__ import annotations

from textual.message import Message


class RowChosen(Message):
    """The cursor has come to a row of a table.

    Attributes:
        sheet: The table's key.
        row: The row's key.
        entered: Whether it was entered, and not only come to.
    """

    def __init__(self, sheet: str, row: str, *, entered: bool) -> None:
        super().__init__()
        self.sheet = sheet
        self.row = row
        self.entered = entered


class CursorMoved(Message):
    """The cursor of a chart has been moved.

    Attributes:
        chart: The chart's key.
        x: Where it is, in the unit of the x axis.
    """

    def __init__(self, chart: str, x: float) -> None:
        super().__init__()
        self.chart = chart
        self.x = x


class ViewMoved(Message):
    """Another stretch of a chart's x axis is to be seen.

    Attributes:
        chart: The chart's key.
        view: Where it begins and ends; None for all of it.
    """

    def __init__(self, chart: str, view: tuple[float, float] | None) -> None:
        super().__init__()
        self.chart = chart
        self.view = view


class RunAsked(Message):
    """Somebody wants a scenario to be run.

    Attributes:
        scenario_text: Of the whole file; it is valid.
        name: For a file or a title.
    """

    def __init__(self, scenario_text: str, name: str) -> None:
        super().__init__()
        self.scenario_text = scenario_text
        self.name = name
