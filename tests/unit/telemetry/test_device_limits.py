from types import SimpleNamespace

import pynvml
import pytest

from annt_prof.telemetry import device_limits, nvml
from annt_prof.telemetry.device_limits import DeviceLimits, limits_of
from annt_prof.telemetry.replay import ReplayNvml

LIMIT = "nvmlDeviceGetEnforcedPowerLimit"
MODE = "nvmlDeviceGetMigMode"


class Several(ReplayNvml):
    """Two devices with limits of their own; the second is cut into instances."""

    def __init__(self):
        super().__init__({}, names=("whole", "cut"))

    def nvmlDeviceGetMaxMigDeviceCount(self, handle):  # noqa: N802 - NVML's own
        return 1 if handle == 1 else 0

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle, index):  # noqa: N802
        return f"{handle}/{index}"

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle):  # noqa: N802
        if not isinstance(handle, str):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_INVALID_ARGUMENT)
        return int(handle.split("/")[0])

    def nvmlDeviceGetEnforcedPowerLimit(self, handle):  # noqa: N802
        return {0: 400_000, 1: 350_500}[handle]

    def nvmlDeviceGetMigMode(self, handle):  # noqa: N802
        return [handle, handle]

    def nvmlDeviceGetUUID(self, handle):  # noqa: N802
        return "MIG-aaa" if isinstance(handle, str) else super().nvmlDeviceGetUUID(handle)

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        whole = "NVIDIA A100-SXM4-40GB"
        return f"{whole} MIG 1g.5gb" if isinstance(handle, str) else whole


@pytest.mark.parametrize(
    ("uuid", "limits"),
    [
        ("GPU-0000", DeviceLimits(400.0, "off")),
        ("1000", DeviceLimits(350.5, "on")),
        ("MIG-aaa", DeviceLimits(350.5, "1g.5gb")),  # the power is the whole device's
    ],
)
def test_the_limits_are_of_the_device_that_was_named(uuid, limits):
    assert limits_of(Several(), uuid, {}) == limits


def test_a_device_that_does_not_tell_has_none():
    assert limits_of(ReplayNvml({}), None, {}) == DeviceLimits(None, None)
    lost = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    assert limits_of(ReplayNvml({LIMIT: [lost], MODE: [[0, 0]]}), None, {}) == (None, "off")
    assert limits_of(ReplayNvml({LIMIT: [250_000]}), "no such", {}) == DeviceLimits()


def test_a_binding_from_before_there_were_instances_tells_the_rest():
    class Old(ReplayNvml):
        def __getattr__(self, name):
            if "Mig" in name:
                raise AttributeError(name)
            return super().__getattr__(name)

    assert limits_of(Old({LIMIT: [250_000]}), None, {}) == DeviceLimits(250.0, None)


def test_without_nvml_there_are_none(monkeypatch):
    def absent():
        raise nvml.NvmlUnavailable("no library")

    monkeypatch.setattr(device_limits, "initialised", absent)
    assert device_limits.device_limits() == DeviceLimits()


def test_nvml_is_shut_down_again(monkeypatch):
    ended = []
    replay = ReplayNvml({LIMIT: [300_000]})
    binding = SimpleNamespace(nvmlShutdown=lambda: ended.append(True))
    monkeypatch.setattr(device_limits, "initialised", lambda: binding)
    monkeypatch.setattr(device_limits, "limits_of", lambda _, uuid: limits_of(replay, uuid, {}))
    assert device_limits.device_limits("0").power_limit_w == 300.0
    assert ended == [True]
