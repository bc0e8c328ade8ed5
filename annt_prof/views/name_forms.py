"""The forms a kernel's name can be written in, from the fullest to the shortest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.analysis.classes.carriers import GENERIC, is_given_its_operation
from annt_prof.analysis.classes.function_name import LONGEST_NAME, FunctionName, read_name
from annt_prof.analysis.classes.mangled_name import demangled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Keep = Callable[[FunctionName], tuple[str, ...]]

# They say where a library keeps a function, not which it is.
_PLACES = frozenset({"at", "native", "detail", "c10", "std", "cuda", "internal", "impl", "kernel"})
# One word alone is often a name in several libraries: dispatch, combine, kernel.
_ONE_WORD = re.compile(r"[A-Za-z][a-z]*\d*")
_NUMBER = re.compile(r"(?:\([^()]*\))*-?\d+\w*|true|false")
_PLAIN_TYPES = frozenset(
    {
        "void", "bool", "char", "short", "int", "long", "float", "double", "unsigned", "signed",
        "Half", "BFloat16", "half_t", "bfloat16_t", "tfloat32_t", "__half", "__half2",
        "__nv_bfloat16", "__hip_bfloat16", "half", "float2", "int4",
    }
)  # fmt: skip
# What PyTorch's kernels are given beside the operation: pointers, and where elements lie.
_BESIDE = re.compile(r"(?:std)?array|Array|OpaqueType|OffsetCalculator|LoadWith|StoreWith", re.I)
_NAMED = re.compile(r"[A-Za-z_]\w*")
_WRAPPED = re.compile(r"enable_", re.IGNORECASE)
# Of which memory a copy is tells it from no other in most tables.
_COPY = re.compile(r"(Mem(?:cpy|set)[^()]*?) \(.*\)")
# What the innermost one takes tells PyTorch's operations on different types apart.
_LAMBDA = re.compile(r"[{\[]lambda\(([^()]*)\)[^()]*(?:\([^()]*\))?[}\]]$")
_SCOPE = re.compile(r"\b\w+::")
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class NameForms:
    """How a kernel's name can be written.

    Attributes:
        full: With arguments, the fullest first: all of them, without numbers, without the types of
            elements. A name that is not C++ is its only form; a copy's is without its memories.
        own: The function's name, with the namespace that it lies in where it is a single word.
        operation: What the kernel does, where it is given that: ``MulFunctor``; empty elsewhere.
        whole: With everything but the return type, and not mangled.
    """

    full: tuple[str, ...]
    own: str
    operation: str
    whole: str

    def fullest_first(self) -> tuple[str, ...]:
        """Return all forms, each once."""
        given = f"{self.own}<{self.operation}>" if self.operation else self.own
        return tuple(dict.fromkeys((*self.full, given, self.own)))


def name_forms(name: str) -> NameForms:
    """Take a kernel's name apart and put it together again in shorter and shorter forms.

    Namespaces, return types and parameters are in none. What is wrapped in a function without a
    name of its own (``cutlass::Kernel``) stands for it.
    """
    function = _unwrapped(read_name(name))
    if copied := _COPY.fullmatch(name):
        return NameForms((copied[1],), name, "", name)
    if function.own == name or not _NAMED.match(function.own):
        return NameForms((name,), name, "", name)
    scope = next((scope for scope in reversed(function.scopes) if scope not in _PLACES), "")
    own = function.own
    if scope and _ONE_WORD.fullmatch(own):
        own = f"{scope}::{own}"
    full = tuple(_with(own, _written(function, keep)) for keep in (_all, _types, _names))
    given = _operation(function) if is_given_its_operation(function) else ""
    whole = (demangled(name) or name) if name.startswith("_Z") else name.removeprefix("void ")
    return NameForms(full, own, given, whole)


def _operation(function: FunctionName) -> str:
    """Return the innermost named thing among the arguments: MulFunctor in BinaryFunctor."""
    innermost = ""
    for _ in range(_DEEPEST):
        named = [read_name(text) for text in _names(function)]
        if not named:
            return innermost
        function = named[0]
        innermost = function.own
    return innermost


def _unwrapped(function: FunctionName) -> FunctionName:
    for _ in range(_DEEPEST):
        wrapped = _names(function)
        generic = function.own.lower() in GENERIC or _WRAPPED.match(function.own)
        if not generic or not wrapped:
            break
        function = read_name(wrapped[0])
    return function


def _all(function: FunctionName) -> tuple[str, ...]:
    return function.arguments


def _types(function: FunctionName) -> tuple[str, ...]:
    return tuple(text for text in function.arguments if not _NUMBER.fullmatch(text))


def _names(function: FunctionName) -> tuple[str, ...]:
    """Return those arguments that are neither numbers nor types of elements or places."""
    return tuple(
        text
        for text in _types(function)
        if _NAMED.match(text)
        and _bare(text).rpartition("::")[2].split(" ")[0] not in _PLAIN_TYPES
        and not _BESIDE.match(read_name(text).own)
        and not read_name(text).own.endswith(("OffsetCalculator", "Metadata"))
    )


def _written(function: FunctionName, keep: _Keep, depth: int = 0) -> Iterator[str]:
    """Give the arguments that are kept, written without namespaces and parameters."""
    for text in keep(function):
        bare = _bare(text)
        behind = text[len(bare) :]
        if not _NAMED.match(text) or depth == _DEEPEST or not re.search(r"[<(:]", bare):
            yield text
            continue
        argument = read_name(bare)
        of_lambda = _LAMBDA.search(argument.inside) if keep is _all else None
        own = f"{argument.own}({_SCOPE.sub('', of_lambda[1])})" if of_lambda else argument.own
        yield _with(own, _written(argument, keep, depth + 1)) + behind


def _bare(text: str) -> str:
    """Drop what makes a type a pointer to it."""
    return text.rstrip("*& ").removesuffix(" const").rstrip("*& ")


def _with(own: str, arguments: Iterator[str]) -> str:
    text = ", ".join(arguments)
    return f"{own}<{text}>"[:LONGEST_NAME] if text else own
