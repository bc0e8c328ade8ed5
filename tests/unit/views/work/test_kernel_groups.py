"""Kernels in groups, whose times are shared out exactly."""

import pytest

from annt_prof.views.work.groups import NOT_KNOWN, Grouping, build_group_sheet, build_member_sheet
from hand_made_work import kernel, parts_of, texts, traced


def test_groups_add_up_and_the_longest_is_first():
    sheet = build_group_sheet(traced(), Grouping.PHASE)
    assert texts(sheet) == [
        ("forward", "32.900", "61.7 %", "822", "2"),
        ("backward", "20.000", "37.5 %", "500", "1"),
        ("optimizer", "0.400", "0.8 %", "11", "1"),
    ]
    assert sheet.title == "Kernels of baseline by phase: 3 groups, 53.30 ms"


@pytest.mark.parametrize("grouping", list(Grouping))
def test_whatever_they_are_grouped_by_nothing_is_lost(grouping):
    rows = build_group_sheet(traced(), grouping).rows
    assert sum(row.cells[1].value for row in rows) == 53_300_000
    assert sum(row.cells[3].value for row in rows) == 1_333
    for row in rows:
        members = build_member_sheet(traced(), grouping, row.key, 40).rows
        assert sum(member.cells[1].value for member in members) == row.cells[1].value
        assert len(members) == row.cells[4].value


def test_what_is_not_known_is_a_group_of_its_own():
    sheet = build_group_sheet(traced(), Grouping.MODULE)
    assert texts(sheet)[0][:2] == ("not known", "29.300")
    assert sheet.rows[0].key == NOT_KNOWN
    assert texts(sheet)[1][0] == "Linear_0"
    assert "of module not known" in build_member_sheet(traced(), Grouping.MODULE, "", 40).title


@pytest.mark.parametrize(
    ("grouping", "why"),
    [(Grouping.PHASE, "breaks off"), (Grouping.OPERATOR, "external ids"),
     (Grouping.MODULE, "with_stack")],
)  # fmt: skip
def test_where_none_is_known_it_is_said_why(grouping, why):
    parts = parts_of(kernel("gemm", 5, 1, phase=None))
    sheet = build_group_sheet(traced(parts=parts), grouping)
    assert sheet.rows == ()
    assert why in sheet.empty


def test_the_kernels_of_a_group_with_what_of_them_is_of_it():
    sheet = build_member_sheet(traced(), Grouping.PHASE, "forward", 40)
    assert texts(sheet) == [
        ("sm90_gemm", "24.000", "72.9 %", "54.1 %", "600", "40.0", "gemm"),
        ("mystery", "8.900", "27.1 %", "100.0 %", "222", "40.1", "other"),
    ]
    assert sheet.title == "Kernels of baseline of phase forward: 2 names, 822 launches, 32.90 ms"


def test_a_group_that_another_trace_does_not_have_is_empty():
    sheet = build_member_sheet(traced(), Grouping.PHASE, "sync", 40)
    assert (sheet.rows, sheet.empty) == ((), "no kernel of this trace is of it")


def test_kernels_of_no_time_have_no_share():
    sheet = build_group_sheet(traced(parts=parts_of(kernel("empty", 0, 3))), Grouping.CLASS)
    assert texts(sheet) == [("gemm", "0.000", "-", "3", "1")]
