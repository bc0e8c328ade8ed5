"""Whether all variants' processes fit into memory together."""

from annt_prof.runner.residency import too_large
from annt_prof.windows.messages import Footprint

GIB = 2**30


def test_on_a_host_every_process_keeps_its_memory() -> None:
    first = Footprint(host=2 * GIB)
    assert too_large(first, 3, 8 * GIB) is None
    assert too_large(first, 3, 6 * GIB) == (
        "3 further processes of up to 2.00 GiB each would not fit into the 6.00 GiB of host memory "
        "that are free"
    )
    assert too_large(first, 0, 0) is None


def test_on_a_device_one_at_a_time_is_at_its_peak() -> None:
    first = Footprint(GIB, device_idle=2 * GIB, device_peak=10 * GIB, device_free=22 * GIB)
    assert too_large(first, 5, 100 * GIB) is None  # 4 * 2 + 10 of 22
    assert too_large(first, 7, 100 * GIB) == (  # 6 * 2 + 10
        "7 further processes of up to 10.00 GiB each would not fit into the 22.00 GiB of device "
        "memory that are free"
    )
