"""CUDA graphs: one launch for a whole pass.

What it does: the kernels of forward and backward are captured once and then replayed with a single
launch each, so that the device need not wait for the host between them.

When it helps: steps of many short kernels, where the device idles while the host dispatches.

When it does nothing: when the device is busy throughout, or on a CPU. Inputs must keep their shape,
and the passes must neither synchronise nor branch on tensors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique, needs_cuda

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class CudaGraphsOptions:
    """Whether passes are captured."""

    capture: bool = field(
        default=True, metadata={"description": "Capture forward and backward once each."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop replace the model by its captured passes before it loads a batch."""
        setup.cuda_graphs = self.capture


def _redundant(options: CudaGraphsOptions, _baseline: Baseline) -> bool:
    """The baseline captures nothing."""
    return not options.capture


def _predict(_options: CudaGraphsOptions, evidence: Evidence) -> Prediction | None:
    """Launch gaps go; kernels stay as long as they are.

    A host that has launched sooner loads sooner too, so gaps may go wherever they are seen, down
    to what the host needs to load, and as far as the passes' part of the critical path allows.
    """
    if not evidence.known(Category.HOST_BOUND):
        return None
    return Prediction(
        low_ns=0,
        high_ns=bounds.within_path(
            evidence,
            max(0, min(bounds.idle_ns(evidence), evidence.shown_ns() - evidence.loading())),
            lambda path: path.host(Phase.FORWARD, Phase.BACKWARD) + path.queued_ns,
        ),
        basis=f"{bounds.idle(evidence)}, as the host is done with its launches earlier",
    )


def _capturing_a_compiled_model(setup: TrainingSetup) -> str | None:
    if setup.cuda_graphs and setup.compilation is not None:
        return "a compiled model is captured; torch.compile's mode reduce-overhead does it safely"
    return None


def _gradients_in_static_buffers(setup: TrainingSetup) -> str | None:
    if setup.cuda_graphs and setup.gradients_outlive_a_replay:
        return (
            "each replay writes its gradients into the same memory, so gradients that are kept or "
            "accumulated are copied out of it once"
        )
    return None


TECHNIQUE = Technique(
    name="cuda_graphs",
    summary="forward and backward replayed from CUDA graphs",
    options=CudaGraphsOptions,
    obstacle=needs_cuda("no CUDA device to capture graphs on"),
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.HOST_BOUND,),
        may_rise=(KernelClass.MEMORY,),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.DATA_LOADING),
        bound="it cannot save more than the device of the baseline has nothing to do",
    ),
    mathematics="nothing: the same kernels run",
    source="PyTorch CUDA semantics notes, section CUDA Graphs; torch.cuda.make_graphed_callables",
    pitfalls=(
        Pitfall.known(
            MistakeKey.COMPILED_MODEL_CAPTURED,
            why="Compiled code may allocate or synchronise as it first runs.",
            check=_capturing_a_compiled_model,
        ),
        Pitfall.known(
            MistakeKey.GRADIENTS_IN_STATIC_BUFFERS,
            why="A gradient that outlives its replay is overwritten by the next one unless it is "
            "copied; autograd takes the buffer itself and torch does not warn.",
            check=_gradients_in_static_buffers,
        ),
    ),
)
