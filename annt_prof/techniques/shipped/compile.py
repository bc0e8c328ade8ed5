"""torch.compile: the model as fused kernels.

What it does: TorchDynamo captures the model's Python as graphs, and TorchInductor turns each into
kernels that fuse elementwise work and normalisation with their neighbours. It takes tens of
seconds once; that time is reported apart and is not part of any step. It is measured with an empty
cache of compiled kernels.

When it helps: many small operators, elementwise work and normalisation, host-bound steps.

When it does nothing: when large matrix products are nearly all of the step, when graphs break, or
when shapes change and every step compiles anew.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.machine.machine import Machine
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class CompileOptions:
    """Arguments of ``torch.compile``."""

    mode: Literal["default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs"] = (
        field(default="default", metadata={"description": "How long to look for fast kernels."})
    )
    dynamic: bool = field(
        default=False,
        metadata={"description": "Expect changing shapes; false compiles for each shape."},
    )
    fullgraph: bool = field(
        default=False, metadata={"description": "Fail where the graph would break."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop call a compiled model."""
        from annt_prof.techniques.setup import Compilation

        setup.compilation = Compilation(self.mode, self.dynamic, self.fullgraph)


def _obstacle(_options: CompileOptions, machine: Machine) -> str | None:
    if machine.device_type == "cpu" and not any(map(shutil.which, ("g++", "clang++", "c++"))):
        return "no C++ compiler, which torch.compile needs on a CPU"
    if machine.device_type == "cuda" and not _c_compiler():
        return "no C compiler (gcc, clang or $CC), with which Triton builds its launcher"
    return None


def _c_compiler() -> bool:
    """Whether Triton finds a C compiler. Source: triton/runtime/build.py, ``_find_compiler``."""
    return "CC" in os.environ or any(map(shutil.which, ("gcc", "clang")))


def _predict(_options: CompileOptions, evidence: Evidence) -> Prediction | None:
    """Fusion saves what is bound by memory or by launches; matrix work stays.

    A host that runs the passes sooner comes to all that follows sooner, so that idle time of the
    device may go wherever it is seen, as far as the passes' part of the critical path allows.
    """
    if not (evidence.passes_known() and evidence.host_known()):
        return None
    passes_ns = evidence.passes_ns()
    fused_ns = evidence.kernels(*_FUSED) if evidence.kernel_ns else passes_ns
    if evidence.path is None:
        high_ns = fused_ns + evidence.host_bound(Phase.FORWARD, Phase.BACKWARD)
    else:
        high_ns = bounds.freed(
            evidence,
            fused_ns,
            lambda path: (
                path.kernels(*_FUSED) + path.queued_ns + path.host(Phase.FORWARD, Phase.BACKWARD)
            ),
        )
    return Prediction(
        low_ns=-round(passes_ns / 10),
        high_ns=high_ns,
        basis="what fusion can shorten: elementwise work, normalisation, reductions, casts, copies "
        f"within the device{bounds.unknown_kernels(evidence)}, and "
        f"{_LAUNCHES if evidence.path is None else bounds.idle(evidence)}",
    )


_LAUNCHES = "the launches that the device waits for"
_FUSED = (
    KernelClass.ELEMENTWISE,
    KernelClass.NORM,
    KernelClass.REDUCTION,
    KernelClass.CAST,
    KernelClass.MEMORY,
    KernelClass.OTHER,
)


def _graphs_captured_twice(setup: TrainingSetup) -> str | None:
    declared = setup.compilation
    if declared is not None and declared.captures and setup.cuda_graphs:
        return f"{declared.mode} captures CUDA graphs of its own; capturing twice fails"
    return None


def _gradients_in_static_buffers(setup: TrainingSetup) -> str | None:
    declared = setup.compilation
    if declared is None or not declared.captures or setup.device.type != "cuda":
        return None
    if not setup.gradients_outlive_a_replay:
        return None
    return (
        f"{declared.mode} replays CUDA graphs, whose gradients the next replay takes back, so "
        "gradients that are kept or accumulated are copied out of them once"
    )


TECHNIQUE = Technique(
    name="compile",
    summary="the model compiled into fused kernels by torch.compile",
    options=CompileOptions,
    obstacle=_obstacle,
    predict=_predict,
    signature=Signature(
        falls=(KernelClass.ELEMENTWISE, KernelClass.NORM, Category.HOST_BOUND),
        may_rise=(KernelClass.OTHER, KernelClass.REDUCTION),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY, Category.OPTIMIZER),
        bound="it cannot save more than elementwise work, normalisation, reductions, casts, copies "
        "within the device and launches take",
    ),
    mathematics="nothing but the order in which sums are rounded, and other random numbers in "
    "dropout",
    source="Ansel et al., PyTorch 2, ASPLOS 2024; torch.compile documentation",
    pitfalls=(
        Pitfall.known(
            MistakeKey.CUDA_GRAPHS_CAPTURED_TWICE,
            why="The modes reduce-overhead and max-autotune capture the model themselves.",
            check=_graphs_captured_twice,
        ),
        Pitfall.known(
            MistakeKey.GRADIENTS_IN_STATIC_BUFFERS,
            why="A gradient that outlives its replay is taken back by the next one unless it is "
            "copied; torch then raises, or adds to what it has just overwritten.",
            check=_gradients_in_static_buffers,
        ),
    ),
)
