import importlib.metadata
import platform
import subprocess
import sys

import msgspec

from annt_prof.machine import environment, hardware
from annt_prof.machine.environment import Environment
from annt_prof.machine.machine import Machine
from annt_prof.telemetry.device_limits import DeviceLimits

GPU = Machine("cuda", "NVIDIA H100", 8, 4, native_bfloat16=True)


def test_the_device_is_the_machine_s_and_the_host_is_looked_at(monkeypatch):
    monkeypatch.setattr(environment, "driver_version", lambda: "570.86")
    collected = environment.collect(GPU, threads=3)
    assert (collected.device_type, collected.device_name) == ("cuda", "NVIDIA H100")
    assert (collected.num_devices, collected.threads, collected.driver) == (8, 3, "570.86")
    assert collected.cpu_name == hardware.cpu_name()
    assert collected.num_cores == hardware.num_cores()
    assert collected.memory_bytes == hardware.memory_bytes()


def test_what_the_device_is_held_to_is_asked_of_the_one_that_trains(monkeypatch):
    asked = []

    def limits(uuid):
        asked.append(uuid)
        return DeviceLimits(450.0, "off")

    monkeypatch.setattr(environment, "device_limits", limits)
    collected = environment.collect(GPU, threads=3, device_uuid="12ab")
    assert (collected.power_limit_w, collected.mig) == (450.0, "off")
    on_cpu = environment.collect(Machine("cpu", "CPU", 0, 4, native_bfloat16=True), threads=3)
    assert (on_cpu.power_limit_w, on_cpu.mig) == (None, None)
    assert asked == ["12ab"]


def test_versions_come_from_the_installed_packages():
    packages = environment.collect(GPU, threads=1).packages
    assert packages["python"] == platform.python_version()
    for name in ("annt-prof", "torch", "numpy"):
        assert packages[name] == importlib.metadata.version(name)


def test_a_version_given_wins():
    packages = environment.collect(GPU, 1, {"torch": "2.15.0+cu132", "cuda": "13.2"}).packages
    assert packages["torch"] == "2.15.0+cu132"
    assert packages["cuda"] == "13.2"


def test_a_package_that_is_not_installed_is_not_named(monkeypatch):
    monkeypatch.setattr(environment, "_DISTRIBUTIONS", ("numpy", "no-such-package-here"))
    assert set(environment.installed_versions()) == {"python", "numpy"}


def test_it_survives_the_run_file():
    collected = environment.collect(GPU, threads=1)
    assert msgspec.json.decode(msgspec.json.encode(collected), type=Environment) == collected


def test_collecting_imports_no_torch():
    program = (
        "import sys; from annt_prof.machine.environment import collect\n"
        "from annt_prof.machine.machine import Machine\n"
        "collect(Machine('cpu', 'x', 0, 1, False), 1)\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "torchvision", "timm", "transformers", "numpy"} & set(loaded)
