"""What the machine is, read from ``/proc`` and ``/sys``; nothing here changes while it runs.

Every function takes the root of the file system, so that tests can show it another machine.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

_ROOT = Path("/")


def cpu_name(root: Path = _ROOT) -> str:
    """Return the processor's name as its maker calls it, or the architecture's."""
    for key in ("model name", "Model", "cpu model"):
        if value := _cpuinfo(root).get(key):
            return " ".join(value.split())
    return f"{platform.machine()} processor"


def cpu_flags(root: Path = _ROOT) -> frozenset[str]:
    """Return the instruction sets that the kernel lists."""
    facts = _cpuinfo(root)
    return frozenset((facts.get("flags") or facts.get("Features") or "").split())


def bfloat16_flags(root: Path = _ROOT) -> tuple[str, ...]:
    """Return which of the processor's instruction sets multiply bfloat16 matrices.

    Source: Intel and AMD's avx512_bf16 and amx_bf16, avx10 aside; Arm's FEAT_BF16.
    """
    return tuple(sorted(cpu_flags(root) & {"amx_bf16", "avx512_bf16", "bf16"}))


def num_cores() -> int:
    """Return the cores this process may run on, by its affinity."""
    return len(os.sched_getaffinity(0))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return the cores' worth of time a control group allows, or None without a limit.

    Source: the kernel's cgroup-v2.rst, ``cpu.max``; for version 1 sched-bwc.rst.
    """
    quotas = []
    for folder in _cgroups(root, "cpu"):
        words = _text(folder / "cpu.max").split()
        words = words or [_text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
        if len(words) == 2 and all(word.isdecimal() for word in words):  # not max, not -1
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=None)


def usable_cores(root: Path = _ROOT) -> int:
    """Return how many cores' worth of time this process may use: by affinity and control group."""
    quota = cpu_quota(root)
    return num_cores() if quota is None else max(1, min(num_cores(), round(quota)))


def memory_bytes(root: Path = _ROOT) -> int:
    """Return the memory this process may use: the machine's, or its control group's limit."""
    lines = _text(root / "proc/meminfo").splitlines()
    total = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:"))
    names = ("memory.max", "memory.limit_in_bytes")
    limits = [_text(folder / name) for folder in _cgroups(root, "memory") for name in names]
    return min([total, *(int(limit) for limit in limits if limit.isdecimal())])


def free_memory_bytes(root: Path = _ROOT) -> int:
    """Return the memory that processes here may still take, by the machine and by control groups.

    A group's page cache counts as free: the kernel drops it before it kills anything. Source: the
    kernel's cgroup-v2.rst (``memory.current``, ``inactive_file``) and memory.rst for version 1.
    """
    lines = _text(root / "proc/meminfo").splitlines()
    free = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    for folder in _cgroups(root, "memory"):
        for limit, usage in _GROUP_MEMORY:
            ends = (_text(folder / limit), _text(folder / usage))
            if all(end.isdecimal() for end in ends):
                stat = dict(line.split() for line in _text(folder / "memory.stat").splitlines())
                cached = int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))
                free.append(max(0, int(ends[0]) - int(ends[1]) + cached))
    return min(free, default=0)


_GROUP_MEMORY = (
    ("memory.max", "memory.current"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),
)


def governors(root: Path = _ROOT) -> tuple[str, ...]:
    """Return the frequency governors in use; empty where the machine doesn't tell."""
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return tuple(sorted({_text(file) for file in files} - {""}))


def operating_system() -> str:
    """Return the distribution, the kernel and the architecture."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    return f"{name}, {platform.system()} {platform.release()}, {platform.machine()}"


def _cpuinfo(root: Path) -> dict[str, str]:
    """The facts about the first processor."""
    first, _, _ = _text(root / "proc/cpuinfo").partition("\n\n")
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _cgroups(root: Path, controller: str) -> list[Path]:
    """The folders of this process's control groups, up to the top, for both versions.

    Inside a container the path that the kernel names may not be visible; its top always is.
    """
    folders = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / controllers
        here = mount / path.lstrip("/")
        folders += [here, *(above for above in here.parents if above.is_relative_to(mount))]
    return folders


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""
