"""In which precision matrix kernels run, told from their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from annt_prof.analysis.kernels import kernel_class
from annt_prof.categories import KernelClass
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from annt_prof.trace.columns import Trace

# Names of cuBLAS, cuDNN and CUTLASS kernels: sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n,
# ampere_fp16_s16816gemm_fp16_128x64, cutlass_80_tensorop_f16_s16816gemm, volta_h884gemm,
# nvjet_hsh_128x128 (h and t are the 16-bit types), flash_fwd_kernel<..., cutlass::bfloat16_t>.
_SIXTEEN_BITS = re.compile(
    r"(?<![a-z])b?f16|fp16|half|bfloat16|_h\d*(?:884|1688|16816)?gemm|nvjet_[ht]", re.IGNORECASE
)
# sm80_xmma_fprop_implicit_gemm_tf32f32_tf32f32_f32, cutlass_80_tensorop_s1688gemm (TF32's shape).
_TF32 = re.compile(r"tf32|tensorop_s1688", re.IGNORECASE)
_MATRIX = (KernelClass.CONV, KernelClass.GEMM, KernelClass.ATTENTION)


class MatrixPrecision(NamedTuple):
    """Shares of the matrix kernels' device time, 0 to 1; the rest is in full precision."""

    sixteen_bits: float
    tf32: float


def matrix_precision(trace: Trace) -> MatrixPrecision:
    """Return in which precision the convolutions, products and attention of a trace run.

    A name that tells no precision counts as full precision.
    """
    kernels = trace.events[trace.events.of_kind(Kind.KERNEL)]
    spent_ns = np.zeros(len(trace.names), np.int64)
    np.add.at(spent_ns, kernels.name, kernels.end_ns - kernels.start_ns)
    in_use = np.flatnonzero(spent_ns)
    total = sixteen = tf32 = 0
    for index in in_use.tolist():
        name, ns = trace.names[index], int(spent_ns[index])
        if kernel_class(name) not in _MATRIX:
            continue
        total += ns
        if _TF32.search(name):
            tf32 += ns
        elif _SIXTEEN_BITS.search(name):
            sixteen += ns
    return MatrixPrecision(sixteen / total, tf32 / total) if total else MatrixPrecision(0.0, 0.0)
