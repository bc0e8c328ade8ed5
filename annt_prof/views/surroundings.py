"""How two runs, or two variants, differ by what was set and by where they ran."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.runs.conditions import not_as_asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.machine.environment import Environment
    from annt_prof.runs.record import Run, VariantRecord

_NONE = "-"
_OFF = "off"


class Differing(msgspec.Struct, frozen=True):
    """Something that is not the same in both.

    Attributes:
        what: It is.
        first, second: As they are printed; ``-`` where one has none.
    """

    what: str
    first: str
    second: str


def of_machines(first: Environment, second: Environment) -> tuple[Differing, ...]:
    """Return how the machines and their software differ."""
    here, there = dict(_facts(first)), dict(_facts(second))
    return _differing(here, there)


def of_scenarios(first: Run, second: Run) -> tuple[Differing, ...]:
    """Return the effective values of the scenarios that differ."""
    here, there = ({v.path: _shown(v.value) for v in run.scenario} for run in (first, second))
    return _differing(here, there)


def of_requests(first: Run, second: Run) -> tuple[Differing, ...]:
    """Return what is not as the scenario asks in one of the runs alone."""
    here, there = not_as_asked(first), not_as_asked(second)
    only = [Differing("not as asked", text, _NONE) for text in here if text not in there]
    return (*only, *(Differing("not as asked", _NONE, text) for text in there if text not in here))


def of_variants(first: VariantRecord, second: VariantRecord) -> tuple[Differing, ...]:
    """Return how what they train with differs: techniques with their options, and the batch."""
    return _differing(dict(_settings(first)), dict(_settings(second)), _OFF)


def _differing(
    here: dict[str, str], there: dict[str, str], absent: str = _NONE
) -> tuple[Differing, ...]:
    names = dict.fromkeys((*here, *there))
    compared = (Differing(n, here.get(n, absent), there.get(n, absent)) for n in names)
    return tuple(each for each in compared if each.first != each.second)


def _facts(environment: Environment) -> Iterator[tuple[str, str]]:
    yield "device", f"{environment.device_type}: {environment.device_name}"
    yield "devices", str(environment.num_devices)
    yield "host CPU", environment.cpu_name
    yield "cores", str(environment.num_cores)
    yield "memory", units.memory(environment.memory_bytes)
    yield "torch threads", str(environment.threads)
    yield "operating system", environment.operating_system
    yield "driver", environment.driver or _NONE
    yield from environment.packages.items()


def _settings(variant: VariantRecord) -> Iterator[tuple[str, str]]:
    for technique in variant.techniques:
        options = ", ".join(f"{name}: {_shown(v)}" for name, v in technique.options.items())
        yield technique.name, f"on, {options}" if options else "on"
    yield "samples per iteration", str(variant.samples_per_iteration)
    yield "iterations per optimizer step", str(variant.iterations_per_optimizer_step)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
