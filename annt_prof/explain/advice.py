"""What every known technique could save, told from one step alone, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from annt_prof.techniques.evidence import Evidence
    from annt_prof.techniques.technique import Machine


class Advice(msgspec.Struct, frozen=True):
    """One technique with its default options.

    Attributes:
        low_ns, high_ns: What it should save per iteration; negative where it may cost time. None
            where it cannot act or the step does not tell.
        share: ``high_ns`` of the step.
        basis: What the upper bound is made of; without one, why there is none.
    """

    name: str
    low_ns: int | None
    high_ns: int | None
    share: float | None
    basis: str


def advise(
    evidence: Evidence, machine: Machine, without: Collection[str] = ()
) -> tuple[Advice, ...]:
    """Predict every technique with its default options.

    Args:
        evidence: Of the step to improve.
        machine: Where it ran.
        without: Techniques to leave out, as the step has them already.
    """
    found = [one for one in _each(evidence, machine) if one.name not in without]
    return tuple(
        sorted(found, key=lambda one: (one.high_ns is None, -(one.high_ns or 0), one.name))
    )


def _each(evidence: Evidence, machine: Machine) -> Iterator[Advice]:
    for name in registry.names():
        try:
            technique = registry.load(name)
        except UserError as error:
            yield Advice(name, None, None, None, error.message)
            continue
        options = technique.options()
        obstacle = technique.obstacle(options, machine)
        if obstacle is not None:
            yield Advice(name, None, None, None, f"not applicable: {obstacle}")
            continue
        prediction = technique.predict(options, evidence)
        if prediction is None:
            yield Advice(name, None, None, None, "this step does not tell")
            continue
        share = prediction.high_ns / evidence.step_ns if evidence.step_ns else 0.0
        yield Advice(name, prediction.low_ns, prediction.high_ns, share, prediction.basis)
