"""The steps from the host: the mean of each part under its own name."""

import pytest

from annt_prof.analysis.tables.host_view import HostStep
from annt_prof.views.host_steps_view import build_host_parts
from hand_made_analysis import HOST, ns


def test_each_part_has_its_mean_and_its_share():
    parts = build_host_parts(HOST)
    assert {part.activity: part.mean_ns for part in parts} == {
        "data_loading": ns(10.7),
        "blocked": ns(21.0),
        "dispatch": ns(33.3),
        "waiting_for_backward": ns(5.2),
        "python": ns(20.9),
    }
    whole = 2 * (10.7 + 21.0 + 33.3 + 5.2 + 20.9)
    assert [part.share for part in parts] == pytest.approx(
        [21.4 / whole, 42.0 / whole, 66.6 / whole, 10.4 / whole, 41.8 / whole]
    )
    assert sum(part.share or 0 for part in parts) == pytest.approx(1)


def test_of_nothing_there_is_no_share():
    parts = build_host_parts([HostStep("ProfilerStep#0", 0, 0, 0, 0, 0, 0)])
    assert {part.share for part in parts} == {None}


def test_a_part_that_would_read_as_nothing_is_brief():
    parts = build_host_parts([HostStep("ProfilerStep#0", 0, 499, 501, 1_000_000, 0, 0)])
    assert [part.activity for part in parts if not part.brief] == [
        "dispatch", "waiting_for_backward",
    ]  # fmt: skip
