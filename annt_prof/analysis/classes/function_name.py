"""A kernel's name taken apart: what is the function's own name, and what stands around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from annt_prof.analysis.classes.mangled_name import demangled

LONGEST_NAME = 4096
"""Characters of a name that are read, templates reaching 2 kB."""

_ANONYMOUS = "(anonymous namespace)"
# As Nsight Systems, gcc and Windows write it.
_OTHERWISE_ANONYMOUS = ("<unnamed>", "{anonymous}", "`anonymous namespace'")
_BEHIND_A_COPY = " [clone"  # that the compiler made of the function
_BEFORE_A_TYPE = "typeinfo name for "  # in Intel's traces, whose kernels are types
# First where no brackets are meant, and words behind the parameters, which end no return type.
_OPERATOR = r"\boperator ?(?:\(\)|\[\]|<=>|<<=?|>>=?|->\*?|[<>]=?)|->"
_OUTSIDE = re.compile(rf"{_OPERATOR}| (?:const|volatile|noexcept|&&?)(?=::| |$)|::|[<({{\[ ]")
_IN_A_TEMPLATE = re.compile(rf"{_OPERATOR}|[<>({{\[,]")
# Parameters, and lambdas as compilers ({}) and Nsight ([]) write them.
_PAIRS = {"(": re.compile(r"[()]"), "{": re.compile(r"[{}]"), "[": re.compile(r"[\[\]]")}
_IDENTIFIER = re.compile(r"~?[A-Za-z_$][\w$.]*")


@dataclass(frozen=True, slots=True)
class FunctionName:
    """What a function's or a type's name consists of, as it is written.

    Attributes:
        scopes: Namespaces and classes around it, the outermost first, without their template
            arguments; those without a name are left out.
        own: The function's own name: of a lambda or an ``operator()`` that of the function or
            the class that it lies in. The whole text where it is no name in C++.
        arguments: Of the template, as written.
        inside: What follows the parameters where what is meant lies in the function: lambdas.
        parameters: As written, with brackets; empty where there are none.
    """

    scopes: tuple[str, ...]
    own: str
    arguments: tuple[str, ...] = ()
    inside: str = ""
    parameters: str = ""


@dataclass(slots=True)
class _Segment:
    """Between two ``::`` outside all brackets.

    Attributes:
        name: Its identifier; empty for a lambda and a namespace without a name.
        arguments: Of its template.
        parameters: With brackets; empty where it has none.
        end: Place behind it.
    """

    name: str
    arguments: tuple[str, ...] = ()
    parameters: str = ""
    end: int = -1


def read_name(name: str) -> FunctionName:
    """Take a name apart, mangled or not; never fails, whatever it is given.

    Args:
        name: Of a kernel, a copy, or a template's argument; read up to ``LONGEST_NAME``.
    """
    text = name[:LONGEST_NAME].partition(_BEHIND_A_COPY)[0].strip().removesuffix(".kd")
    text = text.removeprefix(_BEFORE_A_TYPE)
    if text.startswith("_Z"):
        text = demangled(text) or text
    if "<" not in text and "(" not in text and ":" not in text and " " not in text:
        return FunctionName((), text)
    return _of_demangled(text)


def _of_demangled(text: str) -> FunctionName:
    whole = text
    for spelling in _OTHERWISE_ANONYMOUS:
        text = text.replace(spelling, _ANONYMOUS)
    segments = _segments(text)
    if segments is None:
        return FunctionName((), whole)
    of_parameters = next(
        (i for i, segment in enumerate(segments) if segment.parameters), len(segments) - 1
    )
    own = of_parameters
    while own and segments[own].name in ("", "operator"):
        own -= 1
    return FunctionName(
        tuple(segment.name for segment in segments[:own] if segment.name),
        segments[own].name or whole,
        segments[own].arguments,
        text[segments[of_parameters].end :],
        segments[of_parameters].parameters,
    )


def _segments(text: str) -> list[_Segment] | None:
    """Find what stands between ``::`` outside all brackets; None where it is no C++.

    A space there ends a return type; one before a bracket says that this is no function's.
    """
    segments = [_segment_at(text, 0)]
    place = 0
    while match := _OUTSIDE.search(text, place):
        mark, start, place = match[0], match.start(), match.end()
        if mark == "::":
            segments[-1].end = start
            segments.append(_segment_at(text, place))
        elif mark == " ":
            segments = [_segment_at(text, place)]
        elif mark == "<":
            parts, place = _parts(text, place)
            segments[-1].arguments = segments[-1].arguments or parts
        elif mark in ("{", "["):
            place = _behind(text, start)
        elif mark == "(":
            place = _behind(text, start)
            if text.startswith(_ANONYMOUS, start):
                continue
            if start and text[start - 1] == " ":
                return None
            segments[-1].parameters = segments[-1].parameters or text[start:place]
    segments[-1].end = len(text)
    return segments


def _segment_at(text: str, place: int) -> _Segment:
    match = _IDENTIFIER.match(text, place)
    return _Segment(match[0] if match else "")


def _parts(text: str, place: int) -> tuple[tuple[str, ...], int]:
    """Return a template's arguments, which begin at ``place``, and the place behind them."""
    parts, start, depth = [], place, 1
    while match := _IN_A_TEMPLATE.search(text, place):
        mark, place = match[0], match.end()
        if mark in _PAIRS:
            place = _behind(text, match.start())
        elif mark == "<":
            depth += 1
        elif mark == ">" or (mark == "," and depth == 1):
            depth -= mark == ">"
            if depth < 2 and (depth == 0 or mark == ","):
                parts.append(text[start : match.start()].strip())
                start = place
            if not depth:
                return tuple(parts), place
    rest = text[start:].strip()  # the name breaks off
    return (*parts, rest) if rest else tuple(parts), len(text)


def _behind(text: str, place: int) -> int:
    """Return the place behind what closes the bracket at ``place``."""
    depth = 0
    for match in _PAIRS[text[place]].finditer(text, place):
        depth += 1 if match[0] == text[place] else -1
        if not depth:
            return match.end()
    return len(text)
