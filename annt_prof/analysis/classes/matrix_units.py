"""Whether a kernel runs on a device's matrix units (tensor cores), told from its name."""

from __future__ import annotations

import re

from annt_prof.analysis.classes.function_name import LONGEST_NAME, read_name
from annt_prof.analysis.classes.precision import kernel_precision
from annt_prof.categories import MATRIX_CLASSES, KernelClass, Precision

# How libraries name kernels that use matrix units, and those that do not.
# Source: CUTLASS's naming (tensorop, simt; s16816 is the shape of an mma instruction), cuBLAS's
# and cuDNN's (hmma, imma, xmma, 1688), cuBLASLt on Hopper (nvjet), HIP's (MFMA in Tensile names);
# attention for which there is no other code: FlashAttention's, TensorRT-LLM's (fmhaSm100f, bmm) and
# CUTLASS's from 16 bits, with float32 (OpMultiplyAddFastF32) from SM 80 on.
_MATRIX_UNITS = re.compile(
    r"tensorop|hmma|imma|wg?mma|xmma|qg?mma|s?16816|1688|_884|h884|nvjet|_mfma|_MI\d+x\d+x\d+"
    r"|flash_(?:fwd|bwd)|FlashAttn|compute_attn_ws|fmhaSm\d|fmha_cutlass[FB]_b?f16|^bmm_"
    r"|fmha_cutlass[FB]_f32_.*_sm(?:[89]|1\d)\d",
    re.IGNORECASE,
)
# Some say so beside the name of the library that the others share: xmma with ffma.
_FUSED_MULTIPLY_ADD = re.compile(r"simt|ffma", re.IGNORECASE)
_NO_MATRIX_UNITS = re.compile(r"sgemm(?!.*tensor)|gemv|dot_kernel", re.IGNORECASE)
# They add up or convert what attention's products gave, before or after.
_BESIDE_ATTENTION = re.compile(r"flash.*(?:combine|convert_d|dot_do_o|preprocess)", re.IGNORECASE)
# Nothing but matrix units multiplies these.
_FOR_MATRIX_UNITS = (Precision.FLOAT8, Precision.FLOAT4)


def uses_tensor_cores(name: str, kind: KernelClass) -> bool | None:
    """Tell by a kernel's name whether it runs on matrix units; None where the name is silent.

    Only matrix products and convolutions can, and attention, which is made of products.
    """
    if kind not in MATRIX_CLASSES:
        return False
    name = name[:LONGEST_NAME]
    own = read_name(name).own
    if _FUSED_MULTIPLY_ADD.search(name) or _BESIDE_ATTENTION.search(name):
        return False
    if _MATRIX_UNITS.search(name):
        return True
    if _NO_MATRIX_UNITS.search(own):
        return False
    return True if kernel_precision(name) in _FOR_MATRIX_UNITS else None
