"""The machine and the software that times are comparable on, and how two of them differ."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from annt_prof.telemetry.device_limits import MIG_OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annt_prof.machine.environment import Environment
    from annt_prof.scenario.budgets import NamedMachine

_DIGITS = 8  # 32 bits: a folder holds a handful of fingerprints


class Fingerprint(msgspec.Struct, frozen=True):
    """What a time depends on beside the code and the scenario.

    The libraries that models and data sets come from are not part of it: a project pins them, and
    one that became slower is what a gate is to find. torch and CUDA are, as whoever changes them
    expects other times. Memory is not, as a step that fits takes no longer in less.

    Attributes:
        driver: Of the device; None on a CPU, whose times it does not touch.
        power_limit_w: To whole watts.
        mig: As ``telemetry.device_limits`` has it.
        python: Its major and minor version.
        annt_prof: Likewise of this program, as what a figure means may change with it.
    """

    device_type: str
    device_name: str
    num_devices: int
    cpu_name: str
    num_cores: int
    threads: int
    driver: str | None = None
    power_limit_w: int | None = None
    mig: str | None = None
    torch: str | None = None
    cuda: str | None = None
    hip: str | None = None
    python: str | None = None
    annt_prof: str | None = None

    @property
    def digest(self) -> str:
        """A short name for all of it that stays, for a file."""
        encoded = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


def fingerprint_of(environment: Environment) -> Fingerprint:
    """Return what of a run's environment its times depend on."""
    packages = environment.packages
    limit_w = environment.power_limit_w
    on_device = environment.device_type != "cpu"
    return Fingerprint(
        device_type=environment.device_type,
        device_name=environment.device_name,
        num_devices=environment.num_devices,
        cpu_name=environment.cpu_name,
        num_cores=environment.num_cores,
        threads=environment.threads,
        driver=environment.driver if on_device else None,
        power_limit_w=None if limit_w is None else round(limit_w),
        mig=environment.mig,
        torch=packages.get("torch"),
        cuda=packages.get("cuda"),
        hip=packages.get("hip"),
        python=_minor(packages.get("python")),
        annt_prof=_minor(packages.get("annt-prof")),
    )


def differences(before: Fingerprint, after: Fingerprint) -> tuple[str, ...]:
    """Return ``driver: 550.54 -> 560.35`` for each field that is another one."""
    pairs = (
        (name, getattr(before, name), getattr(after, name)) for name in before.__struct_fields__
    )
    return tuple(
        f"{_called(name)}: {_shown(old)} -> {_shown(new)}" for name, old, new in pairs if old != new
    )


def matches(named: NamedMachine, environment: Environment) -> tuple[str, ...]:
    """Return how a machine differs from the one that a file names; nothing where it is that one.

    A version matches where it begins with the parts that are given, so that ``2.14`` stands for
    ``2.14.1+cpu`` and not for ``2.140``; a name where the words that are given stand in it side by
    side, so that ``H100`` stands for ``NVIDIA H100 80GB HBM3`` and ``A10`` not for an A100.
    """
    return tuple(_unlike(named, environment))


def _unlike(named: NamedMachine, here: Environment) -> Iterator[str]:
    versions = here.packages

    def device(given: str, found: object) -> bool:
        return given == here.device_type or _within(given, found)

    facts: tuple[tuple[str, object, Callable[[str, object], bool]], ...] = (
        ("device", here.device_name, device),
        ("cpu", here.cpu_name, _within),
        ("cores", here.num_cores, _same_number),
        ("threads", here.threads, _same_number),
        ("driver", here.driver, _begins),
        ("power_limit_w", here.power_limit_w, _same_number),
        ("mig", here.mig or MIG_OFF, _same),
        ("torch", versions.get("torch"), _begins),
        ("cuda", versions.get("cuda"), _begins),
        ("python", versions.get("python"), _begins),
    )
    for name, found, is_like in facts:
        given = getattr(named, name)
        if given is not None and not is_like(str(given), found):
            yield f"{_called(name)}: {given} is asked for, {_shown(found)} is here"


def _within(given: str, found: object) -> bool:
    words, name = given.casefold().split(), str(found).casefold().split()
    starts = range(len(name) - len(words) + 1)
    return any(name[start : start + len(words)] == words for start in starts)


def _begins(given: str, found: object) -> bool:
    parts, version = re.split(r"[.+]", given), re.split(r"[.+]", str(found))
    return version[: len(parts)] == parts


def _same(given: str, found: object) -> bool:
    return given.casefold() == str(found).casefold()


def _same_number(given: str, found: object) -> bool:
    """Compare to whole units, in which limits and counts are set."""
    return isinstance(found, (int, float)) and round(float(given)) == round(found)


def _minor(version: str | None) -> str | None:
    return None if version is None else ".".join(version.split(".")[:2])


def _called(field: str) -> str:
    return _CALLED.get(field, field)


_CALLED = {
    "device_type": "device type",
    "device_name": "device",
    "num_devices": "devices",
    "cpu_name": "CPU",
    "num_cores": "cores",
    "power_limit_w": "power limit in W",
    "mig": "MIG",
    "annt_prof": "annt-prof",
    "cpu": "CPU",
    "cuda": "CUDA",
    "hip": "HIP",
    "python": "Python",
}


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
