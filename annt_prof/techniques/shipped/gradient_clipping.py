"""Gradients are limited before each update.

What it does: the norm of all gradients together, or each of their elements, is brought under a
limit. The norm needs a pass over all gradients before the update can begin.

When it helps: for step time never; it keeps training stable.

When it does nothing: it costs little where the optimizer is a small part of the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from annt_prof.categories import Category
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class GradientClippingOptions:
    """What is limited, and to what."""

    kind: Literal["norm", "value"] = field(
        default="norm",
        metadata={"description": "norm limits the whole gradient, value each element."},
    )
    limit: float = field(
        default=1.0, metadata={"description": "The largest norm or absolute value.", "gt": 0}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop clip before each update."""
        from annt_prof.techniques.setup import GradientClipping

        setup.clipping = GradientClipping(self.kind, self.limit)


def _redundant(options: GradientClippingOptions, baseline: Baseline) -> bool:
    """The scenario clips all variants in the same way."""
    return baseline.clipping == (options.kind, options.limit)


def _predict(_options: GradientClippingOptions, evidence: Evidence) -> Prediction | None:
    """It reads what the update reads and writes once more; it may only replace other clipping."""
    if not evidence.known(Category.OPTIMIZER):
        return None
    optimizer_ns = evidence.time(Category.OPTIMIZER)
    replaced_ns = evidence.time(Category.GRAD_CLIPPING)
    high_ns = replaced_ns
    if evidence.path is not None and replaced_ns:
        on_path = bounds.of_part(evidence, (Category.GRAD_CLIPPING,))
        high_ns = bounds.freed(evidence, replaced_ns, on_path)
    return Prediction(
        low_ns=-round(2 * optimizer_ns + evidence.step_ns / 50),
        high_ns=high_ns,
        basis=_replaced(evidence) if replaced_ns else "nothing: it is work on top of the update",
    )


def _replaced(evidence: Evidence) -> str:
    host = "" if evidence.path is None else ", and what the host takes for it"
    return f"the clipping of the baseline, which it replaces{host}{bounds.beside(evidence)}"


def _unscaled_apart(setup: TrainingSetup) -> str | None:
    fused = setup.optimizer.arguments.get("fused")
    if setup.clipping is not None and setup.grad_scaling and fused:
        return (
            "gradients are unscaled in a pass of their own, which the fused optimizer would spare"
        )
    return None


TECHNIQUE = Technique(
    name="gradient_clipping",
    summary="gradients limited by norm or by value before each update",
    options=GradientClippingOptions,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(),
        may_rise=(Category.GRAD_CLIPPING, Category.GRAD_SCALING, Category.HOST_BOUND),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.DATA_LOADING),
        bound="it cannot save more than the clipping of the baseline, which it replaces: nothing "
        "where there is none",
    ),
    mathematics="updates are shorter where gradients are large; clipping by value also turns them",
    source="Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013",
    pitfalls=(
        Pitfall.known(
            MistakeKey.CLIPPING_UNSCALES_APART,
            why="The limit is of unscaled gradients, so under loss scaling they are unscaled "
            "before they are clipped; a fused optimizer alone unscales as it updates.",
            check=_unscaled_apart,
        ),
    ),
)
