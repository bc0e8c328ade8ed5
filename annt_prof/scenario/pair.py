"""Two scenarios as one question: every setting in which they differ, and which they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.scenario.mix import ChosenTechnique
    from annt_prof.scenario.schema import Scenario

_SECTIONS = ("model", "dataset", "optimizer", "schedule", "loss")
# How it is measured is ours, and the same for both: window, design, name, description.

# What people expect a tuned run to have changed; where it is the same in both, that is said.
_EXPECTED = (
    ("dataset", "pin_memory"),
    ("dataset", "non_blocking"),
    ("dataset", "workers"),
    ("dataset", "batch_size"),
    ("dataset", "augmentation"),
    ("optimizer", "name"),
    ("optimizer", "lr"),
    ("optimizer", "weight_decay"),
    ("optimizer", "clipping"),
    ("schedule", "name"),
    ("schedule", "step_every"),
    ("loss", "label_smoothing"),
)


@dataclass(frozen=True)
class Change:
    """One value of a scenario set to another one."""

    section: str
    field: str
    value: object

    @property
    def path(self) -> str:
        """Dotted, as an override names it."""
        return f"{self.section}.{self.field}" if self.section else self.field


@dataclass(frozen=True)
class Difference:
    """One factor: what turns the first scenario into the second where it is on.

    Attributes:
        name: A technique's, or the dotted path of a setting.
        sentence: What it is in the first and in the second.
        off, on: The technique in the first and in the second; None where it is not used, and
            both None for a setting.
        change: Of a setting.
    """

    name: str
    sentence: str
    off: ChosenTechnique | None = None
    on: ChosenTechnique | None = None
    change: Change | None = None


@dataclass(frozen=True)
class Pair:
    """The question.

    Attributes:
        differences: Techniques first, then settings in the schema's order.
        shared: Techniques that both have alike.
        same: What is the same in both although one might expect otherwise, a phrase each.
    """

    first: Scenario
    differences: tuple[Difference, ...]
    shared: tuple[ChosenTechnique, ...]
    same: tuple[str, ...]


def compare(first: Scenario, second: Scenario) -> Pair:
    """Find every difference of two scenarios.

    Raises:
        UserError: There is none, so there is nothing to measure.
    """
    differences = (*_techniques(first, second), *_settings(first, second))
    if not differences:
        raise UserError("the two scenarios do not differ in anything that is measured")
    after = {chosen.name: chosen for chosen in second.techniques}
    shared = tuple(c for c in first.techniques if after.get(c.name) == c)
    same = tuple(
        f"{section}.{field}: {_shown(value)}"
        for section, field in _EXPECTED
        if (value := getattr(getattr(first, section), field))
        == getattr(getattr(second, section), field)
    )
    return Pair(first, differences, shared, same)


def changed(scenario: Scenario, changes: tuple[Change, ...]) -> Scenario:
    """Return a scenario with some values set to others, each of which is valid already."""
    for change in changes:
        if change.section == "":
            scenario = scenario.model_copy(update={change.field: change.value})
            continue
        section = getattr(scenario, change.section)
        update = {change.section: section.model_copy(update={change.field: change.value})}
        scenario = scenario.model_copy(update=update)
    return scenario


def _techniques(first: Scenario, second: Scenario) -> Iterator[Difference]:
    before = {chosen.name: chosen for chosen in first.techniques}
    after = {chosen.name: chosen for chosen in second.techniques}
    for name in dict.fromkeys((*before, *after)):
        off, on = before.get(name), after.get(name)
        if off != on:
            sentence = f"{name}: {_options(off)} -> {_options(on)}"
            yield Difference(name, sentence, off=off, on=on)


def _settings(first: Scenario, second: Scenario) -> Iterator[Difference]:
    for section in _SECTIONS:
        before, after = getattr(first, section), getattr(second, section)
        for field in type(before).model_fields:
            old, new = getattr(before, field), getattr(after, field)
            if old != new:
                yield _setting(f"{section}.{field}", Change(section, field, new), old)
    if first.seed != second.seed:
        yield _setting("seed", Change("", "seed", second.seed), first.seed)


def _setting(name: str, change: Change, old: object) -> Difference:
    return Difference(name, f"{name}: {_shown(old)} -> {_shown(change.value)}", change=change)


def _options(chosen: ChosenTechnique | None) -> str:
    return "off" if chosen is None else f"on, {chosen.options}"


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a scenario holds
    if value is None:
        return "none"
    if hasattr(value, "model_dump"):
        return ", ".join(f"{key} {found}" for key, found in value.model_dump().items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
