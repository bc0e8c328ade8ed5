"""Gradients are dropped, not filled with zeros.

What it does: ``zero_grad`` sets each gradient to None, so that the next backward pass writes it
anew in place of adding to zeros. Torch does so by default since 2.0.

When it helps: in code that asks for zeros, with many parameters.

When it does nothing: in any loop that leaves torch's default alone, as the baseline here does
unless ``optimizer.set_to_none`` is false.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.techniques.path_evidence import PathEvidence
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class SetToNoneOptions:
    """What zeroing leaves behind."""

    drop: bool = field(
        default=True, metadata={"description": "Drop gradients; false fills them with zeros."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Tell zeroing."""
        if setup.set_to_none is self.drop:
            by_default = ", as torch by default" if self.drop else ""
            setup.remarks.append(f"the baseline does so already{by_default}")
        setup.set_to_none = self.drop


def _redundant(options: SetToNoneOptions, baseline: Baseline) -> bool:
    """The scenario zeroes in the same way."""
    return baseline.set_to_none is options.drop


def _predict(options: SetToNoneOptions, evidence: Evidence) -> Prediction | None:
    """Zeroing vanishes, and with it the reads that adding to zeros needs.

    On the host an addition is allowed as much time as the zeroing of a gradient, beside the calls
    that launch additions; a choice.
    """
    if not options.drop:
        return _cost_of_filling(evidence)
    if not (evidence.known(Category.ZERO_GRAD) and evidence.host_known()):
        return None
    zeroing_ns = evidence.time(Category.ZERO_GRAD)
    high_ns = 3 * zeroing_ns
    if evidence.path is not None and zeroing_ns:
        high_ns = bounds.freed(
            evidence, high_ns, lambda path: _zeroing_and_adding_ns(path, zeroing_ns)
        )
    return Prediction(
        low_ns=0,
        high_ns=high_ns,
        basis="zeroing in the baseline, and the additions to zeros in its backward pass, which "
        f"move twice as many bytes{_ON_THE_HOST if evidence.path is not None else ''}"
        f"{bounds.beside(evidence)}",
    )


_ON_THE_HOST = ", and what the host takes for both"


def _zeroing_and_adding_ns(path: PathEvidence, zeroing_ns: int) -> int:
    adding_ns = min(2 * zeroing_ns, path.kernels(KernelClass.ELEMENTWISE))
    device_ns = path.device(Category.ZERO_GRAD) + adding_ns + path.queued_ns
    host_ns = path.host(Phase.ZERO_GRAD) + path.host_ns.get(Phase.ZERO_GRAD.value, 0)
    return device_ns + host_ns + path.launching(KernelClass.ELEMENTWISE)


def _cost_of_filling(evidence: Evidence) -> Prediction | None:
    """Filling and adding move each gradient four times more than dropping it.

    The cheapest update, of plain SGD, moves three times as much as a gradient. Twice an update is
    allowed for, and a fiftieth of the step for launches; both are choices.
    """
    if not evidence.known(Category.OPTIMIZER):
        return None
    moved_ns = 2 * evidence.time(Category.OPTIMIZER)
    return Prediction(
        low_ns=-round(moved_ns + evidence.step_ns / 50),
        high_ns=0,
        basis="nothing: filling gradients with zeros is work that dropping them spares",
    )


def _filled_with_zeros(setup: TrainingSetup) -> str | None:
    if not setup.set_to_none:
        return "gradients are filled with zeros each step, which reads and writes all of them"
    return None


TECHNIQUE = Technique(
    name="set_to_none",
    summary="gradients dropped, not filled with zeros",
    options=SetToNoneOptions,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.ZERO_GRAD,),
        may_rise=(),
        stays_flat=(Category.FORWARD, Category.OPTIMIZER, Category.DATA_LOADING),
        bound="it cannot save more than zeroing and the additions to zeros take",
    ),
    mathematics="an optimizer skips a parameter without gradient, where it would apply momentum "
    "and weight decay to one with zeros",
    source="torch.optim.Optimizer.zero_grad documentation; PyTorch performance tuning guide",
    pitfalls=(
        Pitfall.known(
            MistakeKey.GRADIENTS_FILLED_WITH_ZEROS,
            why="The backward pass then adds to them, which moves more bytes than writing.",
            check=_filled_with_zeros,
        ),
    ),
)
