"""Activations are computed again in the backward pass in place of being kept.

What it does: each block keeps only its input, and runs its forward pass once more when the
backward pass reaches it. Memory falls; each step pays up to one more forward pass.

When it helps: when memory forbids the batch size that would be faster.

When it does nothing: for step time never anything; it costs up to one more forward pass, which was
30 % of the training time in the source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class ActivationCheckpointingOptions:
    """How the recomputation behaves."""

    preserve_rng_state: bool = field(
        default=True,
        metadata={"description": "Draw the same dropout again; false is a little cheaper."},
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop wrap the model's blocks."""
        same = self.preserve_rng_state
        setup.checkpointing = "same_random_numbers" if same else "other_random_numbers"


def _predict(_options: ActivationCheckpointingOptions, evidence: Evidence) -> Prediction | None:
    """It saves no time and costs at most one more forward pass, the waits for launches included."""
    # Without a backward pass there is nothing to recompute for.
    if not (evidence.known(Category.FORWARD, Category.BACKWARD) and evidence.host_known()):
        return None
    forward_ns = evidence.time(Category.FORWARD) + evidence.host_bound(Phase.FORWARD)
    return Prediction(
        low_ns=-forward_ns,
        high_ns=0,
        basis="nothing: it trades time for memory",
    )


def _batch_norm_updated_twice(setup: TrainingSetup) -> str | None:
    if setup.checkpointing and setup.has_batch_norm:
        return "batch norm sees each batch twice, so its running statistics move twice as fast"
    return None


TECHNIQUE = Technique(
    name="activation_checkpointing",
    summary="blocks recompute their activations in the backward pass",
    options=ActivationCheckpointingOptions,
    predict=_predict,
    signature=Signature(
        falls=(),
        may_rise=(Category.BACKWARD, Category.HOST_BOUND),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY, Category.OPTIMIZER),
        bound="it cannot save more than no time at all, and costs up to one more forward pass; "
        "what falls is memory",
    ),
    mathematics="nothing, but that batch norm's running statistics are updated twice",
    source="Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016: one more forward "
    "pass, 30 % of the time on a residual network of 1000 layers; "
    "torch.utils.checkpoint documentation",
    pitfalls=(
        Pitfall.known(
            MistakeKey.BATCH_NORM_UNDER_CHECKPOINTING,
            why="The recomputed forward pass updates running statistics once more.",
            check=_batch_norm_updated_twice,
        ),
    ),
)
