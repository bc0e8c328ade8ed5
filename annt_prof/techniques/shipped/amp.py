"""Automatic mixed precision: matrix work in 16 bits under autocast.

What it does: convolutions and matrix products run in float16 or bfloat16, reductions and the
weights stay in float32. float16 has a narrow exponent, so the loss is scaled and the gradients
are unscaled and checked before each optimizer step; bfloat16 needs none of that.

When it helps: when convolutions and matrix products are most of the step and the device has
16-bit matrix units; elementwise kernels gain from half the bytes.

When it does nothing: when the step is bound by the loader, by copies or by launches, when the
matrices are small, or on a CPU without 16-bit instructions, where it is often slower.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from annt_prof.categories import MATRIX_CLASSES, Category, KernelClass, Precision
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.observed import CONVOLUTIONS, PRODUCTS, Observed
from annt_prof.techniques.technique import Pitfall, Signature, Technique
from annt_prof.units import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.machine.machine import Machine
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class AmpOptions:
    """Which precision, and how far autocast and loss scaling reach."""

    dtype: Literal["auto", "float16", "bfloat16"] = field(
        default="auto",
        metadata={"description": "auto is float16 on an accelerator and bfloat16 on a CPU."},
    )
    grad_scaler: Literal["auto", "on", "off"] = field(
        default="auto",
        metadata={"description": "Scale the loss; auto does so for float16 only."},
    )
    backward_in_autocast: bool = field(
        default=False,
        metadata={"description": "Run backward inside autocast too; torch advises against it."},
    )

    def resolved_dtype(self, device_type: str) -> Literal["float16", "bfloat16"]:
        """The dtype that ``auto`` stands for on a device."""
        if self.dtype == "auto":
            return "bfloat16" if device_type == "cpu" else "float16"
        return self.dtype

    def apply(self, setup: TrainingSetup) -> None:
        """Put the forward pass under autocast and decide on loss scaling."""
        import torch

        from annt_prof.techniques.setup import Autocast

        name = self.resolved_dtype(setup.device.type)
        setup.autocast = Autocast(getattr(torch, name), covers_backward=self.backward_in_autocast)
        setup.grad_scaling = (
            name == "float16" if self.grad_scaler == "auto" else self.grad_scaler == "on"
        )


def _remark(options: AmpOptions, machine: Machine) -> str | None:
    dtype = options.resolved_dtype(machine.device_type)
    if dtype == "bfloat16" and not machine.native_bfloat16:
        return f"{machine.device_name} has no bfloat16 matrix instructions: they are emulated"
    if dtype == "float16" and machine.device_type == "cpu":
        return "float16 on a CPU is emulated by most of its kernels; bfloat16 is the usual choice"
    return None


def _wrapped_backward(setup: TrainingSetup) -> str | None:
    if setup.autocast is not None and setup.autocast.covers_backward:
        return "the backward pass runs inside autocast, which torch's documentation advises against"
    return None


def _unscaled_float16(setup: TrainingSetup) -> str | None:
    if setup.autocast is None or setup.grad_scaling:
        return None
    if str(setup.autocast.dtype) == "torch.float16":
        return "float16 without loss scaling: small gradients underflow to zero"
    return None


def _synchronising_scaler(setup: TrainingSetup) -> str | None:
    if setup.scaler_waits:
        return "the optimizer is not fused, so GradScaler.step waits for the device each step"
    return None


_SHORT = frozenset(
    {
        Precision.BFLOAT16, Precision.FLOAT16, Precision.FLOAT8, Precision.FLOAT4, Precision.INT8,
    }
)  # fmt: skip
# Source: torch.amp documentation, CUDA ops that can autocast to float16.
_OTHERS_IN_16_BITS = ("prelu",)
_MEMORY_BOUND = (
    KernelClass.NORM,
    KernelClass.ELEMENTWISE,
    KernelClass.REDUCTION,
    KernelClass.MEMORY,
    KernelClass.CAST,
)


def _predict(options: AmpOptions, evidence: Evidence) -> Prediction | None:
    """Matrix work takes the inverse of the rates' ratio, memory-bound work half.

    The ratio is to the rate of the precision that each kernel ran in. What runs in 16 bits or
    fewer already is left out. Casts come on top. Where the trace does not tell the two apart, all
    of forward and backward may be matrix work; where a rate is not measured, matrix work may take
    no time at all, as may kernels of which nothing is known. Emulated 16 bits have no bound that
    only the step tells.
    """
    if not evidence.passes_known():
        return None
    dtype = Precision(options.resolved_dtype(evidence.device_type))
    passes_ns = evidence.passes_ns()
    by_precision = evidence.matrix(*MATRIX_CLASSES)
    memory_ns = evidence.kernels(*_MEMORY_BOUND)
    if not evidence.kernel_ns:
        by_precision, memory_ns = {Precision.FLOAT32: passes_ns}, 0
    all_ns = sum(by_precision.values())
    left = {precision: ns for precision, ns in by_precision.items() if precision not in _SHORT}
    if all_ns:
        memory_ns = round(memory_ns * sum(left.values()) / all_ns)
    rates = {precision: _rate(evidence, precision, dtype) for precision in left}
    if _emulated(evidence, dtype) and (None in rates.values() or not rates):
        return None
    # Negative where 16 bits are slower.
    slower_ns = sum(min(ns * _spared(rates[precision]), 0.0) for precision, ns in left.items())
    casts_ns = passes_ns / 10

    def shortened_ns(matrix_ns: Mapping[Precision, int], moving_ns: int) -> float:
        faster = (ns * max(_spared(rates.get(p)), 0.0) for p, ns in matrix_ns.items() if p in left)
        return sum(faster) + min(moving_ns, memory_ns) / 2

    other_ns = evidence.kernels(KernelClass.OTHER)
    high_ns = shortened_ns(left, memory_ns) + other_ns
    return Prediction(
        low_ns=round(slower_ns - casts_ns),
        high_ns=bounds.within_path(
            evidence,
            min(high_ns, passes_ns) if passes_ns else high_ns,
            lambda path: (
                shortened_ns(bounds.matrix_on_path(path), path.kernels(*_MEMORY_BOUND))
                + path.kernels(KernelClass.OTHER)
            ),
        ),
        basis="what 16 bits can shorten: convolutions and matrix products by "
        f"{_told(rates)}, memory-bound kernels by half{bounds.unknown_kernels(evidence)}"
        f"{evidence.assumption()}",
    )


def _rate(evidence: Evidence, precision: Precision, dtype: Precision) -> float | None:
    """Return how many times as fast 16 bits are; of a precision not told, at most."""
    if precision is Precision.UNKNOWN:
        precision = Precision.FLOAT32
    return evidence.rate(precision, dtype)


def _spared(rate: float | None) -> float:
    return 1.0 if rate is None else 1 - 1 / rate


def _emulated(evidence: Evidence, dtype: Precision) -> bool:
    """Tell whether 16 bits are known to be emulated, which can take several times as long."""
    if dtype is Precision.FLOAT16:
        return evidence.device_type == "cpu"
    return evidence.native_bfloat16 is False


def _told(rates: Mapping[Precision, float | None]) -> str:
    known = {precision: rate for precision, rate in rates.items() if rate is not None}
    if len(known) < len(rates) or not known:
        return "an unknown factor"
    return "the measured factor " + " and ".join(
        f"{number(rate, 1)} of {precision}" for precision, rate in known.items()
    )


def _inaction(_options: AmpOptions, observed: Observed) -> str | None:
    if observed.may_have_run(*PRODUCTS, *CONVOLUTIONS, *_OTHERS_IN_16_BITS):
        return None
    return "the model ran no matrix product and no convolution"


TECHNIQUE = Technique(
    name="amp",
    summary="matrix work in float16 or bfloat16 under autocast, with loss scaling for float16",
    options=AmpOptions,
    inaction=_inaction,
    predict=_predict,
    remark=_remark,
    signature=Signature(
        falls=(Category.FORWARD, Category.BACKWARD, KernelClass.CONV, KernelClass.GEMM),
        may_rise=(KernelClass.CAST, Category.GRAD_SCALING, Category.HOST_BOUND),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY),
        bound="it cannot save more than the convolutions, matrix products and memory-bound "
        "kernels of forward and backward take in the baseline",
    ),
    mathematics="matrix products round to 11 (float16) or 8 (bfloat16) significant bits; "
    "with loss scaling a step whose gradients overflow is skipped",
    source="Micikevicius et al., Mixed Precision Training, ICLR 2018; torch.amp documentation",
    pitfalls=(
        Pitfall.known(
            MistakeKey.AUTOCAST_AROUND_BACKWARD,
            why="Backward operators already run in the dtype autocast chose for their forward "
            "ones; wrapping them too can only change dtypes that forward did not choose.",
            check=_wrapped_backward,
        ),
        Pitfall.known(
            MistakeKey.FLOAT16_WITHOUT_SCALER,
            why="Gradients below 6e-8 are zero in float16, and nothing says so.",
            check=_unscaled_float16,
        ),
        Pitfall.known(
            MistakeKey.SCALER_WAITS_EACH_STEP,
            why="An optimizer that cannot take the scale as a tensor makes GradScaler.step read "
            "the overflow flag on the host, which waits for the device.",
            check=_synchronising_scaler,
        ),
    ),
)
