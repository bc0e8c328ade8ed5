"""Fused or multi-tensor optimizer updates.

What it does: instead of several operators for each parameter in a loop, the update runs over lists
of parameters (foreach) or in one kernel that reads and writes everything once (fused).

When it helps: many parameters, small batches, host-bound optimizer steps; fused also spares the
gradient scaler its synchronisation.

When it does nothing: when the optimizer is a small part of the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from annt_prof.categories import Category, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class FusedOptimizerOptions:
    """Which implementation of the update."""

    implementation: Literal["for_loop", "foreach", "fused"] = field(
        default="fused",
        metadata={"description": "Torch takes foreach by default on CUDA, for_loop on a CPU."},
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Tell the optimizer which implementation to use."""
        setup.optimizer.arguments |= {
            "foreach": self.implementation == "foreach",
            "fused": self.implementation == "fused",
        }


def _redundant(options: FusedOptimizerOptions, baseline: Baseline) -> bool:
    """The baseline's optimizer takes torch's default, which depends on the device."""
    default = "foreach" if baseline.device_type == "cuda" else "for_loop"
    return options.implementation == default


def _predict(options: FusedOptimizerOptions, evidence: Evidence) -> Prediction | None:
    """At best the update vanishes, and with it the waits for its launches.

    A host that is done with the update sooner comes to all that follows sooner, so that idle time
    of the device may go wherever it is seen.
    """
    if not (evidence.known(Category.OPTIMIZER) and evidence.host_known()):
        return None
    if evidence.fused_update and options.implementation == "fused":
        return Prediction(0, 0, "nothing: the optimizer's kernels are fused already")
    optimizer_ns = evidence.time(Category.OPTIMIZER)
    if evidence.path is None:
        scaling_ns = evidence.time(Category.GRAD_SCALING, Category.SYNC)
        scaling_ns += evidence.host_bound(*_UPDATE_PHASES)
        high_ns = optimizer_ns + scaling_ns
    else:
        update_ns = evidence.time(*_UPDATE)
        high_ns = bounds.freed(evidence, update_ns, bounds.of_part(evidence, _UPDATE))
    return Prediction(
        low_ns=-round(optimizer_ns / 4),
        high_ns=high_ns,
        basis="the optimizer of the baseline, the unscaling before it and the waits for launches"
        f"{bounds.beside(evidence)}",
    )


_UPDATE = (Category.OPTIMIZER, Category.GRAD_SCALING)
_UPDATE_PHASES = (Phase.OPTIMIZER, Phase.GRAD_SCALING)


def _scaler_without_fused(setup: TrainingSetup) -> str | None:
    if setup.scaler_waits:
        return "only a fused optimizer takes the scale as a tensor; others make the scaler wait"
    return None


TECHNIQUE = Technique(
    name="fused_optimizer",
    summary="the parameter update in one kernel, or over lists of tensors",
    options=FusedOptimizerOptions,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.OPTIMIZER,),
        may_rise=(),
        stays_flat=(
            Category.FORWARD,
            Category.BACKWARD,
            Category.DATA_LOADING,
            Category.H2D_COPY,
        ),
        bound="it cannot save more than the optimizer of the baseline takes, with the unscaling "
        "before it and the waits for launches",
    ),
    mathematics="nothing but the order in which sums are rounded",
    source="torch.optim documentation, section Algorithms: foreach and fused implementations",
    pitfalls=(
        Pitfall.known(
            MistakeKey.SCALER_WAITS_EACH_STEP,
            name="a gradient scaler beside an optimizer that is not fused",
            why="GradScaler.step then reads the overflow flag on the host, which waits.",
            check=_scaler_without_fused,
        ),
    ),
)
