"""Kernels whose own name tells nothing, as what they do is an argument of their template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from annt_prof.analysis.classes.function_name import FunctionName, read_name
from annt_prof.categories import KernelClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# PyTorch's for every operation on elements, in CUDA, HIP and SYCL (VectorizedElementwiseKernel).
_ELEMENTWISE = re.compile(r"^(?:vectorized|unrolled|legacy|templated|_)*elementwise_?kernel")
# What such an operation is, other than arithmetic.
_FUNCTORS: tuple[tuple[KernelClass, re.Pattern[str]], ...] = (
    (KernelClass.CAST, re.compile(r"float\d+\w*_copy|(?<!broad)(?<!no)cast|quant")),
    (KernelClass.NORM, re.compile(r"(?:batch|layer|group|instance|rms)_?norm")),
    (KernelClass.MEMORY, re.compile(r"copy|fill(?!ed)|index|gather|scatter|flip|roll")),
)
_COPY = re.compile(r"^direct_copy_kernel|^copyscalarfunc|^copy_kernel")
# Both load or store another type than the copy is of, known when the kernel is launched.
_CASTS_WHEN_LAUNCHED = ("LoadWithCast", "StoreWithCast")
# Until PyTorch 1.13 the first lambda of gpu_kernel_impl casts nothing; since then only what has
# to be cast is launched by it, and unrolled four times, as wide elements never were before.
# Source: ATen/native/cuda/CUDALoops.cuh and Loops.cuh of 1.8, 1.13 and 2.9.
_WIDE = re.compile(r"[{\[]lambda\((?:float|double|int|long)\)")

GENERIC = frozenset(
    {
        "kernel", "kernel2", "device_kernel", "kentry", "static_kernel", "_kernel_agent",
        "kernel_agent", "global_kernel", "run_kernel", "launch_kernel", "generic_kernel",
        "parallelforagent",
    }
)  # fmt: skip
"""Names, in small letters, that tell nothing: CUTLASS's (cutlass::Kernel, device_kernel),
Composable Kernel's, Thrust's and the like."""
# Lists of tensors are what optimizers update.
_LISTS = "multi_tensor_apply"
_OF_LISTS: tuple[tuple[KernelClass, re.Pattern[str]], ...] = (
    (KernelClass.ELEMENTWISE, re.compile(r"non_finite|unscale|^scalefunctor|axpby")),
    (KernelClass.REDUCTION, re.compile(r"norm|maxfunctor")),
    (KernelClass.MEMORY, re.compile(r"^copy|fill|zero")),
)
_DEEPEST = 4  # arguments in arguments: ReduceOp<func_wrapper_t<sum_functor<...>>>
_MOST = 32  # names that are looked at, where a hostile name has hundreds
# Names of functions and of what is one: not of elements' types, and not of what holds pointers.
_ANOTHER_NAME = re.compile(
    r"(?!(?:float|double|int|long|bool|char|unsigned|c10::\w+|std::array|at::detail::Array)\b)"
    r"[A-Za-z_]"
)


def is_given_its_operation(function: FunctionName) -> bool:
    """Tell whether a kernel does to every element, or to every list, what it is given."""
    own = function.own.lower()
    return bool(_ELEMENTWISE.match(own)) or own.startswith((_LISTS, "reduce_kernel"))


def carried_class(
    function: FunctionName, by_words: Callable[[FunctionName], KernelClass]
) -> KernelClass | None:
    """Tell what a generic kernel does from what it carries; None where its name is its own.

    Args:
        function: The kernel.
        by_words: Tells the class of what is named for what it does, ``other`` where it is not.
    """
    own = function.own.lower()
    if _ELEMENTWISE.match(own):
        return _elementwise(function)
    if own.startswith(_LISTS):
        return _first(_carried(function), _OF_LISTS, KernelClass.OPTIMIZER)
    if own not in GENERIC:
        return None
    carried = (by_words(_named(argument)) for argument in (function, *_carried(function)))
    matrix = any(scope.startswith("cutlass") for scope in function.scopes)
    unknown = KernelClass.GEMM if matrix else KernelClass.OTHER
    return next((kind for kind in carried if kind is not KernelClass.OTHER), unknown)


def _named(function: FunctionName) -> FunctionName:
    """Name what has a name that anything could have after what it lies in: ``gemvx::kernel``."""
    if function.own.lower() not in (*GENERIC, "functor") or not function.scopes:
        return function
    return FunctionName(function.scopes[:-1], function.scopes[-1])


def _elementwise(function: FunctionName) -> KernelClass:
    carried = list(_carried(function))
    if any(_COPY.match(argument.own.lower()) for argument in carried):
        casts = any(argument.own in _CASTS_WHEN_LAUNCHED for argument in carried)
        return KernelClass.CAST if casts or _casts_strided(function) else KernelClass.MEMORY
    return _first(carried, _FUNCTORS, KernelClass.ELEMENTWISE)


def _casts_strided(function: FunctionName) -> bool:
    """Tell whether a copy between strided tensors casts."""
    if len(function.arguments) < 3:
        return False
    implementation = read_name(function.arguments[2])
    if implementation.own != "gpu_kernel_impl" or not implementation.arguments:
        return False
    if implementation.inside.endswith(("#2}", "(instance 2)]")):
        return True
    unrolled = function.arguments[1].rpartition(")")[2]  # Nsight writes (int)4
    return unrolled == "4" and bool(_WIDE.search(implementation.arguments[0]))


def _first(
    carried: Iterator[FunctionName] | list[FunctionName],
    patterns: tuple[tuple[KernelClass, re.Pattern[str]], ...],
    otherwise: KernelClass,
) -> KernelClass:
    for argument in carried:
        own = argument.own.lower()
        for kind, pattern in patterns:
            if pattern.search(own):
                return kind
    return otherwise


def _carried(function: FunctionName) -> Iterator[FunctionName]:
    """Give the names in a template's arguments, and in theirs, level by level."""
    level, given = [function], 0
    for _ in range(_DEEPEST):
        below = []
        for around in level:
            for text in around.arguments:
                if given == _MOST:
                    return
                if _ANOTHER_NAME.match(text):
                    given += 1
                    below.append(read_name(text))
                    yield below[-1]
        level = below
