"""What the session and a worker say to each other: frozen values through a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.remarks import Remark
    from annt_prof.runs.record import Numerics, TimedWindow
    from annt_prof.scenario.effective import Substitution


@dataclass(frozen=True)
class WarmRequest:
    """Warm the built variant up.

    Attributes:
        limit_s: Seconds after which no further iteration is begun, once a second optimizer step
            was taken.
        look: Iterations to time at least, if the limit allows, so that a period shows.
    """

    limit_s: float
    look: int = 0


@dataclass(frozen=True)
class TimedRequest:
    """Run one timed window.

    Attributes:
        iterations: Timed ones, at least, in whole optimizer steps.
        switch_in: Iterations before them that are dropped.
        at_epoch: Whether the window begins with an epoch; otherwise it lies within one.
    """

    round: int
    launch: int
    position: int
    iterations: int
    switch_in: int
    at_epoch: bool = False


@dataclass(frozen=True)
class EpochRequest:
    """Find out what an epoch's start costs.

    Attributes:
        iterations: Of the short epochs that are run for it.
        per_iteration_ns: What an iteration takes in the middle of an epoch.
        waited_ns: For how long of that the host waits for its batch.
    """

    iterations: int
    per_iteration_ns: float
    waited_ns: float


@dataclass(frozen=True)
class TracedRequest:
    """Run one traced window and write its trace to ``path``.

    Attributes:
        iterations: Recorded ones, at least, in whole optimizer steps.
        unrecorded: Iterations under the profiler before them.
        at_epoch: Whether the recorded ones begin with an epoch.
    """

    iterations: int
    path: Path
    unrecorded: int = 1
    at_epoch: bool = False


@dataclass(frozen=True)
class NumericsRequest:
    """Look at the variant's numbers; it is measured and traced by then."""


Request = WarmRequest | TimedRequest | EpochRequest | TracedRequest | NumericsRequest
"""What a variant's worker is asked for."""


@dataclass(frozen=True)
class Built:
    """The variant is built, and waits for its turn to warm up.

    Attributes:
        substitutions: What is not what the scenario asks for; known also of one that fails later.
    """

    substitutions: tuple[Substitution, ...] = ()


@dataclass(frozen=True)
class Footprint:
    """What memory one variant takes, bytes.

    Attributes:
        host: Highest resident set of its process, without what it shares with the others.
        device_idle: Held on the device while it waits; 0 without one.
        device_peak: Held there at most while it trains.
        device_free: Free on the device while it waits, whoever else is there.
    """

    host: int
    device_idle: int = 0
    device_peak: int = 0
    device_free: int = 0


@dataclass(frozen=True)
class Prepared:
    """The variant is built and warmed up.

    Attributes:
        accumulation: Iterations per optimizer step.
        first_step_s: Of the very first optimizer step.
        step_ns: Of later optimizer steps, per iteration, as they came; not empty.
        workers: Loader processes.
        queue: Batches that they keep ready at most.
        per_epoch: Iterations of an epoch.
        footprint: None where it is not known.
    """

    remarks: tuple[Remark, ...]
    accumulation: int
    first_step_s: float
    step_ns: tuple[int, ...] = (1,)
    workers: int = 0
    queue: int = 0
    per_epoch: int = 1_000_000
    footprint: Footprint | None = None


@dataclass(frozen=True)
class EpochReply:
    """What an epoch's start costs; negative where it is less than what steps vary by."""

    cost_ns: int


@dataclass(frozen=True)
class NumericsReply:
    """What was found; a part that failed is missing."""

    numerics: Numerics


@dataclass(frozen=True)
class TimedReply:
    """A timed window is done.

    Attributes:
        peak_memory_bytes: Highest so far over this variant's timed windows; None if unknown.
    """

    window: TimedWindow
    peak_memory_bytes: int | None
    peak_memory_of: str


@dataclass(frozen=True)
class TracedReply:
    """A traced window is done; each of its iterations is one profiler step."""

    iterations: int


Reply = Built | Prepared | EpochReply | TimedReply | TracedReply | NumericsReply
"""What a variant's worker answers; it sends a ``Failure`` in place of any of them."""
