"""What happens during a run, as it happens; the progress display and live screens read these.

A run directory keeps them (``runs/event_log.py``), so events are added and their attributes too,
but none is renamed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from annt_prof.runs.record import TimedWindow, VariantRecord

StopCause = Literal["precise", "rounds", "time_budget", "no_variant", "asked", "decided"]
"""Why no more rounds are run: intervals are narrow enough, the scenario's rounds are done, its time
is spent, no variant is left, whoever watched asked for the end, or a check can decide."""

RunOutcome = Literal["complete", "interrupted", "failed"]
"""``interrupted`` by Ctrl-C and its like; ``failed`` by an error that ended the run as a whole."""


class Started(msgspec.Struct, frozen=True, tag=True):
    """The plan is known.

    Attributes:
        variants: Names of those that can act here, in the plan's order.
        max_rounds: Rounds at most.
        time_budget_s: Seconds of measuring; a first round that takes longer is finished.
        design: How the variants were chosen.
        precision: Half-width, a fraction, up to which the scenario calls an interval narrow; None
            in what was logged before it was told.
    """

    variants: tuple[str, ...]
    max_rounds: int
    time_budget_s: float
    design: str
    precision: float | None = None


class Estimated(msgspec.Struct, frozen=True, tag=True):
    """The first variant is ready, which tells how long all of it may take.

    Attributes:
        total_s: From now: preparing the other variants, measuring, and tracing, told by the
            first variant's.
        step_ns: Of the first variant.
        launches: That the time budget would hold.
        needed: Launches that the run should have.
        enough_s: Time budget that would hold these.
    """

    total_s: float
    step_ns: float
    launches: int
    needed: int
    enough_s: int


class Planned(msgspec.Struct, frozen=True, tag=True):
    """All variants are ready, and how long windows are is settled.

    Attributes:
        iterations: Timed ones of each window.
        switch_in: Dropped ones before them.
        at_epoch: Whether windows hold whole epochs.
        round_s: One window of each variant, as far as the warm-up tells.
        launches: That the time budget holds.
        needed: Launches that the run should have.
        enough_s: Time budget that would hold these.
    """

    iterations: int
    switch_in: int
    at_epoch: bool
    round_s: float
    launches: int
    needed: int
    enough_s: int


class Warned(msgspec.Struct, frozen=True, tag=True):
    """Something may go wrong, and can be mended before it does."""

    text: str


ActivityKind = Literal[
    "starting",
    "observing",
    "preparing",
    "warming",
    "timing",
    "timing_epochs",
    "tracing",
    "analysing",
    "writing",
]
"""``preparing`` builds a variant, ``warming`` runs its first steps, and ``timing_epochs`` measures
what the start of an epoch costs, beside the rounds."""


class Activity(msgspec.Struct, frozen=True, tag=True):
    """A worker has begun something, or the run as a whole has.

    Attributes:
        variant: Whose worker; empty for the run as a whole.
        round: From 0; None outside the timed rounds.
    """

    kind: ActivityKind
    variant: str = ""
    round: int | None = None


class WindowEnded(msgspec.Struct, frozen=True, tag=True):
    """A timed window is done.

    Attributes:
        throughput: Samples per second of this window.
        measured_s: Seconds of measuring so far.
        window: All of it; None in what was logged before it was told.
    """

    variant: str
    round: int
    throughput: float
    measured_s: float
    window: TimedWindow | None = None


class VariantLost(msgspec.Struct, frozen=True, tag=True):
    """A variant's process failed, and the variant cannot go on; the others do."""

    variant: str
    reason: str


class VariantInapplicable(msgspec.Struct, frozen=True, tag=True):
    """A variant turns out to be of no use here, and does not run: a result, no failure."""

    variant: str
    reason: str


class TechniqueLeftOut(msgspec.Struct, frozen=True, tag=True):
    """Variants go on without a technique that the scenario's own model or data refuse.

    Attributes:
        variants: Those that run without it from now on.
        reason: Why it is refused.
    """

    technique: str
    variants: tuple[str, ...]
    reason: str


class VariantsWithheld(msgspec.Struct, frozen=True, tag=True):
    """Variants do not run, or run no longer, since the baseline crashed.

    Attributes:
        reason: As in their records.
    """

    variants: tuple[str, ...]
    reason: str


class VariantSkipped(msgspec.Struct, frozen=True, tag=True):
    """Whoever watched asked that a variant run no more; what was measured of it is kept.

    Attributes:
        rounds: That it has windows of.
    """

    variant: str
    rounds: int


class Paused(msgspec.Struct, frozen=True, tag=True):
    """No round begins until the run is resumed or ends."""


class Resumed(msgspec.Struct, frozen=True, tag=True):
    """Rounds go on; nothing says so where the run ends instead."""


class MeasuringEnded(msgspec.Struct, frozen=True, tag=True):
    """No more rounds are run; nothing says so where the run is interrupted before.

    Attributes:
        stop: Why, for people.
    """

    cause: StopCause
    stop: str


class Progressed(msgspec.Struct, frozen=True, tag=True):
    """The record of every variant: after each round, and as the run ends.

    A round that was cut short is in it too, as one is in which a process ran out of memory beside
    others, or in which the run was interrupted.
    """

    variants: tuple[VariantRecord, ...]


class RunEnded(msgspec.Struct, frozen=True, tag=True):
    """The last event of every run: what there is of it is written, and nothing else happens.

    Attributes:
        stop: As in its record: why measuring stopped, or what broke the run off; for people.
    """

    outcome: RunOutcome
    stop: str


Event = (
    Started
    | Estimated
    | Planned
    | Warned
    | Activity
    | WindowEnded
    | VariantLost
    | VariantInapplicable
    | TechniqueLeftOut
    | VariantsWithheld
    | VariantSkipped
    | Paused
    | Resumed
    | MeasuringEnded
    | Progressed
    | RunEnded
)
