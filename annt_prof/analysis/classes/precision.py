"""In which precision matrix kernels run, told from their names."""

from __future__ import annotations

import re

from annt_prof.analysis.classes.function_name import LONGEST_NAME
from annt_prof.categories import Precision

# cuBLASLt's nvjet: letters for A, B, C, the accumulator and D, where A and B are alike for A, the
# accumulator and D: tst and hsh are bfloat16 and float16, qqtst e4m3 into bfloat16, ootst e2m1.
# No unit takes float32 itself, and what s stands for without a word is not told.
_NVJET = r"nvjet_(?:sm\d+_)?"
# The first pattern that is found decides. Eight and four bits stand before what they are summed
# up and given out in (e4m3bf16_e4m3f32_f32 has A and B in e4m3, C and D in bfloat16), 16 bits
# before the float of their sums.
# Source: CUTLASS's profiler documentation (names of kernels: the shape of the instruction, TF32's
# being s1688 without a type), cuDNN's and cuBLAS's xmma (NVIDIA/TransformerEngine issue 1391),
# DeepGEMM's and FlashAttention's templates, MIOpen's and Composable Kernel's names.
_PATTERNS = (
    (
        Precision.FLOAT8,
        rf"(?<!u)e4m3|(?<!u)e5m2|fp8|float8|(?<![a-z0-9])b?f8(?![0-9])|{_NVJET}[a-z]?q",
    ),
    (Precision.FLOAT4, rf"e2m1|fp4|xf4|{_NVJET}o"),
    (
        Precision.INT8,
        r"(?<![a-z])imma|(?<![a-z])i8816|(?<![a-z])i16832|(?<![a-z0-9])[iu]8(?![0-9])|\bint8",
    ),
    (Precision.TF32, r"tf(?:loat)?32"),
    (Precision.BFLOAT16, rf"bf16|bfloat16|bhalf|{_NVJET}t"),
    (
        Precision.FLOAT16,
        r"fp16|half|(?<![a-z])f16|float16"
        rf"|_h\d*(?:gemm|cudnn|fprop|dgrad|wgrad)|{_NVJET}h",
    ),
    (Precision.TF32, r"tensorop_s1688"),
    # Three products in TF32 for one in float32, neither's rate.
    # Source: PyTorch's mem_eff_attention/gemm_kernel_utils.h, OpMultiplyAddFastF32 from SM 80 on.
    (Precision.UNKNOWN, rf"fmha_cutlass[fb]_f32_.*_sm(?:[89]|1\d)\d|{_NVJET}s"),
    # They bring a convolution's tensors into its layout. Tensors in float32 do not tell that the
    # convolution does not round them to TF32.
    (Precision.UNKNOWN, r"nchwtonhwc|nhwctonchw"),
    (Precision.FLOAT64, r"f64|fp64|d884|(?<![a-z])[dz]gemm|dcudnn|\bdouble\b"),
    (Precision.FLOAT32, r"f32|fp32|(?<![a-z])g?[sc]gemm|scudnn|\bfloat[24]?\b"),
)
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _PATTERNS)

# Tensile's, of hipBLASLt and rocBLAS: Cijk_Alik_Bljk_BBS_BH_..., the type of A first, then of
# the result and of the sums, and B once more for the use of beta: SB and S_B are single, HHS, HSS
# and HBH half, BBS, BSS and BBH bfloat16, F8BS and B8F8S e4m3 and e5m2.
# Source: ROCm's "Precision support" of Tensile; LibraryLogicConvertor.py of Tensile; _MX of the
# matrix instruction XF32, AMD's TF32.
_TENSILE = re.compile(
    r"Cijkl?_A[a-z]+_B[a-z]+_(S_MX|4xi8|I8|F8|B8|F4|H|B|S|D|C|Z)(?=[A-Z0-9]*(?:_|$))", re.IGNORECASE
)
_TENSILE_TYPES = {
    "s_mx": Precision.TF32, "4xi8": Precision.INT8, "i8": Precision.INT8,
    "f8": Precision.FLOAT8, "b8": Precision.FLOAT8, "f4": Precision.FLOAT4,
    "h": Precision.FLOAT16, "b": Precision.BFLOAT16, "s": Precision.FLOAT32,
    "c": Precision.FLOAT32, "d": Precision.FLOAT64, "z": Precision.FLOAT64,
}  # fmt: skip

# TensorRT-LLM's and FlashInfer's: bmm_C_AB_sums, and attention's types of Q, K and V before that
# of its output. Where A and B differ, the wider is what they are multiplied in.
_INPUTS = re.compile(
    r"^(?:bmm_(?:[A-Za-z0-9]+_)??|fmhaSm\w*Kernel_Qkv)([A-Za-z0-9]+?)(?:_Fp32|O[A-Z])"
)
_WIDEST_FIRST = (
    ("bfloat16", Precision.BFLOAT16), ("fp16", Precision.FLOAT16), ("e4m3", Precision.FLOAT8),
    ("e5m2", Precision.FLOAT8), ("int8", Precision.INT8), ("e2m1", Precision.FLOAT4),
)  # fmt: skip


def kernel_precision(name: str) -> Precision:
    """Tell by a matrix kernel's name what its inputs are; ``unknown`` where it does not tell.

    A complex type counts as that of its parts.
    """
    name = name[:LONGEST_NAME]
    tensile = _TENSILE.search(name)
    if tensile:
        return _TENSILE_TYPES[tensile[1].lower()]
    if inputs := _INPUTS.match(name):
        types = inputs[1].lower()
        return next((kind for word, kind in _WIDEST_FIRST if word in types), Precision.UNKNOWN)
    return next((kind for kind, pattern in _COMPILED if pattern.search(name)), Precision.UNKNOWN)
