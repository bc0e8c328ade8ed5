"""Two scenarios as one question: every setting in which they differ, and which they share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.scenario.mix import ChosenTechnique
    from annt_prof.scenario.schema import Scenario

_SECTIONS = ("model", "dataset", "optimizer", "schedule", "loss")
# How it is measured is ours, and the same for both: window, design, name, description.


@dataclass(frozen=True)
class _Bond:
    """Settings of a section that mean nothing apart: where a head differs, the rest go with it."""

    heads: tuple[str, ...]
    rest: tuple[str, ...]


_BONDS = {
    # Arguments, a stem and trained weights are those of one model of one library.
    "model": _Bond(("source", "name"), ("arguments", "stem", "pretrained")),
    "dataset": _Bond(("name",), ("arguments", "augmentation")),
    # Momentum is SGD's alone, and Nesterov's needs one.
    "optimizer": _Bond(("name", "nesterov"), ("momentum",)),
    "schedule": _Bond(("name",), ("gamma",)),
}

# What a technique sets in place of the scenario's own value.
_GOVERNED = {
    "dataloader_workers": ("dataset.workers",),
    "pin_memory": ("dataset.pin_memory", "dataset.non_blocking"),
    "device_prefetch": ("dataset.pin_memory", "dataset.non_blocking"),
    "dataset_on_device": ("dataset.workers", "dataset.pin_memory", "dataset.non_blocking"),
    "gradient_clipping": ("optimizer.clipping",),
}

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
        name: A technique's, the dotted path of a setting, or the section of settings that cannot
            be told apart.
        change: What it is in the first and in the second.
        off, on: The technique in the first and in the second; None where it is not used, and
            both None for a setting.
        changes: Of settings.
    """

    name: str
    change: str
    off: ChosenTechnique | None = None
    on: ChosenTechnique | None = None
    changes: tuple[Change, ...] = ()

    @property
    def sentence(self) -> str:
        """The change behind its name."""
        return f"{self.name}: {self.change}"


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
    return Pair(first, differences, shared, tuple(_same(first, second)))


def settings_changed(first: Scenario, second: Scenario) -> tuple[Change, ...]:
    """Return what turns the first scenario's settings into the second's; none where they agree."""
    return tuple(change for each in _settings(first, second) for change in each.changes)


def sentences(first: Scenario, second: Scenario) -> tuple[str, ...]:
    """Return one sentence for each difference of two scenarios; none where there is none."""
    both = (*_techniques(first, second), *_settings(first, second))
    return tuple(difference.sentence for difference in both)


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


def _same(first: Scenario, second: Scenario) -> Iterator[str]:
    """Yield what is the same in both, but for what a technique of either one sets itself."""
    chosen = (*first.techniques, *second.techniques)
    governed = {path for technique in chosen for path in _GOVERNED.get(technique.name, ())}
    for section, field in _EXPECTED:
        value = getattr(getattr(first, section), field)
        path = f"{section}.{field}"
        if value == getattr(getattr(second, section), field) and path not in governed:
            yield f"{path}: {_shown(value)}"
    before, after = first.window.model_dump(), second.window.model_dump()
    del after["time_budget_s"]  # both budgets are spent
    unused = {key: value for key, value in after.items() if value != before[key]}
    if unused:
        yield f"window: the first scenario's; the second's own is not used ({_shown(unused)})"


def _techniques(first: Scenario, second: Scenario) -> Iterator[Difference]:
    before = {chosen.name: chosen for chosen in first.techniques}
    after = {chosen.name: chosen for chosen in second.techniques}
    for name in dict.fromkeys((*before, *after)):
        off, on = before.get(name), after.get(name)
        if off != on:
            yield Difference(name, f"{_options(off)} -> {_options(on)}", off=off, on=on)


def _settings(first: Scenario, second: Scenario) -> Iterator[Difference]:
    for section in _SECTIONS:
        before, after = getattr(first, section), getattr(second, section)
        known = type(before).model_fields
        differing = [name for name in known if getattr(before, name) != getattr(after, name)]
        for names in _factors(section, differing):
            yield _setting(section, names, before, after)
    if first.seed != second.seed:
        yield _setting("", ("seed",), first, second)


def _factors(section: str, differing: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the fields of a section that differ, those that mean nothing apart together."""
    bond = _BONDS.get(section)
    joined: list[str] = []
    if bond is not None and any(name in bond.heads for name in differing):
        joined = [name for name in differing if name in (*bond.heads, *bond.rest)]
        yield tuple(joined)
    yield from ((name,) for name in differing if name not in joined)


def _setting(section: str, names: tuple[str, ...], before: object, after: object) -> Difference:
    changes = tuple(Change(section, name, getattr(after, name)) for name in names)
    moves = [f"{_shown(getattr(before, c.field))} -> {_shown(c.value)}" for c in changes]
    if len(changes) == 1:
        path = changes[0].path
        return Difference(path, moves[0], changes=changes)
    summary = "; ".join(f"{name}: {move}" for name, move in zip(names, moves, strict=True))
    return Difference(section, summary, changes=changes)


def _options(chosen: ChosenTechnique | None) -> str:
    if chosen is None:
        return "off"
    options = {f.name: getattr(chosen.options, f.name) for f in fields(cast("Any", chosen.options))}
    return f"on, {_shown(options)}" if options else "on"


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a scenario holds
    """Return a value as a scenario has it: the keys of a mapping, no brackets at the ends."""
    if value is None or value in ((), {}, []):
        return "none"
    if hasattr(value, "model_dump"):
        value = value.model_dump()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_inner(entry)}" for key, entry in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_inner, value))
    return _inner(value)


def _inner(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
