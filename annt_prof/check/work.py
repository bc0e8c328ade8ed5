"""What a variant trains: times of two runs compare only where it is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from annt_prof.check.subject import is_against_reference
from annt_prof.plan import BASELINE
from annt_prof.runs.record import TechniqueInEffect
from annt_prof.scenario.effective import Replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from annt_prof.runs.record import Run, VariantRecord

_DIGITS = 8
_NOT_TRAINED = frozenset({"name", "description", "window", "budgets", "design", "techniques"})
_COUNTED = frozenset({Replaced.DATA, Replaced.COPYING})


class Settings(msgspec.Struct, frozen=True):
    """What all variants of a run have in common.

    Attributes:
        scenario: Values of the effective scenario by dotted path.
        stand_ins: What of the scenario something else took the place of: ``data of cifar10``.
        differences: Of a run about two scenarios: in what the second one differs.
    """

    scenario: Mapping[str, Any]
    stand_ins: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


class Training(msgspec.Struct, frozen=True):
    """What a variant has of its own.

    Attributes:
        techniques: Those in effect with every option, in the order in which they edit the setup.
        brought_in: Of a run about two scenarios: the differences that it has of the second.
    """

    techniques: tuple[TechniqueInEffect, ...] = ()
    brought_in: tuple[str, ...] = ()


class Work(msgspec.Struct, frozen=True):
    """What one variant trains.

    The model, the data set with its loading, optimizer, schedule, loss, seed and techniques are
    all part of it, values too that launch the same kernels, such as a learning rate: weights that
    diverge or grow subnormal take other times, a seed draws batches of other lengths, and a gate
    that says "not the same" costs less than one that takes a changed setting for slow code. So is
    the data where another stands in for it, but not weights: random ones take as long.

    Left out is what says how long and how often is measured and what it is called (window, design,
    budgets, name, description), and the user's own code, whose changes a gate is there for.
    """

    settings: Settings
    training: Training

    @property
    def digest(self) -> str:
        """A short name for all of it that stays."""
        encoded = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


def work_of(run: Run, variant: VariantRecord) -> Work:
    """Return what a variant of a run trains.

    Of a run that holds a scenario against a reference, what is checked is that scenario as it is
    written, and is told as if it were measured alone.
    """
    settings, training = settings_of(run), training_of(run, variant)
    if is_against_reference(run) and variant.name != BASELINE:
        settings = msgspec.structs.replace(settings, differences=())
        training = msgspec.structs.replace(training, brought_in=())
    return Work(settings, training)


def settings_of(run: Run) -> Settings:
    """Return what all variants of a run have in common."""
    values = {
        value.path: value.value
        for value in run.scenario
        if value.path.partition(".")[0] not in _NOT_TRAINED
    }
    stand_ins = {
        f"{each.replaced.value} of {each.name}" if each.name else each.replaced.value
        for each in run.substitutions
        if each.replaced in _COUNTED
    }
    return Settings(_plain(values), tuple(sorted(stand_ins)), run.differences)


def training_of(run: Run, variant: VariantRecord) -> Training:
    """Return what a variant of a run has of its own."""
    techniques = (TechniqueInEffect(each.name, _plain(each.options)) for each in variant.techniques)
    return Training(tuple(techniques), variant.factors if run.differences else ())


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they come back from a file, so that a tuple is not unlike a list."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(values))
    return plain


def differences(before: Work, after: Work) -> tuple[str, ...]:
    """Return ``dataset.batch_size: 32 -> 64`` for each part that is another one."""
    return tuple(_differing(dict(_facts(before)), dict(_facts(after))))


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, _NOT_SET), after.get(name, _NOT_SET)
        if old != new:
            yield f"{name}: {old} -> {new}"


_NOT_SET = "not set"


def _facts(work: Work) -> Iterator[tuple[str, str]]:
    settings, training = work.settings, work.training
    for path, value in settings.scenario.items():
        yield path, _shown(value)
    for technique in training.techniques:
        for option, value in technique.options.items():
            yield f"techniques.{technique.name}.{option}", _shown(value)
    yield "techniques", _listed(technique.name for technique in training.techniques)
    yield "stand-ins", _listed(settings.stand_ins)
    yield "second scenario", _listed(settings.differences)
    yield "brought in from it", _listed(training.brought_in)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
