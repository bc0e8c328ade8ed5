"""What kind of work a device kernel does, told from its name."""

from __future__ import annotations

import re

from annt_prof.analysis.classes.carriers import carried_class
from annt_prof.analysis.classes.collectives import communicates
from annt_prof.analysis.classes.function_name import FunctionName, read_name
from annt_prof.categories import KernelClass

# Inductor's kernels are named after all operators fused in them, convolutions that run elsewhere
# included, so there the prefix decides: template (tem), pointwise (poi), reduction (red, per,
# split scan), lists of tensors (for).
_INDUCTOR = (
    (KernelClass.CAST, r"^triton_poi_fused_(_?to_copy|convert_element_type)_\d+$"),
    (KernelClass.ELEMENTWISE, r"^triton_(poi|for)_"),
    (KernelClass.NORM, r"^triton_(red|per|mix)_.*(batch|layer|group|instance|rms)_?norm"),
    (KernelClass.REDUCTION, r"^triton_(red|per|spl|mix)_"),
    (KernelClass.ATTENTION, r"^triton_tem_.*(attention|flex)"),
    (KernelClass.CONV, r"^triton_tem_.*convolution"),
    (KernelClass.GEMM, r"^triton_tem_"),
)
# Searched in the function's own name in small letters. The first pattern that is found decides,
# so the particular stands before the general: a fused convolution is often called implicit gemm.
# Where one kernel does two things, the one that costs more stands first: a norm or an activation
# that also quantizes is no cast, a product that also gathers is a product.
# Source: names in traces of PyTorch 1.8 to 2.15 with cuBLAS, cuDNN, CUTLASS, Triton, MIOpen,
# Tensile, Composable Kernel, Transformer Engine, Apex, FBGEMM, vLLM, SGLang, FlashInfer,
# TensorRT-LLM, bitsandbytes; tests/fixtures/kernel_names.tsv has them.
_WORDS = (
    (KernelClass.MEMORY, r"^mem(cpy|set)\b|__amd_rocclr_"),
    (KernelClass.GEMM, r"^(custom_)?cijk|^bmm_"),
    (KernelClass.ELEMENTWISE, r"rotary|(?<![a-z])m?rope(?![a-z])|rope_?quant"),
    (KernelClass.MEMORY, r"embedding|reshape_and_cache|concat_and_cache|kv_?cache_?(copy|kernel)"
     r"|(store|set|write|append|copy)\w*_?kv_?(cache|buffer)|appendpagedkv|sum_and_scatter"),
    (KernelClass.ATTENTION, r"flash|fmha|attention|attn(?!_?norm)|sdpa|(?<![a-z])sage|splitkv"
     r"|(batch|single)_?(decode|prefill)|mla_(?!rope)|(?<![a-z])mha_"),
    (KernelClass.REDUCTION, r"softmax|lp_?norm|l2norm(functor|cleanup)|cross_?entropy|nll_loss"),
    (KernelClass.NORM, r"norm(?!al)|rowwisemoments|gammabeta|(?<![a-z])bn_|(?<![a-z])ln_[fb]wd"
     r"|compute_?grad_?input|compute(internalgradients|(backward)?fusedparams)"),
    (KernelClass.OPTIMIZER, r"adam|adagrad|(?<![a-z])sgd|(?<![a-z])lamb(?!d)|(?<![a-z])lion"
     r"|koptimizer|optimizer_?step"),
    (KernelClass.CONV, r"conv(?!ert)|winograd|wgrad|dgrad|fprop|implicit_?gemm|im2col|col2im"
     r"|im2d2col|nchwtonhwc|nhwctonchw|depthwise|[sh]\d*cudnn|fft2d|miopensp3|igemm_|gcnasm"),
    (KernelClass.GEMM, r"gemm|gemv|nvjet|cijk_|split_?k|hmma|xmma|wmma|matmul|(?<![a-z])b?mm_"
     r"|(?<![a-z])dot_kernel|marlin|fused_moe(?!\w*(sum|gate|topk|router))|grouped_mm"
     r"|tensorop|ltepilogue"),
    (KernelClass.ELEMENTWISE, r"silu|gelu|swiglu|relu|act_and_mul|activation|dropout"),
    (KernelClass.CAST, r"quant|(?<!broad)cast|float\d+\w*_copy|convert|cvt_|to_?fp[48]"),
    (KernelClass.REDUCTION, r"reduce|reduction|argm(ax|in)|cunn_|welford|mean|(?<![a-z])sum"
     r"|top_?k|(?<!selective_)scan|cumsum|cumulative|histogram"),
    (KernelClass.MEMORY, r"memcpy|memset|copy|catarray|index|gather|scatter|transpose|permute"
     r"|fill|upsample|flip|roll_|(?<![a-z])pad_|expandinput|concat|split_with_sizes|triu_tril"),
    (KernelClass.ELEMENTWISE, r"elementwise|vectorized|pointwise|distribution|pool|philox"
     r"|bernoulli|non_finite|op_?tensor|op\dd?tensor|tensorop|add_kernel|mul_kernel|scal_kernel"
     r"|scale(_|packed\w*_)kernel|sigmoid|tanh"),
)  # fmt: skip
# Kernels beside a product or a convolution, which have no word for it: only in these scopes.
_OF_A_LIBRARY = (
    (KernelClass.CONV, "cask", r"computeoffsetskernel|init_device_workspace_kernel"),
    (KernelClass.GEMM, "epilogue", r"globalkernel"),
)
_COMPILED_INDUCTOR = tuple((kind, re.compile(pattern)) for kind, pattern in _INDUCTOR)
_COMPILED_WORDS = tuple((kind, re.compile(pattern)) for kind, pattern in _WORDS)
_COMPILED_LIBRARY = tuple((kind, scope, re.compile(own)) for kind, scope, own in _OF_A_LIBRARY)


def kernel_class(name: str) -> KernelClass:
    """Classify a kernel, copy or memset by its name; ``other`` where nothing is known.

    The words of the function's own name decide: not those of namespaces, of parameters or of a
    template's arguments, but where the function is a mere carrier of what it is given.
    """
    function = read_name(name)
    if communicates(function) and not function.own.startswith("triton_"):
        return KernelClass.COMMUNICATION
    return carried_class(function, _by_words) or _by_words(function)


def _by_words(function: FunctionName) -> KernelClass:
    own = function.own.lower()
    patterns = _COMPILED_INDUCTOR if own.startswith("triton_") else ()
    for kind, pattern in (*patterns, *_COMPILED_WORDS):
        if pattern.search(own):
            return kind
    for kind, scope, pattern in _COMPILED_LIBRARY:
        if pattern.search(own) and any(around.startswith(scope) for around in function.scopes):
            return kind
    return KernelClass.OTHER
