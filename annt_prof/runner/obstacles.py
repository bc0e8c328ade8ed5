"""What techniques say of this machine, of the baseline and of what was seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.techniques import registry
from annt_prof.techniques.technique import REDUNDANT

if TYPE_CHECKING:
    from annt_prof.machine.machine import Machine
    from annt_prof.plan import Variant
    from annt_prof.runner.job import Job
    from annt_prof.scenario.schema import ChosenTechnique
    from annt_prof.techniques.evidence import Baseline
    from annt_prof.techniques.observed import Observed


def obstacles(
    mix: tuple[ChosenTechnique, ...],
    machine: Machine,
    baseline: Baseline | None = None,
    observed: Observed | None = None,
) -> dict[str, str]:
    """Return the techniques that cannot act here, each with the reason.

    Where the baseline's settings are given, that is also one whose doing is the baseline's own:
    the two would run the same code, and a run could only show noise. So it would of one that
    finds nothing to act on in what a batch of the baseline showed.

    One that raises when asked is not among them: it costs the variants that it is in.
    """
    answers = {chosen.name: ask_technique(chosen, machine, baseline, observed) for chosen in mix}
    return {name: said.obstacle for name, said in answers.items() if said.obstacle is not None}


@dataclass(frozen=True)
class Answer:
    """What a technique says of this machine.

    Attributes:
        failure: That of a plug-in which raised in place of an answer.
    """

    obstacle: str | None = None
    remark: str | None = None
    failure: str | None = None


def ask_technique(
    chosen: ChosenTechnique,
    machine: Machine,
    baseline: Baseline | None,
    observed: Observed | None,
) -> Answer:
    """Ask a technique whether it can act here, and what is to be known of it there."""
    technique = registry.load(chosen.name)
    asked = "obstacle"
    try:
        obstacle = technique.obstacle(chosen.options, machine)
        asked = "redundant"
        if obstacle is None and baseline and technique.redundant(chosen.options, baseline):
            obstacle = REDUNDANT
        asked = "inaction"
        if obstacle is None and observed:
            inaction = technique.inaction(chosen.options, observed)
            obstacle = None if inaction is None else f"it did not act: {inaction}"
        asked = "remark"
        remark = None if obstacle else technique.remark(chosen.options, machine)
    except Exception as error:  # noqa: BLE001 - a plug-in's failure costs its own variants only
        module = type(chosen.options).__module__
        cause = f"{type(error).__name__}: {error}"
        return Answer(failure=f"{chosen.name} of {module}: its {asked} raised {cause}")
    return Answer(obstacle, remark)


def refused_of(variant: Variant, job: Job) -> dict[str, str]:
    """Return what the scenario refuses of a variant's techniques, each with the reason.

    What stands beside another one that may free it is tried together with that one.
    """
    beside = {chosen.name for chosen in variant.techniques}
    return {
        name: reason
        for name, reason in job.refused.items()
        if name in job.refused_beside or not registry.load(name).freed_by & beside
    }
