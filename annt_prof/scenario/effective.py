"""What a scenario came to on this machine: each value's origin, and what was replaced.

Free of pydantic, so that a finished run is shown without it.
"""

from __future__ import annotations

from typing import Any

import msgspec


class EffectiveValue(msgspec.Struct, frozen=True):
    """One value of the effective scenario and where it came from.

    Attributes:
        path: Dotted, such as ``window.rounds``.
        value: A JSON scalar or list.
        origin: ``default``, ``scenario.yaml:14:7``, ``--set`` or ``when.no_accelerator (…:30:5)``.
    """

    path: str
    value: Any
    origin: str


class Substitution(msgspec.Struct, frozen=True):
    """Something that is not what the scenario asked for.

    Attributes:
        wanted: ``cifar10`` or ``pretrained weights of …``.
        used: What took its place.
        consequence: What may still be believed and what not.
    """

    wanted: str
    used: str
    consequence: str
