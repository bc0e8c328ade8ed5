"""A traced step's time by the names of its kernels, or without a device of its operators."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.views.digest_progress import no_trace, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from annt_prof.runs.digests import Digest


@dataclass(frozen=True)
class NamedTimes:
    """Of one trace.

    Attributes:
        kernels: Whether names are of kernels; of operators otherwise, with the time of their own.
        by_name_ns: Of a mean step, rounded.
    """

    kernels: bool
    by_name_ns: Mapping[str, int]


@dataclass(frozen=True)
class Unnamed:
    """Stands for what a trace does not tell by name.

    Attributes:
        why: In words.
    """

    why: str


def named_times(digest: Digest) -> NamedTimes | Unnamed:
    """Return what a trace shows by name, or why it shows nothing.

    Nothing where the file breaks off: what is left of its kernels is of fewer steps than it says.
    """
    if not digest.analysis.complete:
        return Unnamed("the file breaks off, so its times by name are not those of its steps")
    kernels, parts = digest.analysis.kernels, digest.kernel_parts
    if kernels is not None and parts is not None and parts.num_steps:
        total_ns = {row.name: row.total_ns for row in kernels.rows}
        return NamedTimes(kernels=True, by_name_ns=_per_step(total_ns, parts.num_steps))
    operators = digest.operators
    if operators is None or not operators.num_steps:
        return Unnamed("it shows neither kernels nor operators")
    own_ns = {row.name: row.self_ns for row in operators.rows if row.self_ns is not None}
    return NamedTimes(kernels=False, by_name_ns=_per_step(own_ns, operators.num_steps))


def named_times_of(
    trace: Path | None, variant: str, digest_of: Callable[[Path], Digest]
) -> NamedTimes | Unnamed:
    """Return what a variant's trace shows by name, or why that is not known.

    Args:
        trace: Its file; None where it has none.
        variant: Its name.
        digest_of: Reads a trace.
    """
    if trace is None:
        return unread(variant, no_trace(variant))
    try:
        return named_times(digest_of(trace))
    except UserError as error:
        return unread(variant, error)


def unread(variant: str, error: UserError) -> Unnamed:
    """Return why a variant's trace, which has no digest, tells nothing."""
    return Unnamed(reason(variant, error))


def _per_step(total_ns: Mapping[str, int], num_steps: int) -> dict[str, int]:
    return {name: round(Fraction(ns, num_steps)) for name, ns in total_ns.items()}
