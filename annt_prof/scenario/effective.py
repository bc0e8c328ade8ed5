"""What a scenario came to on this machine: each value's origin, and what was replaced.

Free of pydantic, so that a finished run is shown without it.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "default"
"""The origin of a value that nobody set."""

OVERRIDDEN = "--set"
"""The origin of a value that an override set."""


class EffectiveValue(msgspec.Struct, frozen=True):
    """One value of the effective scenario and where it came from.

    Attributes:
        path: Dotted, such as ``window.rounds``.
        value: A JSON scalar, a list, or ``{}`` for an empty mapping.
        origin: ``DEFAULT``, ``scenario.yaml:14:7``, ``--set``, ``file name`` (the scenario's own
            name) or ``when.no_accelerator (scenario.yaml:30:5)``.
    """

    path: str
    value: Any
    origin: str


class Replaced(StrEnum):
    """What of a scenario something else took the place of."""

    DATA = "data"
    WEIGHTS = "weights"
    COPYING = "copying"


class Substitution(msgspec.Struct, frozen=True):
    """Something that is not what the scenario asked for.

    Attributes:
        replaced: Which part of the scenario.
        name: Of the data set or the model that the scenario names; None where it names none.
        wanted: ``cifar10`` or ``pretrained weights of …``.
        used: What took its place.
        consequence: What may still be believed and what not.
    """

    wanted: str
    used: str
    consequence: str
    replaced: Replaced
    name: str | None = None


def differences(
    before: Sequence[EffectiveValue], after: Sequence[EffectiveValue]
) -> tuple[str, ...]:
    """Return ``window.rounds: 30 -> 4`` for each value that is new or another one."""
    old = {value.path: value.value for value in before}
    return tuple(
        f"{value.path}: {_shown(old[value.path]) if value.path in old else 'not set'} -> "
        f"{_shown(value.value)}"
        for value in after
        if value.path not in old or old[value.path] != value.value
    )


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
