"""How devices spent the trace: shares of each one's own span."""

import msgspec

from annt_prof.analysis.tables.temporal import Temporal
from annt_prof.views.device_time_view import DeviceRow, build_device_rows
from hand_made_analysis import TEMPORAL, ns


def test_a_device_s_shares_are_of_its_own_span():
    assert build_device_rows(TEMPORAL) == (
        DeviceRow(
            device=5,
            span_ns=ns(200),
            compute_share=0.6,
            non_compute_share=0.25,
            idle_share=0.15,
            exposed_communication_ns=ns(14.1),
            hidden_communication_ns=ns(15.3),
            num_streams=3,
        ),
    )


def test_a_device_without_a_span_has_no_shares():
    device = msgspec.structs.replace(TEMPORAL.devices[0], kernel_time_ns=0)
    (row,) = build_device_rows(Temporal(0, 0, 0, 0, (device,)))
    assert (row.compute_share, row.non_compute_share, row.idle_share) == (None, None, None)


def test_streams_are_not_counted_where_one_is_not_told():
    (device,) = TEMPORAL.devices
    streams = (*device.streams[:-1], msgspec.structs.replace(device.streams[-1], stream=None))
    device = msgspec.structs.replace(device, streams=streams)
    (row,) = build_device_rows(Temporal(0, 0, 0, 0, (device,)))
    assert row.num_streams is None
