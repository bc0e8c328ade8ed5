"""Whether long steps belong to the training, and windows hold them unequally.

A long step may be the training's own (every twelfth batch is long, say) or another program's that
took a core. The training does the same in every process at the same iteration: the data's order,
the model and its counters begin alike. Another program does not.
"""

from __future__ import annotations

from math import prod
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.runs.record import TimedWindow

LONG = 2.0  # times the median step of a process
_BY_CHANCE = 0.01
_ALONE_BY_CHANCE = 0.001
"""Where a single step coincides; a remark about chance costs more trust than one too few."""


_GOLDEN = 0.6180339887498949  # its multiples modulo 1 are spread as evenly as can be


def seems_uneven(windows: Sequence[TimedWindow]) -> bool:
    """Whether a step, or what was dropped before a window, took far longer than most steps."""
    steps = [ns for window in windows for ns in window.step_ns]
    if not steps:
        return False
    limit = LONG * median(steps)
    return max(steps) > limit or any(_dropped_ns(w) > limit for w in windows)


def _dropped_ns(window: TimedWindow) -> float:
    """Return the mean time of what the window dropped: its switch-in."""
    lasted_ns = window.ended_ns - window.started_ns - window.wall_ns
    return lasted_ns / window.dropped if window.dropped else 0.0


def phase(launch: int, stride: int, group: int) -> int:
    """Return how many iterations later than in the first launch the windows of a launch begin.

    Where windows and what lies between them take as many iterations as long steps lie apart, every
    window has the same part of them, and those of the same phase in every launch would never show
    another.

    Args:
        launch: Counted from 0.
        stride: Iterations from the beginning of a window to that of the next.
        group: Iterations of an optimizer step.

    Source: the golden ratio's additive sequence, H. Weyl's equidistribution with the lowest
    discrepancy.
    """
    return int(launch * _GOLDEN % 1 * stride) // group * group


def unequal(windows: Sequence[TimedWindow], group: int) -> bool:
    """Whether long steps that belong to the training are in some windows more than in others.

    A median over windows then leaves them out or doubles them; their mean does not.

    Args:
        windows: Of one variant, over its launches.
        group: Iterations of an optimizer step.
    """
    repeated, own = _recurring(windows, group)
    numbers = [list(_numbers(window, group)) for window in windows]
    # Of a step that one process alone timed, nothing tells whose it is.
    told = [steps for steps in numbers if repeated.issuperset(steps)]
    held = [sum(number in own for number in steps) for steps in told]
    return bool(own) and bool(held) and min(held) < max(held)


def _recurring(windows: Sequence[TimedWindow], group: int) -> tuple[set[int], set[int]]:
    """Return the numbers of steps that several processes timed, and of those long in all of them.

    The latter is empty where so many coincide by chance, and where it is one only: what each
    process does once (as to collect its garbage for the first time) need not come round.
    """
    repeated, expected = _repeated(windows, group)
    recurring = {number for number, long in repeated.items() if long}
    certain = len(recurring) > 1 and _by_chance(len(recurring), expected) < _BY_CHANCE
    return set(repeated), recurring if certain else set()


def _repeated(windows: Sequence[TimedWindow], group: int) -> tuple[dict[int, bool], float]:
    """Return whether a step is long in all processes, for those that several of them timed.

    Returns:
        By the step's number; and of how many chance would make that seem so.
    """
    timed: dict[int, dict[int, bool]] = {}  # whether it is long, by launch, by the step's number
    shares: dict[int, float] = {}
    for launch in {window.launch for window in windows}:
        own = [window for window in windows if window.launch == launch]
        limit = LONG * median(ns for window in own for ns in window.step_ns)
        steps = [
            (number, ns > limit)
            for window in own
            for number, ns in zip(_numbers(window, group), window.step_ns, strict=True)
        ]
        shares[launch] = sum(long for _, long in steps) / len(steps)
        for number, long in steps:
            timed.setdefault(number, {})[launch] = long
    repeated = {number: seen for number, seen in timed.items() if len(seen) > 1}
    expected = sum(prod(shares[launch] for launch in seen) for seen in repeated.values())
    return {number: all(seen.values()) for number, seen in repeated.items()}, expected


def _by_chance(coincidences: int, expected: float) -> float:
    """Return how likely so many coincidences or more are: the Poisson distribution's tail."""
    from scipy.special import pdtrc

    return float(pdtrc(coincidences - 1, expected))


class Once(NamedTuple):
    """A step that is long in every process, and the only one.

    Attributes:
        number: Of the step.
        longer_ns: Than the median step, per iteration.
        windows: That hold it.
        of: Windows.
    """

    number: int
    longer_ns: float
    windows: int
    of: int


def once(windows: Sequence[TimedWindow], group: int) -> Once | None:
    """Return the single step that is long in every process, if there is one and chance is not it.

    Whether it comes round is not to be told from it: no process lived for two of it. The medians
    of launches leave it out where fewer than half of their windows hold it.

    Args:
        windows: Of one variant, over its launches.
        group: Iterations of an optimizer step.
    """
    repeated, expected = _repeated(windows, group)
    recurring = [number for number, long in repeated.items() if long]
    if len(recurring) != 1 or _by_chance(1, expected) >= _ALONE_BY_CHANCE:
        return None
    (number,) = recurring
    steps = [ns for window in windows for ns in window.step_ns]
    holding = [w for w in windows if number in set(_numbers(w, group))]
    long_ns = median(w.step_ns[number - w.first_iteration // group] for w in holding)
    return Once(number, long_ns - median(steps), len(holding), len(windows))


def _numbers(window: TimedWindow, group: int) -> Iterator[int]:
    first = window.first_iteration // group
    return iter(range(first, first + len(window.step_ns)))
