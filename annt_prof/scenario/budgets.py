"""What a budget is: a limit on one metric of one variant, alone or against something else."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from annt_prof.scenario.tree import KeyPath


class LimitKind(StrEnum):
    """How a limit is meant. The value is the key in a file."""

    MAX = "max"
    MIN = "min"
    MAX_RATIO = "max_ratio"
    MIN_RATIO = "min_ratio"
    MAX_SHARE = "max_share"
    NONE_OF = "none_of"  # no_pitfalls

    @property
    def is_upper(self) -> bool:
        """Whether more than the limit is a failure."""
        return self in (LimitKind.MAX, LimitKind.MAX_RATIO, LimitKind.MAX_SHARE)

    @property
    def is_ratio(self) -> bool:
        """Whether it is a ratio to something else."""
        return self in (LimitKind.MAX_RATIO, LimitKind.MIN_RATIO)


class AgainstKind(StrEnum):
    """What a ratio is to."""

    BASELINE = "baseline"  # a stored one
    VARIANT = "variant"  # of the same run
    REFERENCE = "reference"  # what --reference, --reference-python or --reference-worktree names


class Against(msgspec.Struct, frozen=True):
    """What a ratio is to.

    Attributes:
        variant: Its name, of ``VARIANT`` alone.
    """

    kind: AgainstKind
    variant: str | None = None

    @property
    def text(self) -> str:
        """As a file has it."""
        return f"variant:{self.variant}" if self.kind is AgainstKind.VARIANT else self.kind.value


class Budget(msgspec.Struct, frozen=True):
    """One limit.

    Attributes:
        metric: A key of ``budget_metrics.METRICS``, or ``no_pitfalls``.
        kind: How the limit is meant.
        limit: In the unit of the metric's dimension (nanoseconds, samples per second, bytes,
            joules, a fraction, a count); of ratios and shares a plain number, 0.05 for 5 %; of
            ``none_of`` 0.
        text: The limit as it was given, such as ``42 ms`` or ``0.97``.
        to: Of ratios what they are to; None of the others.
        variant: Which variant is held to it; None for the scenario as it is written, with all of
            its techniques.
        floor_ns: Of a share: the nanoseconds of a step up to which it never fails; 0 for none.
        pitfalls: Of ``none_of``: keys of mistakes; empty for any of them.
        path: Of its limit's key in its file, such as ``("budgets", "throughput", "min_ratio")``.
        place: Where it stands, ``ci.yaml:5:14``; None where it comes from no file.
    """

    metric: str
    kind: LimitKind
    limit: float
    text: str
    to: Against | None = None
    variant: str | None = None
    floor_ns: int = 0
    pitfalls: tuple[str, ...] = ()
    path: KeyPath = ()
    place: str | None = None

    @property
    def under_when(self) -> bool:
        """Whether it is of the scenario as ``when.no_accelerator`` leaves it."""
        return self.path[:1] == ("when",)


class NamedMachine(msgspec.Struct, frozen=True):
    """The machine that absolute limits are of, as far as a file names it; None for the rest.

    Attributes:
        device: As its maker calls it.
        cpu: Likewise.
        cores: CPU cores.
        threads: Threads torch computes with.
        driver: The device driver's version.
        power_limit_w: The device's, in watts.
        mig: The profile of a part of a device.
        torch, cuda, python: Versions.
    """

    device: str | None = None
    cpu: str | None = None
    cores: int | None = None
    threads: int | None = None
    driver: str | None = None
    power_limit_w: float | None = None
    mig: str | None = None
    torch: str | None = None
    cuda: str | None = None
    python: str | None = None


class Budgets(msgspec.Struct, frozen=True):
    """All that a file holds a run to.

    Attributes:
        limits: In the file's order.
        on: The machine that absolute limits are of; None where the file names none.
    """

    limits: tuple[Budget, ...] = ()
    on: NamedMachine | None = None
