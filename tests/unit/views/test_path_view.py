"""The critical path: beside what the breakdown has, and what loading can save at most."""

import pytest

from annt_prof.analysis.path.critical_path import CriticalPath, PathStep
from annt_prof.analysis.tables.host_view import HostStep
from annt_prof.views.path_view import HiddenLoading, PathRow, PhaseOnPath, build_path_view
from hand_made_analysis import BREAKDOWN, HOST, PATH, ns


def test_rows_are_means_the_longest_first():
    view = build_path_view(PATH, BREAKDOWN, HOST)
    assert view.rows == (
        PathRow("forward", ns(31), pytest.approx(0.31), ns(32.3)),
        PathRow("backward", ns(30.6), pytest.approx(0.306), ns(51.6)),
        PathRow("sync", ns(30.1), pytest.approx(0.301), 0),
        PathRow("queued", ns(8.3), pytest.approx(0.083), None),
    )


def test_without_a_breakdown_nothing_is_known_to_be_spent():
    assert {row.spent_ns for row in build_path_view(PATH, None, HOST).rows} == {None}


def test_the_host_s_part_by_phase_the_longest_first():
    view = build_path_view(PATH, BREAKDOWN, HOST)
    assert view.phases == (PhaseOnPath("optimizer", ns(4.8)), PhaseOnPath("data_loading", ns(1.8)))


def test_loading_beside_the_path_cannot_be_saved():
    view = build_path_view(PATH, BREAKDOWN, HOST)
    assert view.hidden_loading == HiddenLoading(loading_ns=ns(10.7), on_path_ns=ns(1.8))
    assert build_path_view(PATH, BREAKDOWN, None).hidden_loading is None


@pytest.mark.parametrize(("loading_ns", "told"), [(5_010, False), (5_011, True)])
def test_only_more_than_a_hundredth_of_the_step_is_told(loading_ns, told):
    path = CriticalPath((PathStep("s", 1_000, {}, {"data_loading": 5_000}, {}),), ())
    host = [HostStep("s", loading_ns, 0, 0, 0, 0, 0)]
    assert (build_path_view(path, None, host).hidden_loading is not None) == told


def test_what_would_read_as_nothing_is_named_alone():
    path = CriticalPath(
        (PathStep("s", 2_000_700, {"forward": 2_000_000, "sync": 499}, {}, {}),), ()
    )
    view = build_path_view(path, None, None)
    assert [row.name for row in view.rows] == ["forward"]
    assert view.brief == ("sync",)
    assert build_path_view(PATH, None, None).brief == ()
