"""What kind of work a device kernel does, told from its name."""

from __future__ import annotations

import re

from annt_prof.categories import KernelClass

# Searched in the name's small letters, which is four times faster than to ignore the case.
# The first pattern that is found decides, so the particular stands before the general: a fused
# convolution is often called implicit gemm, and everything of PyTorch's own is elementwise_kernel.
# Source: names in traces of PyTorch 1.8 to 2.15 with cuBLAS, cuDNN, CUTLASS, NCCL, Triton,
# MIOpen, Tensile and RCCL.
# Inductor's kernels are named after all operators fused in them, convolutions that run elsewhere
# included, so there the prefix decides: pointwise (poi), reduction (red), persistent one (per).
_PATTERNS: tuple[tuple[KernelClass, str], ...] = (
    (KernelClass.CAST, r"^triton_poi_fused_(_?to_copy|convert_element_type)_\d+$"),
    (KernelClass.ELEMENTWISE, r"^triton_poi_"),
    (KernelClass.NORM, r"^triton_(red|per)_.*(batch|layer|group|instance|rms)_?norm"),
    (KernelClass.REDUCTION, r"^triton_(red|per)_"),
    (
        KernelClass.COMMUNICATION,
        r"nccl|rccl|nvshmem|mscclpp|oneccl|cross_device_reduce|all_?reduce|all_?gather"
        r"|reduce_?scatter|all_?to_?all",
    ),
    (KernelClass.ATTENTION, r"flash|fmha|attention|attn|sdpa"),
    (KernelClass.REDUCTION, r"multi_tensor_apply.*norm|lpnorm|softmax"),
    (
        KernelClass.NORM,
        r"batch_?norm|layer_?norm|group_?norm|instance_?norm|rms_?norm|rowwisemoments"
        r"|gammabeta|\bbn_(fw|bw|bwd|fwd)|cudnn::bn|norm_(fw|bw)d?\b|compute_grad_input"
        r"|miopenbatchnorm",
    ),
    (
        KernelClass.OPTIMIZER,
        r"multi_tensor_apply(?!.*non_finite)|fused_?(adam|sgd|lamb|adagrad)|adam|lamb_",
    ),
    (
        KernelClass.CONV,
        r"conv(?!ert)|winograd|wgrad|dgrad|fprop|implicit_gemm|im2col|col2im|nchwtonhwc|nhwctonchw"
        r"|depthwise|[sh]\d*cudnn|fft2d|\bcask_cudnn|miopensp3|igemm_|gcnasm",
    ),
    (
        KernelClass.GEMM,
        r"gemm|gemv|cublas|cutlass|nvjet|(?<![a-z])cijk_|splitk|hmma|xmma|wmma|matmul|\bmm_"
        r"|dot_kernel|triton_tem",
    ),
    (
        KernelClass.CAST,
        r"copy_kernel.*(load|store)withcast|float16_copy",
    ),
    (KernelClass.REDUCTION, r"reduce|argm(ax|in)|cunn_|nll_loss|welford|mean_"),
    (
        KernelClass.MEMORY,
        r"mem(cpy|set)|copy|catarray|index|gather|scatter|embedding|transpose|permute|fill"
        r"|upsample|flip|roll_|pad_",
    ),
    (
        KernelClass.ELEMENTWISE,
        r"elementwise|vectorized|pointwise|activation|relu|gelu|dropout|distribution"
        r"|pool|philox|bernoulli|non_finite|op_tensor|optensor|add_kernel|mul_kernel",
    ),
)
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _PATTERNS)
LONGEST_NAME = 4096  # templates reach 2 kB; a longer name is not searched to its end


def kernel_class(name: str) -> KernelClass:
    """Classify a kernel, copy or memset by its name; ``other`` where nothing is known."""
    searched = name[:LONGEST_NAME].lower()
    for kind, pattern in _COMPILED:
        if pattern.search(searched):
            return kind
    return KernelClass.OTHER
