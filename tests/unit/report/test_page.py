"""A screen's page as text and as JSON: all that it has, and nothing else."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from annt_prof.report.json.page import page_document
from annt_prof.report.text.page import render_page
from annt_prof.views.page import (
    Bar,
    Bars,
    Cell,
    Chart,
    Column,
    Curve,
    Lines,
    Page,
    Part,
    Row,
    Said,
    Sheet,
)

PAGE = Page(
    "overview",
    "a run",
    (
        Lines("said", "A title", (Said("a sentence", "label"), Said("another one"))),
        Sheet(
            "table",
            "Table",
            (
                Column("name", "name", "Whose.", numeric=False, name=True),
                Column("a_ns", "a ms", "How long."),
            ),
            (
                Row("x", (Cell("x", "x"), Cell("1.500", 1_500_000))),
                Row("y", (Cell("[b]y[/b]", "[b]y[/b]"), Cell("-", None))),
            ),
            num_more=3,
            notes=("a note",),
        ),
        Bars(
            "bars",
            "Bars",
            (
                Bar("x", (Part("forward", 30, "30 ms"), Part("backward", 70, "70 ms")), "100 ms"),
                Bar("y", (Part("forward", 50, "50 ms"),), "50 ms", start=50),
            ),
            full=100,
        ),
        Chart("chart", "Chart", "s", "W", (Curve("power", (0.0, 1.0), (3.0, 4.0), last="4 W"),)),
    ),
)


def printed(page: Page, width: int = 80) -> str:
    out = io.StringIO()
    render_page(page, Console(file=out, width=width))
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_text_is_printed(width: int) -> None:
    text = printed(PAGE, width)
    for words in ("A title", "a sentence", "another one", "1.500", "[b]y[/b]", "a note", "3 more"):
        assert words in text
    for words in ("30 ms", "70 ms", "100 ms", "50 ms", "4 W"):
        assert words in text


def test_bars_end_where_their_parts_do() -> None:
    lines = printed(PAGE).splitlines()
    bars = [line for line in lines if " ms  " in line]
    first, second = bars
    assert first.count("f") / (first.count("f") + first.count("b")) == pytest.approx(0.3, abs=0.02)
    assert second.index("f") == pytest.approx((first.index("f") + len(first)) / 2, abs=1)
    assert len(second) == len(first)


def test_no_text_of_a_bar_acts_on_the_terminal() -> None:
    bar = Bar("x\x1b[2J", (Part("forward\x1b[2J", 1, "1\x1b[2J"),), "2\x1b[2J")
    text = printed(Page("overview", "a run", (Bars("bars", "Bars", (bar,), full=1),)))
    assert "\x1b" not in text
    for kept in ("x", "forward", "1", "2"):
        assert f"{kept}\\x1b[2J" in text


def test_json_has_values_and_texts() -> None:
    document = json.loads(page_document(PAGE))
    assert document["schema_version"] == 1
    said, table, bars, chart = document["blocks"]
    assert (said["type"], table["type"], bars["type"]) == ("Lines", "Sheet", "Bars")
    assert table["rows"][0]["cells"][1]["value"] == 1_500_000
    assert table["rows"][1]["cells"][1]["value"] is None
    assert bars["bars"][0]["parts"][1]["value"] == 70
    assert chart["curves"][0]["ys"] == [3.0, 4.0]
