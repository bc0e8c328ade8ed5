import os

import psutil
import pytest

from annt_prof.machine import hardware

INTEL = """processor\t: 0
model name\t: Intel(R) Xeon(R)   Platinum 8480C
flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile

processor\t: 1
model name\t: another
flags\t\t: fpu
"""
ARM = "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd bf16\nCPU part\t: 0xd40\n"


@pytest.fixture
def root(tmp_path):
    def put(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    put("proc/meminfo", "MemTotal:       16777216 kB\nMemAvailable:    1 kB\n")
    put("proc/cpuinfo", INTEL)
    return tmp_path, put


def test_the_processor_by_its_maker_s_name(root):
    folder, put = root
    assert hardware.cpu_name(folder) == "Intel(R) Xeon(R) Platinum 8480C"
    assert hardware.bfloat16_flags(folder) == ("amx_bf16", "avx512_bf16")
    put("proc/cpuinfo", ARM)
    assert hardware.cpu_name(folder).endswith(" processor")
    assert hardware.bfloat16_flags(folder) == ("bf16",)
    put("proc/cpuinfo", "")
    assert hardware.bfloat16_flags(folder) == ()


def test_memory_is_the_machine_s_without_a_limit(root):
    folder, put = root
    assert hardware.memory_bytes(folder) == 16 << 30
    put("proc/self/cgroup", "0::/user.slice\n")
    put("sys/fs/cgroup/user.slice/memory.max", "max\n")
    assert hardware.memory_bytes(folder) == 16 << 30


def test_memory_is_the_narrowest_limit_up_to_the_top(root):
    folder, put = root
    put("proc/self/cgroup", "0::/a/b\n")
    put("sys/fs/cgroup/a/b/memory.max", f"{8 << 30}\n")
    put("sys/fs/cgroup/a/memory.max", f"{2 << 30}\n")
    assert hardware.memory_bytes(folder) == 2 << 30


def test_a_limit_of_the_first_version(root):
    folder, put = root
    put("proc/self/cgroup", "4:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n")
    # As a container sees it: the named path is not there, the top is its own group.
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", f"{4 << 30}\n")
    assert hardware.memory_bytes(folder) == 4 << 30
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    assert hardware.memory_bytes(folder) == 16 << 30


@pytest.mark.parametrize(
    ("text", "quota"), [("max 100000\n", None), ("150000 100000\n", 1.5), ("", None)]
)
def test_cpu_quota(root, text, quota):
    folder, put = root
    put("proc/self/cgroup", "0::/\n")
    put("sys/fs/cgroup/cpu.max", text)
    assert hardware.cpu_quota(folder) == quota


@pytest.mark.parametrize(("microseconds", "quota"), [("-1", None), ("50000", 0.5)])
def test_cpu_quota_of_the_first_version(root, microseconds, quota):
    folder, put = root
    put("proc/self/cgroup", "3:cpu,cpuacct:/\n")
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", microseconds)
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000")
    assert hardware.cpu_quota(folder) == quota


@pytest.mark.parametrize(
    ("quota", "cores"), [("max", 8), ("350000", 4), ("50000", 1), ("9900000", 8)]
)
def test_usable_cores_are_those_that_a_control_group_leaves(root, monkeypatch, quota, cores):
    folder, put = root
    monkeypatch.setattr(hardware.os, "sched_getaffinity", lambda _: set(range(8)))
    put("proc/self/cgroup", "0::/\n")
    put("sys/fs/cgroup/cpu.max", f"{quota} 100000\n")
    assert hardware.usable_cores(folder) == cores


def test_governors_each_once(root):
    folder, put = root
    assert hardware.governors(folder) == ()
    for cpu, governor in enumerate(("powersave", "powersave", "performance")):
        put(f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor", governor)
    assert hardware.governors(folder) == ("performance", "powersave")


def test_this_machine():
    assert 0 < hardware.memory_bytes() <= psutil.virtual_memory().total
    assert hardware.num_cores() == len(os.sched_getaffinity(0))
    assert hardware.cpu_name()
    assert "Linux" in hardware.operating_system()


def test_an_unnamed_distribution(monkeypatch):
    def absent():
        raise OSError("none")

    monkeypatch.setattr(hardware.platform, "freedesktop_os_release", absent)
    assert hardware.operating_system().startswith("Linux, Linux ")
