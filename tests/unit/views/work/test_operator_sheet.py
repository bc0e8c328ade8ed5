"""Operators by name: every figure of a row, and what is said where there are none."""

import msgspec

from annt_prof.views.work.operator_sheet import COLUMNS, build_operator_sheet
from hand_made_work import OPERATORS, broken_off, texts, traced


def test_every_figure_of_a_row():
    sheet = build_operator_sheet(traced(), 40)
    assert dict(zip([column.key for column in COLUMNS], texts(sheet)[0], strict=True)) == {
        "operator": "aten::mm",
        "self_ns": "5.500",
        "share_of_steps": "3.0 %",
        "count": "31",
        "total_ns": "7.700",
        "phase": "forward +1",
        "mean_ns": "248.4",
        "p50_ns": "231.0",
        "p95_ns": "407.0",
        "thread": "main +1",
        "device_ns": "42.100",
    }
    assert sheet.title == "Operators of baseline: 95 names, 4,321 calls, 9.900 ms in 2 steps"
    assert sheet.num_more == 93


def test_a_long_name_keeps_its_end_and_is_found_by_all_of_it():
    cell = build_operator_sheet(traced(), 34).rows[1].cells[0]
    assert cell.text == "autograd::e...unction: MulBackward0"[:11] + "...nction: MulBackward0"[-23:]
    assert len(cell.text) == 34
    assert cell.value == "autograd::engine::evaluate_function: MulBackward0"


def test_long_names_that_would_be_alike_are_told_apart():
    names = [f"autograd::engine::{middle}::evaluate: MulBackward0" for middle in ("one", "two")]
    rows = tuple(msgspec.structs.replace(OPERATORS.rows[0], name=name) for name in names)
    operators = msgspec.structs.replace(OPERATORS, rows=rows)
    first, second = build_operator_sheet(traced(operators=operators), 24).rows
    assert first.cells[0].text != second.cells[0].text


def test_of_a_file_that_breaks_off_there_is_no_self_time():
    rows = tuple(
        msgspec.structs.replace(row, self_ns=None, share_of_steps=None, phases=None, device_ns=None)
        for row in OPERATORS.rows
    )
    operators = msgspec.structs.replace(OPERATORS, rows=rows, self_ns=None)
    sheet = build_operator_sheet(broken_off(traced(operators=operators)), 40)
    assert sheet.title == "Operators of baseline: 95 names, 4,321 calls that are left in 2 steps"
    assert [texts(sheet)[0][place] for place in (1, 2, 5, 10)] == ["-"] * 4


def test_where_there_are_none_it_is_said_why():
    assert "ProfilerActivity.CPU" in build_operator_sheet(traced(operators=None), 40).empty
    none = msgspec.structs.replace(OPERATORS, rows=(), num_names=0, count=0, self_ns=0)
    assert "no operator began" in build_operator_sheet(traced(operators=none), 40).empty


def test_every_column_explains_itself():
    assert all(column.meaning.endswith(".") for column in COLUMNS)
