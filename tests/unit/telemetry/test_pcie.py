import threading

from hypothesis import given
from hypothesis import strategies as st

from annt_prof.telemetry import columns, pcie
from annt_prof.telemetry.nvml import Device, NvmlUnavailable
from annt_prof.telemetry.pcie import ByteCounter, PcieThread
from annt_prof.telemetry.replay import ReplayNvml


@given(
    st.integers(0, (1 << 32) - 1),
    st.lists(st.integers(0, (1 << 32) - 1), max_size=20),
)
def test_a_wrapping_counter_grows_by_what_was_counted(start, growths):
    counter = ByteCounter()
    assert counter.total(start % (1 << 32)) == 0
    count = start
    for growth in growths:
        count += growth
        assert counter.total(count % (1 << 32)) == count - start


def test_a_wide_counter_that_restarts_loses_that_interval_only():
    counter = ByteCounter()
    counter.total(10 << 40)
    assert counter.total((10 << 40) + 5) == 5
    assert counter.total(100) == 5
    assert counter.total(130) == 35


class Answering(Device):
    """Answers twice; then it says so, and no more."""

    def __init__(self, answers):
        super().__init__(ReplayNvml({"nvmlDeviceGetPcieThroughput": answers}), 0)
        self.left = len(answers)
        self.ended = threading.Event()

    def pcie_throughput(self, *, received):
        if self.left == 0:
            self.ended.set()
            raise NvmlUnavailable("enough")
        self.left -= 1
        return super().pcie_throughput(received=received)


def test_each_direction_is_reported_once_per_answer(monkeypatch):
    monkeypatch.setattr(pcie, "_PAUSE_S", 0.0)
    device = Answering([50, 60])
    thread = PcieThread(device)
    assert device.ended.wait(10)
    assert thread.take() == {
        columns.GPU_PCIE_TX_BYTES_PER_S: 50_000,
        columns.GPU_PCIE_RX_BYTES_PER_S: 60_000,
    }
    assert thread.take() == {}


def test_a_device_without_the_counter_is_asked_once():
    device = Answering([])
    thread = PcieThread(device)
    assert device.ended.wait(10)
    assert thread.take() == {}
