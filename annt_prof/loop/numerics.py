"""Looks at a variant's numbers once it is measured: operations, rounding, the loss scale."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from annt_prof.loop.step import optimizer_step
from annt_prof.runs.record import Numerics, QuantisationError
from annt_prof.workload.numerics import flops_per_iteration, quantisation_errors

if TYPE_CHECKING:
    import torch

    from annt_prof.loop.step import Loop

_SCALED_STEPS = 10


def look_at(loop: Loop) -> Numerics:
    """Return what can be found; a part that fails is left out and the reason goes to the log.

    The variant is changed by it: nothing may be measured afterwards.
    """
    scales = _loss_scales(loop)
    return Numerics(
        flops=_flops(loop),
        quantisation=_quantisation(loop),
        loss_scale=scales,
        # The scaler halves its scale when it skips a step, and never else.
        skipped_steps=sum(b < a for a, b in itertools.pairwise(scales)),
    )


def _loss_scales(loop: Loop) -> tuple[float, ...]:
    if not loop.setup.grad_scaling:
        return ()
    scales = [loop.scaler.get_scale()]
    for _ in range(_SCALED_STEPS):
        optimizer_step(loop)
        scales.append(loop.scaler.get_scale())
    return tuple(scales)


def _flops(loop: Loop) -> int | None:
    setup = loop.setup
    inputs, targets = _batch(loop)
    try:
        return flops_per_iteration(setup.model, setup.criterion, inputs, targets)
    except (RuntimeError, NotImplementedError, AssertionError, TypeError) as error:
        print(f"operations cannot be counted: {error}")  # noqa: T201 - the worker's log
        return None


def _quantisation(loop: Loop) -> tuple[QuantisationError, ...]:
    setup = loop.setup
    if setup.autocast is None:
        return ()
    inputs, targets = _batch(loop)
    dtype = setup.autocast.dtype
    try:
        errors = quantisation_errors(setup.model, setup.criterion, inputs, targets, dtype)
    except RuntimeError as error:
        print(f"rounding cannot be looked at: {error}")  # noqa: T201 - the worker's log
        return ()
    return tuple(QuantisationError(**error._asdict()) for error in errors)


def _batch(loop: Loop) -> tuple[torch.Tensor, torch.Tensor]:
    setup = loop.setup
    inputs, targets = (part.to(setup.device) for part in next(loop.batches))
    return loop.arranged(inputs), targets
