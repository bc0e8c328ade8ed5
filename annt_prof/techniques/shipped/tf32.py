"""TF32: float32 matrix work on tensor cores, with 10 bits of mantissa.

What it does: matrix products of float32 tensors, and convolutions, round their inputs to TF32 and
add up in float32. Tensors stay float32 and no code changes. Torch lets convolutions do so by
default, so what this adds is matrix products.

When it helps: in float32 training on Ampere or later, where matrix products are much of the step.

When it does nothing: under mixed precision, which needs no float32 products, on devices without
TF32, or where convolutions, which have it already, are all the matrix work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import MATRIX_CLASSES, Category, KernelClass, Precision
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.observed import CONVOLUTIONS, PRODUCTS, Observed
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.machine.machine import Machine
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class Tf32Options:
    """Whether TF32 is allowed."""

    allowed: bool = field(
        default=True,
        metadata={"description": "Allow TF32; false forbids it for convolutions too."},
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Set the flags of matrix products and convolutions."""
        setup.flags.tf32 = self.allowed


def _obstacle(_options: Tf32Options, machine: Machine) -> str | None:
    if machine.device_type == "cpu":
        return "no accelerator with TF32 tensor cores"
    if machine.device_type != "cuda":
        return "torch's switch of TF32 is one of CUDA devices"
    return None if machine.tf32 else f"{machine.device_name} has no TF32 tensor cores"


def _predict(options: Tf32Options, evidence: Evidence) -> Prediction | None:
    """Products shorten by the ratio of the rates; convolutions have TF32 already.

    Where the rates are not measured, products may take no time at all.
    """
    if not evidence.kernel_ns:
        return None
    if not options.allowed:
        return _cost_of_full_precision(evidence)
    faster = evidence.rate(Precision.FLOAT32, Precision.TF32)
    spared = 1.0 if faster is None else max(0.0, 1 - 1 / faster)
    products_ns = _time(evidence.matrix(*_PRODUCTS), Precision.FLOAT32)
    other_ns = evidence.kernels(KernelClass.OTHER)
    return Prediction(
        low_ns=0,
        high_ns=bounds.within_path(
            evidence,
            products_ns * spared + other_ns,
            lambda path: (
                _time(bounds.matrix_on_path(path, _PRODUCTS), Precision.FLOAT32) * spared
                + path.kernels(KernelClass.OTHER)
            ),
        ),
        basis="the matrix products of the baseline in full precision, shortened as far as TF32 can"
        f"{bounds.unknown_kernels(evidence)}{evidence.assumption()}",
    )


_PRODUCTS = (KernelClass.GEMM, KernelClass.ATTENTION)


def _cost_of_full_precision(evidence: Evidence) -> Prediction | None:
    """What runs in TF32, convolutions for the most part, lengthens by the ratio of the rates."""
    faster = evidence.rate(Precision.FLOAT32, Precision.TF32)
    if faster is None:
        return None
    matrix_ns = _time(evidence.matrix(*MATRIX_CLASSES), Precision.TF32)
    return Prediction(
        low_ns=round(matrix_ns * min(0.0, 1 - faster)),
        high_ns=0,
        basis="nothing: full precision is no faster",
    )


def _time(by_precision: Mapping[Precision, int], precision: Precision) -> int:
    """Return the time in a precision, and in what may be that one."""
    return by_precision.get(precision, 0) + by_precision.get(Precision.UNKNOWN, 0)


def _under_autocast(setup: TrainingSetup) -> str | None:
    if setup.autocast is not None and setup.flags.tf32:
        return "under autocast matrix products run in 16 bits, so TF32 has nothing left to do"
    return None


def _inaction(options: Tf32Options, observed: Observed) -> str | None:
    if observed.may_have_run_in_float32(*PRODUCTS):
        return None
    if options.allowed:
        return "the model ran no float32 matrix product"
    if observed.may_have_run_in_float32(*CONVOLUTIONS):
        return None
    return "the model ran no float32 matrix product and no convolution"


TECHNIQUE = Technique(
    name="tf32",
    summary="float32 matrix products on TF32 tensor cores",
    options=Tf32Options,
    obstacle=_obstacle,
    inaction=_inaction,
    predict=_predict,
    signature=Signature(
        falls=(KernelClass.GEMM,),
        may_rise=(Category.HOST_BOUND,),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY, KernelClass.ELEMENTWISE),
        bound="it cannot save more than the float32 matrix products take in the baseline",
    ),
    mathematics="inputs of float32 matrix products round to 11 significant bits",
    source="PyTorch CUDA semantics notes, section TensorFloat-32; NVIDIA A100 whitepaper",
    pitfalls=(
        Pitfall.known(
            MistakeKey.TF32_UNDER_AUTOCAST,
            why="Autocast already runs these products in 16 bits.",
            check=_under_autocast,
        ),
    ),
)
