"""Blocking calls as they are shown: who made them."""

import msgspec

from annt_prof.views.rest import Rest
from annt_prof.views.waits_view import WaitRow, build_wait_rows
from hand_made_analysis import SYNCHRONISATIONS, ns


def test_who_made_a_wait():
    assert build_wait_rows(SYNCHRONISATIONS, complete=True).rows == (
        WaitRow("cudaStreamSynchronize", ("aten::item", "aten::_local"), 28, ns(41.1)),
        WaitRow("cudaMemcpy", ("aten::copy_",), 29, ns(12.6)),
        WaitRow("cudaDeviceSynchronize", (), 2_345, ns(6.4)),
    )
    broken_off = build_wait_rows(SYNCHRONISATIONS, complete=False)
    assert [row.made_by for row in broken_off.rows[1:]] == [("aten::copy_",), None]


def test_waits_that_would_read_as_nothing_are_counted():
    brief = msgspec.structs.replace(SYNCHRONISATIONS[2], blocked_ns=450)
    view = build_wait_rows((SYNCHRONISATIONS[0], brief, brief), complete=True)
    assert [row.call for row in view.rows] == ["cudaStreamSynchronize"]
    assert view.rest == Rest(2, 900)
