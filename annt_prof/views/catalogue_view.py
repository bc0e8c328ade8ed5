"""What is known of each technique, as it is shown."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annt_prof.errors import UserError
from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.techniques.technique import Mover, Technique

# A CPU that lacks nothing: what still stands in the way is the lack of an accelerator.
_CPU = Machine("cpu", "a CPU", num_devices=0, num_cores=1, native_bfloat16=True)


@dataclass(frozen=True)
class OptionEntry:
    """One option of a technique.

    Attributes:
        name: As it is written in a scenario.
        type: As Python writes it.
        default: Its value where a scenario is silent.
        description: With the unit.
    """

    name: str
    type: str
    default: object
    description: str


@dataclass(frozen=True)
class PitfallEntry:
    """A known way in which a technique goes wrong.

    Attributes:
        key: What JSON and budgets call it; None where a plug-in names none.
        name: A short phrase.
        why: What goes wrong.
    """

    key: str | None
    name: str
    why: str


@dataclass(frozen=True)
class TechniqueEntry:
    """All that is known of one technique.

    Attributes:
        name: As it is written in a scenario.
        summary: What it changes.
        explanation: Title and text of each part, in order.
        obstacle_on_cpu: Why it does not apply without an accelerator; None where it does.
        falls: Categories and kernel classes that must fall for it to be at work.
        may_rise: Those that may pay for it.
        stays_flat: Those it cannot touch.
        bound: What limits the saving.
        mathematics: What it changes in it.
        options: In the order in which they are declared.
        pitfalls: That are looked for in every run.
        source: Where this is from.
        may_fall: Categories and kernel classes that may fall by the same mechanism, and need not.
    """

    name: str
    summary: str
    explanation: tuple[tuple[str, str], ...]
    obstacle_on_cpu: str | None
    falls: tuple[Mover, ...]
    may_rise: tuple[Mover, ...]
    stays_flat: tuple[Mover, ...]
    bound: str
    mathematics: str
    options: tuple[OptionEntry, ...]
    pitfalls: tuple[PitfallEntry, ...]
    source: str
    may_fall: tuple[Mover, ...] = ()


@dataclass(frozen=True)
class BrokenEntry:
    """A technique whose plug-in cannot be loaded, and why."""

    name: str
    error: str


def build_catalogue(names: Iterable[str]) -> tuple[TechniqueEntry | BrokenEntry, ...]:
    """Return an entry for each technique; one whose plug-in fails says so instead."""
    return tuple(_entry_or_error(name) for name in names)


def build_entry(name: str) -> TechniqueEntry:
    """Return all that is known of one technique.

    Raises:
        UserError: There is none of that name, or its plug-in cannot be loaded.
    """
    technique = registry.load(name)
    signature = technique.signature
    return TechniqueEntry(
        name=technique.name,
        summary=technique.summary,
        explanation=tuple(registry.explanation(technique).items()),
        obstacle_on_cpu=technique.obstacle(technique.options(), _CPU),
        falls=signature.falls,
        may_rise=signature.may_rise,
        stays_flat=signature.stays_flat,
        bound=signature.bound,
        mathematics=technique.mathematics,
        options=_options(technique),
        pitfalls=tuple(PitfallEntry(p.key, p.name, p.why) for p in technique.pitfalls),
        source=technique.source,
        may_fall=signature.may_fall,
    )


def _entry_or_error(name: str) -> TechniqueEntry | BrokenEntry:
    try:
        return build_entry(name)
    except UserError as error:
        return BrokenEntry(name, str(error))


def _options(technique: Technique[Any]) -> tuple[OptionEntry, ...]:
    return tuple(
        OptionEntry(
            name=field.name,
            type=str(field.type),
            default=field.default,
            description=field.metadata.get("description", ""),
        )
        for field in dataclasses.fields(technique.options)
    )
