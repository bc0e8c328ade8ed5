"""What a history looks like, as text and as a document."""

import io
import json

import pytest
from rich.console import Console

from annt_prof.compare.launch_figures import Metric
from annt_prof.compare.over_time import RunFigure
from annt_prof.report.json.history import history_document
from annt_prof.report.text.history import render_history
from annt_prof.views.history_view import (
    FigureColumn,
    HistoryPoint,
    HistorySeries,
    HistoryView,
    LeftOut,
)


def point(day: int, ms: float, change: float | None, level: float | None = None) -> HistoryPoint:
    figure = RunFigure(ms * 1e6, ms * 0.99e6, ms * 1.01e6, 5, 0.004)
    return HistoryPoint(
        f"2026070{day}-vit", f"2026-07-0{day}T14:30:12+00:00", figure, change, level
    )


def view(**changes: object) -> HistoryView:
    series = {
        "scenarios": ("vit",),
        "variants": ("amp",),
        "apart": (("torch", "2.15.0"),),
        "device": "H100 [red]",
        "torch": "2.15.0",
        "column": FigureColumn("step ms", 1e6, 2),
        "points": (point(1, 20.0, None), point(2, 20.1, 0.005), point(3, 21.0, 0.045, 0.0474)),
        "num_earlier": 4,
        "num_changes": 2,
        "num_earlier_changes": 1,
        "enough": True,
    }
    left = (LeftOut("not complete", ("a", "b")),)
    return HistoryView("vit", Metric.STEP_TIME, (HistorySeries(**(series | changes)),), left)


def printed(shown: HistoryView, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace")
    render_history(shown, Console(file=file, width=80))
    file.seek(0)
    return file.read()


def test_every_figure_is_printed_once_in_its_unit() -> None:
    assert printed(view()).splitlines() == [
        "amp of vit  H100 [red], torch 2.15.0",
        "told apart   torch 2.15.0",
        "  ▁▂█  step ms from 20.00 to 21.00",
        "  begun, UTC        step ms  95 % interval  change  new level  run",
        "  ─────────────────────────────────────────────────────────────────────────",
        "  2026-07-01 14:30    20.00        ± 1.0 %       -             20260701-vit",
        "  2026-07-02 14:30    20.10        ± 1.0 %  +0.5 %             20260702-vit",
        "  2026-07-03 14:30    21.00        ± 1.0 %  +4.5 %     +4.7 %  20260703-vit",
        "  4 earlier runs not shown",
        "  1 change of level among them",
        "",
        "Left out",
        "  - 2 runs: not complete (a, b)",
    ]


def test_a_terminal_of_ascii_gets_ascii() -> None:
    assert "  _.#  step ms from" in printed(view(), "ascii")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"enough": False}, "7 runs: whether the level changed is told from 6 runs on"),
        ({"num_changes": 0, "num_earlier_changes": 0}, "no change of level stands out"),
    ],
)
def test_it_is_said_where_no_change_is_told(changes: dict[str, object], note: str) -> None:
    assert note in printed(view(**changes))
    assert note not in printed(view())


def test_without_a_series_it_is_said() -> None:
    shown = HistoryView(None, Metric.STEP_TIME, (), ())
    assert printed(shown) == "no run has the figure that is asked for\n"


def test_the_document_has_plain_values() -> None:
    found = json.loads(history_document(view()))
    assert (found["schema_version"], found["metric"], found["unit"]) == (1, "step_time", "ns")
    (series,) = found["series"]
    assert series["unlike_others"] == [{"name": "torch", "value": "2.15.0"}]
    assert (series["earlier_runs"], series["earlier_level_changes"]) == (4, 1)
    assert series["runs"][2] == {
        "run": "20260703-vit",
        "created": "2026-07-03T14:30:12+00:00",
        "value": 21.0e6,
        "interval": {"low": pytest.approx(20.79e6), "high": pytest.approx(21.21e6)},
        "launches": 5,
        "change": 0.045,
        "level_change": 0.0474,
    }
    assert found["left_out"] == [{"reason": "not complete", "runs": ["a", "b"]}]
