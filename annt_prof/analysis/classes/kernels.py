"""What kind of work a device kernel does, told from its name."""

from __future__ import annotations

import re

from annt_prof.analysis.classes.carriers import carried_class
from annt_prof.analysis.classes.collectives import communicates
from annt_prof.analysis.classes.function_name import FunctionName, read_name
from annt_prof.categories import KernelClass

_OF_INDUCTOR = "triton_"
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
# Looked for in the function's own name in small letters: words, then a pattern where words do not
# do. The first that is found decides, so the particular stands before the general: a fused
# convolution is often called implicit gemm. Where one kernel does two things, the one that costs
# more stands first: a norm or an activation that also quantizes is no cast, a product that also
# gathers is a product.
# Source: names in traces of PyTorch 1.8 to 2.15 with cuBLAS, cuDNN, CUTLASS, Triton, MIOpen,
# Tensile, Composable Kernel, Transformer Engine, Apex, FBGEMM, vLLM, SGLang, FlashInfer,
# TensorRT-LLM, bitsandbytes; tests/fixtures/kernel_names.tsv has them.
_WORDS = (
    (KernelClass.MEMORY, "memcpy memset __amd_rocclr_", ""),
    (KernelClass.ELEMENTWISE, "", r"^(sub)?tensorop|^op\dd?tensor|^optensor"),  # MIOpen's
    (KernelClass.GEMM, "", r"^(custom_)?cijk|^bmm_"),
    (KernelClass.ELEMENTWISE, "rotary mlarope", r"(?<![a-z])m?rope(?![a-z])"),
    (
        KernelClass.MEMORY,
        "embedding reshape_and_cache concat_and_cache appendpagedkv sum_and_scatter",
        r"(store|set|write|append|copy)_\w*kv_?(cache|buffer)",
    ),
    (
        KernelClass.ATTENTION,
        "fmha attention sdpa splitkv batchdecode batchprefill singledecode singleprefill"
        " _fwd_grouped_kernel_stage _fwd_kernel_stage",
        r"flash(?!infer)|attn(?!_?norm)|(?<![a-z])(sage|(mha|mla|gqa|mqa)_(?!metadata|rope))|^pa_",
    ),
    (
        KernelClass.REDUCTION,
        "softmax lpnorm lp_norm l2normfunctor cross_entropy crossentropy nll_loss",
        "",
    ),
    (
        KernelClass.NORM,
        "rowwisemoments gammabeta compute_grad_input computegradinput computeinternalgradients"
        " fusedparams",
        r"norm(?!al)|(?<![a-z])bn_|(?<![a-z])ln_[fb]wd",
    ),
    (KernelClass.OPTIMIZER, "adam adagrad optimizer", r"(?<![a-z])(sgd|lamb(?!d)|lion(?![a-z]))"),
    (
        KernelClass.CONV,
        "winograd wgrad dgrad fprop implicit_gemm implicitgemm im2col col2im im2d2col nchwtonhwc"
        " nhwctonchw depthwise fft2d miopensp3 igemm_ gcnasm",
        r"conv(?!ert)|[sh]\d*cudnn",
    ),
    (
        KernelClass.GEMM,
        "gemm gemv nvjet cijk_ splitk split_k hmma xmma wmma mfma matmul marlin grouped_mm spmm"
        " flatmm fused_moe_kernel",
        r"(?<![a-z])(b?mm_|dot_kernel|tensorop_|fmoe_)",
    ),
    (KernelClass.ELEMENTWISE, "silu gelu swiglu relu and_mul activation dropout", ""),
    (
        KernelClass.CAST,
        "quant convert cvt_ to_fp8 to_fp4",
        r"(?<!broad)(?<!no_)cast|float\d+\w*_copy",
    ),
    (
        KernelClass.REDUCTION,
        "reduce reduction argmax argmin cunn_ welford mean topk top_k cumsum histogram amax_kernel",
        r"(?<![a-z])sum|(?<!selective_)scan",
    ),
    (
        KernelClass.MEMORY,
        "copy catarray gather scatter transpose permute upsample flip roll_ expandinput concat"
        " split_with_sizes triu_tril padding",
        r"index(?!ed)|(?<!pre)fill|(?<![a-z])pad(_|\dd)",
    ),
    (
        KernelClass.ELEMENTWISE,
        "elementwise vectorized pointwise distribution pool philox bernoulli non_finite add_kernel"
        " mul_kernel _transform_f scal_kernel scale_kernel scalepacked sigmoid tanh",
        "",
    ),
)
# Kernels beside a product or a convolution, which have no word for it: only in these scopes.
_OF_A_LIBRARY = (
    (KernelClass.CONV, "cask", r"computeoffsetskernel|init_device_workspace_kernel"),
    (KernelClass.CONV, "cudnn", r"computeoffsetskernel"),
    (KernelClass.GEMM, "epilogue", r"globalkernel"),
    (KernelClass.REDUCTION, "mbtopk", r"^compute"),
)
_COMPILED_INDUCTOR = tuple((kind, re.compile(pattern)) for kind, pattern in _INDUCTOR)
_COMPILED_WORDS = tuple(
    (kind, tuple(words.split()), re.compile(pattern) if pattern else None)
    for kind, words, pattern in _WORDS
)
_COMPILED_LIBRARY = tuple((kind, scope, re.compile(own)) for kind, scope, own in _OF_A_LIBRARY)


def kernel_class(name: str) -> KernelClass:
    """Classify a kernel, copy or memset by its name; ``other`` where nothing is known.

    The words of the function's own name decide: not those of namespaces, of parameters or of a
    template's arguments, but where the function is a mere carrier of what it is given.
    """
    function = read_name(name)
    if communicates(function) and not function.own.startswith(_OF_INDUCTOR):
        return KernelClass.COMMUNICATION
    return carried_class(function, _by_words) or _by_words(function)


def _by_words(function: FunctionName) -> KernelClass:
    own = function.own.lower()
    if own.startswith(_OF_INDUCTOR):
        for kind, pattern in _COMPILED_INDUCTOR:
            if pattern.search(own):
                return kind
    for kind, words, extra in _COMPILED_WORDS:
        for word in words:
            if word in own:
                return kind
        if extra and extra.search(own):
            return kind
    for kind, scope, pattern in _COMPILED_LIBRARY:
        if pattern.search(own) and any(around.startswith(scope) for around in function.scopes):
            return kind
    return KernelClass.OTHER
