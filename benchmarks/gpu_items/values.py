"""The values that pass between the parent, the items' processes and ``results.jsonl``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.gpu_items.owed import Owed

PRODUCT_NEEDS = ("torch", "torchvision", "numpy", "scipy", "msgspec", "pydantic", "pydantic_core",
                 "annotated_types", "typing_extensions", "typing_inspection", "ruamel.yaml",
                 "click", "rich", "markdown_it", "mdurl", "pygments", "psutil", "packaging",
                 "PIL")  # fmt: skip
"""Packages that ``annt_prof run`` cannot do without, with what these need, since wheels that are
brought along one by one come without it."""

NEEDS_DEVICE = "needs a CUDA device"
ONE_OF_ITS_KIND = "a dry run rehearses one of its kind"
"""Why a dry run leaves an item out."""


class Status(StrEnum):
    """How an item ended."""

    DONE = "done"
    OFF = "off"  # it ran, and a figure is not what is expected
    FAILED = "failed"
    KILLED = "killed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Expectation:
    """What a figure should be.

    Attributes:
        value: Printed beside the figure.
        low, high: Accepted; None where there is no such limit.
        by_interval: It is accepted as well where the reading's interval holds ``value``.
    """

    value: float
    low: float | None
    high: float | None
    by_interval: bool = False


def within(value: float, share: float) -> Expectation:
    """Accept ``value`` with a deviation of ``share`` of it."""
    return Expectation(value, value * (1 - share), value * (1 + share))


def at_most(value: float) -> Expectation:
    """Accept anything up to ``value``."""
    return Expectation(value, None, value)


def at_least(value: float) -> Expectation:
    """Accept anything from ``value`` on."""
    return Expectation(value, value, None)


def interval_holds(value: float, share: float) -> Expectation:
    """Accept an interval that ``value`` lies in, and a figure that deviates by ``share`` of it.

    A 95 % interval leaves out the truth once in twenty where all is well, and several are looked at
    in an hour; a narrow one does so by next to nothing, which is no finding.
    """
    return Expectation(value, value * (1 - share), value * (1 + share), by_interval=True)


@dataclass(frozen=True)
class Reading:
    """One figure, or one thing that went wrong.

    Attributes:
        name: Of what.
        figure: None where there is none; ``note`` then says why.
        unit: Of figure, expectation and interval; empty for a ratio or a count.
        interval: 95 %.
        launches: Behind the interval.
        trouble: What went wrong; a reading with one is never as expected.
    """

    name: str
    figure: float | None = None
    unit: str = ""
    expected: Expectation | None = None
    interval: tuple[float, float] | None = None
    launches: int | None = None
    note: str = ""
    trouble: str = ""

    def as_json_allows(self) -> Reading:
        """Return it as JSON can hold it: no figure that is no number, which is trouble instead."""
        finite = self.interval is not None and all(map(math.isfinite, self.interval))
        found = replace(self, interval=self.interval if finite else None)
        if self.figure is None or math.isfinite(self.figure):
            return found
        trouble = "; ".join(filter(None, (self.trouble, f"the figure is {self.figure}")))
        return replace(found, figure=None, trouble=trouble)

    @property
    def as_expected(self) -> bool:
        """Whether nothing speaks against it; what is only told, expects nothing."""
        if self.trouble:
            return False
        if self.expected is None:
            return True
        by_interval = self.interval is not None and self.expected.by_interval
        if by_interval and self.interval[0] <= self.expected.value <= self.interval[1]:
            return True
        low, high = self.expected.low, self.expected.high
        return self.figure is not None and (
            (low is None or low <= self.figure) and (high is None or self.figure <= high)
        )


@dataclass(frozen=True)
class Item:
    """Something to measure.

    Attributes:
        key: Unique; letters, digits, ``_`` and ``+``.
        module: Runs it, as ``python -m``.
        arguments: Of that module.
        serves: Bullets of ``reports/README.md`` that it works off.
        estimate_s: It is skipped where less time is left.
        limit_s: It is killed after this.
        beside_others: It times nothing, so others like it may run meanwhile.
        not_rehearsed: Why the dry run leaves it out; empty where it runs it on the CPU, with tiny
            sizes.
        needs: Packages to import.
    """

    key: str
    module: str
    title: str
    serves: tuple[Owed, ...]
    estimate_s: float
    limit_s: float
    arguments: tuple[str, ...] = ()
    beside_others: bool = False
    not_rehearsed: str = ""
    needs: tuple[str, ...] = PRODUCT_NEEDS


@dataclass(frozen=True)
class Outcome:
    """How an item went: one line of ``results.jsonl``.

    Attributes:
        seconds: It ran for.
        reason: Why it is not done, or what is off.
        rehearsal: Whether it ran on a CPU with tiny sizes, which owes all the same.
    """

    part: int
    key: str
    title: str
    serves: tuple[Owed, ...]
    status: Status
    seconds: float
    reason: str = ""
    readings: tuple[Reading, ...] = field(default=())
    rehearsal: bool = False
