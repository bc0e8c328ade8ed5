"""cuDNN's benchmark mode: the fastest convolution algorithm, found by trying.

What it does: the first time a convolution sees a shape, cuDNN times its algorithms and keeps the
fastest, in place of choosing by a rule.

When it helps: convolutional networks with inputs of one shape.

When it does nothing: without convolutions, on a CPU, or when shapes keep changing; each new one
then costs the trials again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.observed import CONVOLUTIONS, Observed
from annt_prof.techniques.technique import Pitfall, Signature, Technique, needs_cuda

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class CudnnBenchmarkOptions:
    """Whether algorithms are tried."""

    enabled: bool = field(
        default=True, metadata={"description": "Time cuDNN's algorithms for each new shape."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Set cuDNN's flag."""
        setup.flags.cudnn_benchmark = self.enabled


def _redundant(options: CudnnBenchmarkOptions, _baseline: Baseline) -> bool:
    """Torch leaves the trials off by default."""
    return not options.enabled


def _predict(_options: CudnnBenchmarkOptions, evidence: Evidence) -> Prediction | None:
    """Another algorithm can only shorten convolutions and the copies around them, if any."""
    if not evidence.kernel_ns:
        return None
    return Prediction(0, bounds.convolutions_ns(evidence), bounds.convolutions(evidence))


def _deterministic(setup: TrainingSetup) -> str | None:
    import torch

    # Source: aten/src/ATen/native/Convolution.cpp: either flag asks for them.
    deterministic = (
        torch.backends.cudnn.deterministic or torch.are_deterministic_algorithms_enabled()
    )
    if setup.flags.cudnn_benchmark and deterministic:
        return "deterministic mode is on, which forbids most of the algorithms"
    return None


def _inaction(_options: CudnnBenchmarkOptions, observed: Observed) -> str | None:
    return None if observed.may_have_run(*CONVOLUTIONS) else "the model ran no convolution"


TECHNIQUE = Technique(
    name="cudnn_benchmark",
    summary="cuDNN times its convolution algorithms and keeps the fastest",
    options=CudnnBenchmarkOptions,
    obstacle=needs_cuda("no accelerator with cuDNN"),
    inaction=_inaction,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(KernelClass.CONV,),
        may_rise=(KernelClass.MEMORY,),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY, Category.OPTIMIZER),
        bound=f"it cannot save more than {bounds.CONVOLUTIONS} take",
    ),
    mathematics="another algorithm rounds differently, and may differ from run to run",
    source="PyTorch performance tuning guide, section Enable cuDNN auto-tuner",
    pitfalls=(
        Pitfall.known(
            MistakeKey.DETERMINISTIC_MODE_LEFT_ON,
            why="cuDNN may then only choose among deterministic algorithms.",
            check=_deterministic,
        ),
    ),
)
