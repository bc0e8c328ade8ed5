"""What is said of an item is what the trace has of it, figure by figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_lanes import US, one_row, trained

from annt_prof.analysis.lanes.lanes import ItemKind, Lanes
from annt_prof.views.timeline.details import details, fitting


@pytest.fixture
def lanes(tmp_path: Path) -> Lanes:
    return trained(tmp_path)


def said(lanes: Lanes, kind: ItemKind, start_us: int, name: str = "") -> dict[str, str]:
    item = next(
        i
        for i in range(len(lanes))
        if lanes.kind[i] == kind
        and lanes.start_ns[i] == start_us * US
        and name in lanes.names[lanes.name[i]]
    )
    return {line.label: line.text for line in details(lanes, item, 1).lines}


def test_a_kernel_tells_who_launched_it_and_how_long_it_waited(lanes: Lanes) -> None:
    assert said(lanes, ItemKind.KERNEL, 1_300) == {
        "name": "sm80_xmma_fprop_implicit_gemm",
        "what": "kernel, class conv, its time counts as forward, stream 7",
        "when": "200.0 us long, from 300.0 us to 500.0 us of ProfilerStep#1",
        "launched by": "cudaLaunchKernel at 230.0 us, 70.00 us before it began, on main thread 100 "
        "in aten::cudnn in aten::conv2d",
        "path": "not on the critical path: shortening it cannot shorten the step",
    }


def test_an_evaluation_and_its_function_are_one(lanes: Lanes) -> None:
    lines = said(lanes, ItemKind.KERNEL, 1_630)
    assert lines["launched by"] == (
        "cudaLaunchKernel at 620.0 us, 10.00 us before it began, on autograd thread 200 in "
        "AddBackward0"
    )
    assert lines["path"] == "on the critical path: shortening it can shorten the step"


def test_a_gap_tells_its_cause_and_the_whole_of_it(lanes: Lanes) -> None:
    lines = said(lanes, ItemKind.GAP, 1_000)
    assert lines["name"] == "nothing was launched: the host was in the data loader"
    assert lines["what"] == (
        "no device is busy, cause data_loading, its time counts as data_loading, device idle"
    )
    assert lines["when"] == "200.0 us long, from 0 us to 200.0 us of ProfilerStep#1"
    assert lines["whole gap"] == "300.0 us in all, whatever the causes"


def test_an_operator_tells_its_phase_and_what_it_is_in(lanes: Lanes) -> None:
    lines = said(lanes, ItemKind.OPERATOR, 1_220)
    assert lines["what"] == (
        "operator or range, while the main thread was in forward, main thread 100"
    )
    assert lines["within"] == "aten::conv2d"
    assert lines["path"] == "the host lies on the critical path while it lasts"


def test_a_stretch_of_the_path_tells_where_it_runs(lanes: Lanes) -> None:
    lines = said(lanes, ItemKind.PATH, 1_630)
    assert lines["name"] == "elementwise_kernel"
    assert lines["on"] == "stream 7"


def test_nothing_is_said_of_nothing(lanes: Lanes) -> None:
    (line,) = details(lanes, None, 0).lines
    assert line.text == "nothing here: the cursor is between items"


def test_what_is_not_known_is_said() -> None:
    lines = {line.label: line.text for line in details(one_row([(0, 5, 0)]), 0, 0).lines}
    assert lines["launched by"] == "a call that the trace does not hold"
    assert lines["path"] == "the critical path of this trace is not known"
    assert lines["when"] == "0.005 us long, from 0 us to 0.005 us of ProfilerStep#0"


def test_a_long_name_comes_in_full_at_the_end() -> None:
    lanes = one_row([(0, 5, 0)])
    object.__setattr__(lanes, "names", ("k" * 300,))
    lines = details(lanes, 0, 0).lines
    assert lines[0].text == "k" * 60 + "..."
    assert lines[-1].text == "k" * 300


@pytest.mark.parametrize(
    ("room", "label", "letters"), [(300, "in full", 300), (299, "begins", 299), (61, "begins", 61)]
)
def test_a_name_for_which_there_is_no_room_does_not_claim_to_be_in_full(
    room: int, label: str, letters: int
) -> None:
    lanes = one_row([(0, 5, 0)])
    object.__setattr__(lanes, "names", ("k" * 300,))
    last = fitting(lanes, 0, 0, lambda told: told.lines[-1].text.count("k") <= room, 300).lines[-1]
    assert last.label == label
    assert last.text == "k" * letters + ("" if label == "in full" else "...")


@pytest.mark.parametrize("most", [300, 10])
def test_where_there_is_no_room_at_all_a_long_name_is_said_once(most: int) -> None:
    lanes = one_row([(0, 5, 0)])
    object.__setattr__(lanes, "names", ("k" * 300,))
    lines = fitting(lanes, 0, 0, lambda _: False, most).lines
    assert [line.text for line in lines if "k" * 20 in line.text] == ["k" * 60 + "..."]
