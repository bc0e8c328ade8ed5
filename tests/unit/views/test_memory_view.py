"""Memory as it is shown: each device's peak and who held it."""

import msgspec

from annt_prof.analysis.tables.memory_use import MemoryHolder
from annt_prof.units import GIB
from annt_prof.views.memory_view import build_memory_peaks
from hand_made_analysis import MEMORY


def test_the_peak_of_each_device():
    device, host = build_memory_peaks(MEMORY)
    assert (device.device, device.peak_bytes, device.reserved_bytes) == (
        "cuda:0", 7_654_300_000, 8_899_000_000,
    )  # fmt: skip
    assert (device.step, device.phase, device.since_trace_began) == (
        "ProfilerStep#4", "backward", False,
    )  # fmt: skip
    assert device.holders == MEMORY[0].holders[:10]
    assert (host.device, host.since_trace_began) == ("cpu", True)
    assert (host.phase, host.reserved_bytes) == (None, None)


def test_holders_that_are_not_told_are_not_none_at_all():
    (peak,) = build_memory_peaks([msgspec.structs.replace(MEMORY[0], holders=None)])
    assert (peak.peak_bytes, peak.holders) == (7_654_300_000, None)


def test_what_is_held_has_one_unit_by_the_largest_holder():
    large = MemoryHolder("before", 3 * GIB, None)
    device = msgspec.structs.replace(MEMORY[0], holders=(large, *MEMORY[0].holders))
    assert [peak.unit.name for peak in build_memory_peaks((device, MEMORY[1]))] == ["GiB", "MiB"]
