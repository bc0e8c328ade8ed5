"""What every known technique could save, told from one step alone, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.explain.device_of_trace import is_of_amd, type_of_device
from annt_prof.explain.prediction import NoBounds, predict
from annt_prof.machine.machine import Machine, has_tf32
from annt_prof.techniques import registry
from annt_prof.techniques.technique import REDUNDANT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from annt_prof.runs.record import Run
    from annt_prof.techniques.evidence import Evidence
    from annt_prof.trace.columns import Trace


_WHY_NONE = {
    NoBounds.NOT_TOLD: "this step does not tell",
    NoBounds.OTHER_WORK: "no bound is known: the traced step does not show the timed step's work",
    NoBounds.WHOLE_STEP: "no bound below the whole step is known",
}


class Advice(msgspec.Struct, frozen=True):
    """One technique with its default options.

    Attributes:
        low_ns, high_ns: What it should save per iteration; negative where it may cost time. None
            where it cannot act or no bound is known.
        share: ``high_ns`` of the step; below 1.
        basis: What the upper bound is made of; without one, why there is none.
        off_path_ns: What lies off the step's critical path, so that ``high_ns`` lacks it; None
            where the path is not known.
    """

    name: str
    low_ns: int | None
    high_ns: int | None
    share: float | None
    basis: str
    off_path_ns: int | None = None


def advise(
    evidence: Evidence, machine: Machine, without: Collection[str] = ()
) -> tuple[Advice, ...]:
    """Predict every technique with its default options.

    Args:
        evidence: Of the step to improve.
        machine: Where it ran.
        without: Techniques to leave out, beside those that the step has already.
    """
    left_out = {*without, *evidence.on}
    wanted = [advice for advice in _predict_all(evidence, machine) if advice.name not in left_out]
    return tuple(
        sorted(
            wanted, key=lambda advice: (advice.high_ns is None, -(advice.high_ns or 0), advice.name)
        )
    )


def _predict_all(evidence: Evidence, machine: Machine) -> Iterator[Advice]:
    for name in registry.names():
        try:
            yield _of(name, evidence, machine)
        except UserError as error:
            yield _nothing(name, error.message)


def _of(name: str, evidence: Evidence, machine: Machine) -> Advice:
    technique = registry.load(name)
    with registry.answering(name):
        options = technique.options()
        obstacle = technique.obstacle(options, machine)
        if obstacle is None and evidence.baseline is not None:
            obstacle = REDUNDANT if technique.redundant(options, evidence.baseline) else None
    if obstacle is not None:
        return _nothing(name, f"not applicable: {obstacle}")
    prediction = predict(name, options, evidence)
    if isinstance(prediction, NoBounds):
        return _nothing(name, _WHY_NONE[prediction])
    share = prediction.high_ns / evidence.step_ns if evidence.step_ns else 0.0
    return Advice(
        name,
        prediction.low_ns,
        prediction.high_ns,
        share,
        prediction.basis,
        prediction.off_path_ns,
    )


def _nothing(name: str, why: str) -> Advice:
    return Advice(name, None, None, None, why)


def machine_of_run(run: Run) -> Machine:
    """Return the machine of a run, as far as its record tells."""
    environment = run.environment
    return Machine(
        device_type="cuda" if environment.device_type == "cuda" else "cpu",
        device_name=environment.device_name,
        num_devices=environment.num_devices,
        num_cores=environment.num_cores,
        native_bfloat16=environment.native_bfloat16,
        tf32=environment.tf32,
    )


def machine_of_trace(trace: Trace, evidence: Evidence) -> Machine:
    """Return the machine of a trace, as far as its header tells.

    What a header does not tell is taken to be there: advice that cannot be followed costs a try,
    advice that is not given costs what it would have saved.
    """
    on_device = evidence.device_type == "cuda"
    device_type = type_of_device(trace) if on_device else "cpu"
    name = trace.device_names[0] if trace.device_names else "the device of the trace"
    ampere = trace.compute_major is None or has_tf32((trace.compute_major, 0))
    return Machine(
        device_type=device_type,
        device_name=name,
        num_devices=max(len(trace.device_names), 1) if on_device else 0,
        num_cores=1,
        native_bfloat16=True,
        # HIP devices number their capabilities otherwise, and have no TF32 but one of their own.
        tf32=device_type == "cuda" and ampere and not is_of_amd(trace),
    )
