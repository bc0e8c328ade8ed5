from types import SimpleNamespace

import pynvml
import pytest

from annt_prof.telemetry import columns, nvml
from annt_prof.telemetry.nvml import Device, NvmlUnavailable, open_device, throttle_reasons
from annt_prof.telemetry.replay import ReplayNvml

FULL = {
    "nvmlDeviceGetTotalEnergyConsumption": [5_000, 5_010],
    "nvmlDeviceGetPowerUsage": [250_000],
    "nvmlDeviceGetUtilizationRates": [SimpleNamespace(gpu=87, memory=40)],
    "nvmlDeviceGetMemoryInfo": [SimpleNamespace(used=3 << 30)],
    "nvmlDeviceGetClockInfo": [1980, 2619, 1950, 2619],
    "nvmlDeviceGetTemperature": [61],
    "nvmlDeviceGetCurrentClocksEventReasons": [0x4],
}
FIELDS = {
    pynvml.NVML_FI_DEV_POWER_INSTANT: [300_000],
    pynvml.NVML_FI_DEV_PCIE_COUNT_TX_BYTES: [1_000],
    pynvml.NVML_FI_DEV_PCIE_COUNT_RX_BYTES: [2_000],
}


def test_every_counter_lands_in_its_column():
    device = Device(ReplayNvml(FULL, FIELDS), 0)
    assert device.read() == {
        columns.GPU_ENERGY_MILLIJOULES: 5_000,
        columns.GPU_POWER_MILLIWATTS: 300_000,
        columns.GPU_PCIE_TX_BYTES: 1_000,
        columns.GPU_PCIE_RX_BYTES: 2_000,
        columns.GPU_UTILISATION_PERCENT: 87,
        columns.GPU_MEMORY_BYTES: 3 << 30,
        columns.GPU_SM_CLOCK_MHZ: 1980,
        columns.GPU_MEMORY_CLOCK_MHZ: 2619,
        columns.GPU_TEMPERATURE_C: 61,
        columns.GPU_THROTTLE_BITS: 4,
    }
    assert device.read()[columns.GPU_ENERGY_MILLIJOULES] == 5_010


def test_what_the_instant_field_lacks_comes_from_the_average():
    device = Device(ReplayNvml(FULL), 0)
    assert device.read()[columns.GPU_POWER_MILLIWATTS] == 250_000


def test_an_unsupported_counter_is_asked_for_once():
    replay = ReplayNvml({"nvmlDeviceGetPowerUsage": [100]})
    device = Device(replay, 0)
    for _ in range(5):
        assert device.read() == {columns.GPU_POWER_MILLIWATTS: 100}
    assert replay.calls["nvmlDeviceGetPowerUsage"] == 5
    once = set(replay.calls) - {"nvmlDeviceGetPowerUsage"}
    # Memory and both field groups are asked for in two ways, or for two counters, each once.
    assert {name: replay.calls[name] for name in once if replay.calls[name] > 2} == {}
    assert replay.calls["nvmlDeviceGetTotalEnergyConsumption"] == 1


def test_a_passing_failure_is_asked_for_again():
    busy = pynvml.NVMLError(pynvml.NVML_ERROR_TIMEOUT)
    device = Device(ReplayNvml({"nvmlDeviceGetTemperature": [busy, 55]}), 0)
    assert columns.GPU_TEMPERATURE_C not in device.read()
    assert device.read()[columns.GPU_TEMPERATURE_C] == 55


def test_a_binding_without_a_function_reads_the_rest():
    class Old(ReplayNvml):
        def __getattr__(self, name):
            if "EventReasons" in name:
                raise AttributeError(name)
            return super().__getattr__(name)

    old = Old({"nvmlDeviceGetCurrentClocksThrottleReasons": [0x8]})
    assert Device(old, 0).read() == {columns.GPU_THROTTLE_BITS: 8}


def test_field_values_are_read_by_their_type():
    class Narrow(ReplayNvml):
        def _field(self, identifier):
            field = super()._field(identifier)
            field.valueType = pynvml.NVML_VALUE_TYPE_UNSIGNED_INT
            return field

    device = Device(Narrow({}, {pynvml.NVML_FI_DEV_POWER_INSTANT: [(7 << 32) + 5]}), 0)
    assert device.read() == {columns.GPU_POWER_MILLIWATTS: 5}


def test_pcie_throughput_is_in_bytes_per_second():
    device = Device(ReplayNvml({"nvmlDeviceGetPcieThroughput": [1_250]}), 0)
    assert device.pcie_throughput(received=True) == 1_250_000


def test_missing_pcie_throughput_says_so():
    with pytest.raises(NvmlUnavailable, match="PCIe throughput: Not Supported"):
        Device(ReplayNvml({}), 0).pcie_throughput(received=False)


@pytest.mark.parametrize(
    ("environment", "uuid", "name"),
    [
        ({}, None, "first"),
        ({"CUDA_VISIBLE_DEVICES": "1,0"}, None, "second"),
        ({"CUDA_VISIBLE_DEVICES": "GPU-1"}, None, "second"),
        ({"CUDA_VISIBLE_DEVICES": "0"}, "GPU-1000", "second"),
        ({}, "1000", "second"),
    ],
)
def test_the_device_is_the_one_cuda_calls_0(environment, uuid, name):
    replay = ReplayNvml({}, names=("first", "second"))
    assert open_device(replay, uuid, environment).name == name


@pytest.mark.parametrize(
    ("visible", "reason"),
    [
        ("", "hides every device"),
        ("-1", "hides every device"),
        ("7", "Invalid Argument"),
        ("GPU-9", "knows no device GPU-9"),
    ],
)
def test_a_device_that_is_not_there_is_one_line(visible, reason):
    with pytest.raises(NvmlUnavailable, match=reason):
        open_device(ReplayNvml({}), None, {"CUDA_VISIBLE_DEVICES": visible})


class Partitioned(ReplayNvml):
    """Two devices, the second cut into instances at its indices 1 and 2."""

    def __init__(self):
        super().__init__({}, names=("whole", "cut"))

    def nvmlDeviceGetMaxMigDeviceCount(self, handle):  # noqa: N802 - NVML's own
        return 3 if handle == 1 else 0

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle, index):  # noqa: N802
        if index == 0:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return f"{handle}/{index}"

    def nvmlDeviceGetHandleByUUID(self, uuid):  # noqa: N802
        assert uuid == "MIG-GPU-1000/2/0"
        return "1/2"

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        instances = {"1/1": "MIG-aaa1-b", "1/2": "MIG-aaa2-b"}
        return instances.get(handle) or super().nvmlDeviceGetUUID(handle)

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return (
            f"instance {handle}" if isinstance(handle, str) else super().nvmlDeviceGetName(handle)
        )


@pytest.mark.parametrize(
    ("visible", "uuid", "name"),
    [
        (None, "aaa2-b", "instance 1/2"),  # as torch has it
        (None, "MIG-aaa2-b", "instance 1/2"),
        ("MIG-aaa2", None, "instance 1/2"),
        ("MIG-aaa1-b", "1000", "instance 1/1"),  # torch has the whole device's
        ("MIG-GPU-1000/2/0", None, "instance 1/2"),
        ("1", None, "instance 1/1"),
        ("0", None, "whole"),
        (None, "0000", "whole"),
        ("1", "0000", "whole"),
    ],
)
def test_an_instance_of_a_device_is_found_with_its_prefix_or_without(visible, uuid, name):
    environment = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert open_device(Partitioned(), uuid, environment).name == name


def test_an_instance_that_is_not_there_is_one_line():
    with pytest.raises(NvmlUnavailable, match="knows no device MIG-ccc"):
        open_device(Partitioned(), None, {"CUDA_VISIBLE_DEVICES": "MIG-ccc"})


def test_throttle_reasons_leave_an_idle_device_out():
    assert throttle_reasons(0x1) == ()
    assert throttle_reasons(0x1 | 0x4 | 0x40) == (
        "software_power_cap",
        "hardware_thermal_slowdown",
    )


def test_throttle_bits_are_nvml_s():
    assert pynvml.nvmlClocksEventReasonSwPowerCap in nvml.THROTTLE_REASONS
    named = sum(nvml.THROTTLE_REASONS)
    assert named | pynvml.nvmlClocksEventReasonGpuIdle == pynvml.nvmlClocksThrottleReasonAll


def test_a_missing_library_is_one_line(monkeypatch):
    def absent():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", absent)
    with pytest.raises(NvmlUnavailable) as caught:
        nvml.initialised()
    assert str(caught.value) == "NVML: NVML Shared Library Not Found"
    assert nvml.driver_version() is None
    with pytest.raises(NvmlUnavailable):
        nvml.device_names()


def test_a_missing_binding_is_one_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pynvml", None)
    with pytest.raises(NvmlUnavailable, match="nvidia-ml-py cannot be imported"):
        nvml.initialised()


def test_driver_and_names(monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlSystemGetDriverVersion", lambda: "570.1")
    replay = ReplayNvml({}, names=("a", "b"))
    for name in ("nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetName"):
        monkeypatch.setattr(pynvml, name, getattr(replay, name))
    assert nvml.driver_version() == "570.1"
    assert nvml.device_names() == ("a", "b")
