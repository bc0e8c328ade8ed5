"""The queue before the device as it is shown."""

import msgspec
import pytest

from annt_prof.views.queue_view import QueueDepth, QueueView, build_queue_view
from hand_made_analysis import QUEUE


def test_the_queue():
    assert build_queue_view(QUEUE) == QueueView(
        num_kernels=4_000,
        delay_p50_ns=3_300,
        delay_p95_ns=45_600,
        delay_max_ns=789_100,
        depth=QueueDepth(p50=18, most=1_024),
        short_share=0.37,
    )


@pytest.mark.parametrize("lost", ["depth_p50", "depth_max"])
def test_the_queue_s_depth_may_not_be_known(lost):
    assert build_queue_view(msgspec.structs.replace(QUEUE, **{lost: None})).depth is None
