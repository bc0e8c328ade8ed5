"""Which runs measured the same thing: those of one machine, one torch and one work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.machine.environment import Environment
    from annt_prof.runs.record import Run, VariantRecord

Facts = tuple[tuple[str, str], ...]

_PACKAGES = ("torch", "cuda", "cudnn")
_OF_NO_WORK = frozenset({"name", "description", "design", "seed"})
_SECTIONS_OF_NO_WORK = ("window.", "budgets.", "techniques.")
_ABSENT = "-"


class SeriesKey(msgspec.Struct, frozen=True):
    """What figures of two runs must have in common to be compared over time.

    Attributes:
        machine: The device, the host and the torch that runs on them, each with its name.
        work: What an iteration does: the scenario without what only says how it is measured, what
            took the place of what it asks for, and the techniques of the variant.
    """

    machine: Facts
    work: Facts

    @property
    def facts(self) -> Facts:
        """All of them."""
        return (*self.machine, *self.work)


def series_key(run: Run, variant: VariantRecord) -> SeriesKey:
    """Return the key of a run's variant.

    Not part of it: the operating system and packages beside torch, whose updates are among what a
    history is to show.
    """
    return SeriesKey(tuple(_machine(run.environment)), tuple(_work(run, variant)))


def telling_apart(keys: Sequence[SeriesKey]) -> tuple[Facts, ...]:
    """Return for each key the facts that are not the same in all; of a single one there are none.

    Args:
        keys: One for each series.
    """
    facts = [dict(key.facts) for key in keys]
    names = dict.fromkeys(name for each in facts for name in each)
    differing = [n for n in names if len({each.get(n, _ABSENT) for each in facts}) > 1]
    return tuple(tuple((n, each.get(n, _ABSENT)) for n in differing) for each in facts)


def unlike_conditions(first: Run, second: Run) -> tuple[str, ...]:
    """Return the names of what differs of the machines and of where the data come from.

    Where anything does, figures of the two runs do not compare.
    """
    here, there = (dict(_conditions(run)) for run in (first, second))
    names = dict.fromkeys((*here, *there))
    return tuple(name for name in names if here.get(name) != there.get(name))


def _conditions(run: Run) -> Iterator[tuple[str, str]]:
    yield from _machine(run.environment)
    yield from (("data set", str(v.value)) for v in run.scenario if v.path == "dataset.name")
    yield from _replaced(run)


def _machine(environment: Environment) -> Iterator[tuple[str, str]]:
    yield "device", f"{environment.device_type}: {environment.device_name}"
    yield "devices", str(environment.num_devices)
    yield "driver", environment.driver or _ABSENT
    yield "host CPU", environment.cpu_name
    yield "cores", str(environment.num_cores)
    yield "torch threads", str(environment.threads)
    for name in _PACKAGES:
        if name in environment.packages:
            yield name, environment.packages[name]


def _work(run: Run, variant: VariantRecord) -> Iterator[tuple[str, str]]:
    for value in run.scenario:
        apart = value.path in _OF_NO_WORK or f"{value.path}.".startswith(_SECTIONS_OF_NO_WORK)
        if not apart:
            yield value.path, _shown(value.value)
    yield from _replaced(run)
    for technique in sorted(variant.techniques, key=lambda each: each.name):
        yield technique.name, _shown(technique.options) if technique.options else "on"
    # Of two scenarios the values name the first. Beside a reference they name the scenario that is
    # checked, which is the same work as without one.
    if variant.factors and run.differences and run.reference is None:
        yield "differences", "; ".join(run.differences)
    yield "samples per iteration", str(variant.samples_per_iteration)
    yield "iterations per optimizer step", str(variant.iterations_per_optimizer_step)


def _replaced(run: Run) -> Iterator[tuple[str, str]]:
    for substitution in run.substitutions:
        yield f"in place of {substitution.wanted}", substitution.used


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
