"""What charts show at one place, in one line."""

from __future__ import annotations

import msgspec

from annt_prof.views.chart_reading import place_text, reading, span_name, values_text
from annt_prof.views.page import Chart, Curve, Span

NAN = float("nan")
CHART = Chart(
    "p", "GPU power", "seconds", "W",
    (Curve("p", (0.0, 1.0, 2.0, 30.0), (100.0, 200.0, NAN, 300.0)),),
    spans=(Span("amp", 0.5, 1.5),), x_unit="s", x_places=2, y_unit="W", y_places=0, short="power",
)  # fmt: skip
TWO = msgspec.structs.replace(
    CHART, curves=(*CHART.curves, Curve("q", (0.0, 1.0), (1234.5, 2.0))), short=""
)


def test_the_nearest_point_is_read() -> None:
    assert place_text(CHART, 1.234) == "1.23 s"
    assert values_text(CHART, 0.6) == "200 W"
    assert values_text(TWO, 0.1) == "p 100 W, q 1,234 W"


def test_nothing_is_read_where_the_curve_is_broken_or_far_away() -> None:
    assert values_text(CHART, 2.0) == ""
    assert values_text(CHART, 15.0) == ""
    assert values_text(CHART, 29.0) == ""
    assert values_text(CHART, 29.9) == "300 W"
    assert values_text(CHART, 31.0) == ""
    assert values_text(msgspec.structs.replace(CHART, curves=(Curve("e", (), ()),)), 1.0) == ""


def test_one_line_has_the_place_the_span_and_every_chart() -> None:
    assert span_name(CHART, 1.0) == "amp"
    assert (
        reading((CHART, TWO), 1.0, outside="between") == "1.00 s, amp: power 200 W, p 200 W, q 2 W"
    )
    assert reading((CHART,), 0.0, outside="between") == "0.00 s, between: power 100 W"
    assert reading((CHART,), 15.0, outside="between") == "15.00 s, between: nothing known"
