"""Gradient accumulation: several iterations per parameter update.

What it does: the loss of each of k iterations is divided by k, their gradients add up, and the
optimizer, the gradient scaler, clipping, the schedule and zeroing run once for all k.

When it helps: when the optimizer step is a visible part of an iteration (many parameters, small
batches), when gradients are reduced across devices, or when memory forbids the larger batch.

When it does nothing: when forward and backward are nearly the whole step; they stay per sample
what they were.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique
from annt_prof.units import count, percent

if TYPE_CHECKING:
    from annt_prof.techniques.observed import Observed
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class GradientAccumulationOptions:
    """How many iterations one optimizer step closes."""

    steps: int = field(
        default=2, metadata={"description": "Iterations per optimizer step.", "ge": 2, "le": 4096}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop close an optimizer step every ``steps`` iterations."""
        setup.accumulation = self.steps


_UPDATE = (
    Category.OPTIMIZER,
    Category.ZERO_GRAD,
    Category.GRAD_SCALING,
    Category.GRAD_CLIPPING,
)

_UPDATE_PHASES = (Phase.OPTIMIZER, Phase.ZERO_GRAD, Phase.GRAD_SCALING, Phase.GRAD_CLIPPING)


def _batch_statistics(setup: TrainingSetup) -> str | None:
    if setup.accumulation > 1 and setup.has_batch_norm:
        return (
            f"batch norm sees {setup.loader.batch_size} samples at a time, not the effective "
            f"{setup.loader.batch_size * setup.accumulation}"
        )
    return None


def _cut_group(setup: TrainingSetup) -> str | None:
    if setup.accumulation < 2 or not isinstance(setup.dataset, Sized):
        return None
    batches = len(setup.dataset) // setup.loader.batch_size
    left = batches % setup.accumulation
    if not left:
        return None
    return (
        f"an epoch has {count(batches, 'batch', 'batches')}, so its last group closes after {left} "
        f"of {setup.accumulation}"
    )


def _predict(options: GradientAccumulationOptions, evidence: Evidence) -> Prediction | None:
    """The update's share falls to 1/k; on a device so may the waits for its launches.

    Not all of it need be saved: with gradients set to None each first backward pass writes them,
    and each further one has to read them and add.
    """
    if not (evidence.known(Category.OPTIMIZER) and evidence.host_known()):
        return None
    now, then = evidence.accumulation, options.steps
    spared = 1 - now / then if then > now else 0.0
    update_ns = evidence.time(*_UPDATE)
    if evidence.path is None or not spared:
        high_ns = update_ns + evidence.time(Category.COMMUNICATION)
        high_ns = round(spared * (high_ns + evidence.host_bound(*_UPDATE_PHASES)))
    else:
        on_path = bounds.of_part(evidence, _UPDATE, share=spared)
        high_ns = bounds.freed(evidence, round(spared * update_ns), on_path)
    return Prediction(
        low_ns=-round(spared * update_ns / 4),
        high_ns=high_ns,
        basis=f"{percent(spared, 0)} of the optimizer, gradient scaling, clipping, zeroing and "
        "communication of the baseline, and of what the host takes to launch them",
    )


def _inaction(options: GradientAccumulationOptions, observed: Observed) -> str | None:
    steps, batches = options.steps, observed.batches_per_epoch
    if batches >= steps:
        return None
    held = count(batches, "batch", "batches")
    return f"an epoch has {held}, so groups of {steps} were never reached"


TECHNIQUE = Technique(
    name="gradient_accumulation",
    summary="one optimizer step for several iterations",
    options=GradientAccumulationOptions,
    inaction=_inaction,
    predict=_predict,
    signature=Signature(
        falls=(Category.OPTIMIZER, Category.ZERO_GRAD, Category.COMMUNICATION),
        may_rise=(),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.DATA_LOADING, Category.H2D_COPY),
        bound="with k iterations per step it cannot save more than (1 - 1/k) of the optimizer, "
        "gradient scaling, clipping, zeroing and communication of the baseline, and of what the "
        "host takes to launch them",
    ),
    mathematics="the effective batch is k times larger, with 1/k as many parameter updates",
    source="PyTorch AMP examples: Gradient accumulation; torch.nn.parallel docs on no_sync",
    pitfalls=(
        Pitfall.known(
            MistakeKey.BATCH_NORM_UNDER_ACCUMULATION,
            why="Running statistics and normalisation use each iteration's batch, so k batches "
            "of b are not one batch of k*b.",
            check=_batch_statistics,
        ),
        Pitfall.known(
            MistakeKey.ACCUMULATION_GROUP_CUT,
            why="The loop closes a group as an epoch ends, so updates come more often, and of "
            "fewer samples, than every k iterations.",
            check=_cut_group,
        ),
    ),
)
