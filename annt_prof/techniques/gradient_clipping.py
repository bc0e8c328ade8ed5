"""Gradients are limited before each update.

What it does: the norm of all gradients together, or each of their elements, is brought under a
limit. The norm needs a pass over all gradients before the update can begin.

When it helps: for step time never; it keeps training stable.

When it does nothing: it costs little where the optimizer is a small part of the step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from annt_prof.categories import Category
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Machine, Options, Pitfall, Signature, Technique

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


def _obstacle(_options: Options, _machine: Machine) -> str | None:
    return None


def _redundant(options: Options, baseline: Baseline) -> bool:
    """The scenario clips all variants in the same way."""
    chosen = cast("GradientClippingOptions", options)
    return baseline.clipping == (chosen.kind, chosen.limit)


def _predict(_options: Options, evidence: Evidence) -> Prediction | None:
    """It reads what the update reads and writes once more; it saves nothing."""
    if not evidence.known(Category.OPTIMIZER):
        return None
    optimizer_ns = evidence.time(Category.OPTIMIZER)
    return Prediction(
        low_ns=-round(2 * optimizer_ns + evidence.step_ns / 50),
        high_ns=0,
        basis="nothing: it is work on top of the update",
    )


def _value_clipping_is_a_sign(setup: TrainingSetup) -> str | None:
    if setup.clipping is not None and setup.grad_scaling and setup.accumulation > 1:
        return "gradients are unscaled once for several iterations; clip after the last one only"
    return None


TECHNIQUE = Technique(
    name="gradient_clipping",
    summary="gradients limited by norm or by value before each update",
    options=GradientClippingOptions,
    obstacle=_obstacle,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(),
        may_rise=(Category.GRAD_CLIPPING, Category.GRAD_SCALING, Category.HOST_BOUND),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.DATA_LOADING),
        bound="it cannot save more than no time at all",
    ),
    mathematics="updates are shorter where gradients are large; clipping by value also turns them",
    source="Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013",
    pitfalls=(
        Pitfall(
            name="clipping scaled gradients",
            why="Under loss scaling the limit is of unscaled gradients, so they must be unscaled "
            "first; the step here does so.",
            check=_value_clipping_is_a_sign,
        ),
    ),
)
