"""Two variants side by side: changes by hand."""

import pytest

from annt_prof.views.work.changes import kernel_changes, operator_changes
from annt_prof.views.work.groups import Grouping
from hand_made_work import broken_off, kernel, on_host, operators_of, parts_of, texts, traced

MS = 1_000_000
BEFORE = parts_of(
    kernel("same", 4 * MS, 8), kernel("gone", 6 * MS, 2), kernel("shorter", 9 * MS, 6, phase="sync")
)
AFTER = parts_of(
    kernel("same", 8 * MS, 16), kernel("shorter", 6 * MS, 12), kernel("new", 400, 4), num_steps=4
)


def pair(**second):
    return traced("baseline", parts=BEFORE), traced("amp", **{"parts": AFTER, **second})


def test_means_per_step_the_greatest_change_first():
    sheet = kernel_changes(*pair(), 40)
    assert texts(sheet) == [
        ("gone", "-3.000", "3.000", "0.000", "-100.0 %", "1.0", "0.0"),
        ("shorter", "-3.000", "4.500", "1.500", "-66.7 %", "3.0", "3.0"),
        ("new", "0.000", "0.000", "0.000", "new", "0.0", "1.0"),
        ("same", "0.000", "2.000", "2.000", "0.0 %", "4.0", "4.0"),
    ]
    assert sheet.title == "Kernels per step: baseline 9.500 ms, amp 3.500 ms, change -6.000 ms"
    (note,) = sheet.notes
    assert "2 of baseline and 4 of amp" in note
    assert sheet.rows[2].cells[1].value == 100


def test_what_grew_has_a_sign():
    after, before = pair()
    changes = {row[0]: row[1:5] for row in texts(kernel_changes(before, after, 40))}
    assert changes["shorter"] == ("+3.000", "1.500", "4.500", "+200.0 %")
    assert changes["gone"] == ("+3.000", "0.000", "3.000", "new")


def test_steps_of_other_batches_are_compared_by_sample_and_it_is_said():
    sheet = kernel_changes(*pair(samples=128), 40)
    assert sheet.columns[1].title == "change us"
    row = dict(zip([row.key for row in sheet.rows], texts(sheet), strict=True))["same"]
    assert row == ("same", "-15.625", "31.250", "15.625", "-50.0 %", "4.0", "4.0")
    assert "64 samples and one of amp of 128" in sheet.notes[1]
    assert sheet.title.startswith("Kernels per sample: baseline 148.438 us, amp 27.345 us")


@pytest.mark.parametrize("samples", [64, None])
def test_steps_of_the_same_batch_or_of_an_unknown_one_are_compared_by_step(samples):
    assert kernel_changes(*pair(samples=samples), 40).columns[1].title == "change ms"


def test_groups_of_kernels_are_compared_too():
    sheet = kernel_changes(*pair(), 40, Grouping.PHASE)
    assert texts(sheet)[0][:4] == ("sync", "-4.500", "4.500", "0.000")
    assert texts(sheet)[1][:4] == ("forward", "-1.500", "5.000", "3.500")
    assert sheet.title.startswith("Kernels by phase per step")
    known = texts(kernel_changes(*pair(), 40, Grouping.OPERATOR))
    assert [row[0] for row in known] == ["not known"]


def test_operators_by_the_time_of_their_own():
    before = traced("baseline", operators=operators_of(("aten::mm", 4 * MS, 4)))
    after = traced("amp", operators=operators_of(("aten::mm", 5 * MS, 4), ("aten::to", 2 * MS, 6)))
    sheet = operator_changes(before, after, 40)
    assert texts(sheet) == [
        ("aten::to", "+1.000", "0.000", "1.000", "new", "0.0", "3.0"),
        ("aten::mm", "+0.500", "2.000", "2.500", "+25.0 %", "2.0", "2.0"),
    ]
    assert sheet.title == "Operators per step: baseline 2.000 ms, amp 3.500 ms, change +1.500 ms"


def test_what_cannot_be_compared_says_why():
    before, after = pair()
    broken = kernel_changes(before, broken_off(after), 40)
    assert (broken.rows, broken.empty) == (
        (), "the trace of amp breaks off, so what a step takes is not known",
    )  # fmt: skip
    lacking = kernel_changes(before, on_host("cpu"), 40)
    assert lacking.empty == "the trace of cpu has no kernels"
    assert "no operators" in operator_changes(traced(operators=None), after, 40).empty
    nothing = parts_of()
    none = kernel_changes(traced(parts=nothing), traced("amp", parts=nothing), 40)
    assert "no kernels began" in none.empty
