"""What the session and a worker say to each other: frozen values through a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.plan import Variant
    from annt_prof.runs.record import Numerics, TimedWindow
    from annt_prof.scenario.effective import Substitution
    from annt_prof.scenario.schema import Scenario
    from annt_prof.techniques.evidence import Ceilings
    from annt_prof.techniques.technique import Machine

DeviceType = Literal["cpu", "cuda"]
LossKind = Literal["out_of_memory", "crashed", "not_applicable", "user_error"]


@dataclass(frozen=True)
class Assignment:
    """What a worker is to train, sent once as it starts.

    Attributes:
        search_path: Folder of the user's own modules, beside the scenario.
        log: File that takes the worker's standard output and error.
        compiled: Folder that keeps compiled kernels. It is empty as a run begins, so that the
            first launch shows what compiling costs, and spares the later ones.
    """

    scenario: Scenario
    variant: Variant
    device_type: DeviceType
    data_dir: Path | None
    search_path: Path
    log: Path
    compiled: Path


@dataclass(frozen=True)
class TimedRequest:
    """Run one timed window.

    Attributes:
        span: Iterations that one figure of the window's median stands for, the same for every
            variant of a run.
    """

    round: int
    launch: int
    position: int
    iterations: int
    switch_in: int
    span: int = 1


@dataclass(frozen=True)
class TracedRequest:
    """Run one traced window and write its trace to ``path``."""

    iterations: int
    path: Path


@dataclass(frozen=True)
class NumericsRequest:
    """Look at the variant's numbers; it is measured and traced by then."""


@dataclass(frozen=True)
class StopRequest:
    """End the worker."""


Request = TimedRequest | TracedRequest | NumericsRequest | StopRequest


@dataclass(frozen=True)
class Probed:
    """The machine as torch sees it.

    Attributes:
        device_uuid: Of CUDA's device 0, which NVML may count otherwise; None on a CPU.
    """

    machine: Machine
    threads: int
    device_uuid: str | None


@dataclass(frozen=True)
class Calibrated:
    """What the machine can do at most.

    Attributes:
        num_devices: CUDA devices; 0 where it was the CPU that was measured.
    """

    ceilings: Ceilings
    num_devices: int


@dataclass(frozen=True)
class CollectiveRate:
    """What one rank found of an all-reduce.

    Attributes:
        bytes_per_s: Bus bandwidth; None where none could be measured.
        ranks: That took part.
        reason: Why there is none.
    """

    bytes_per_s: float | None
    ranks: int
    reason: str | None = None


@dataclass(frozen=True)
class Prepared:
    """The variant is built and warmed up."""

    substitutions: tuple[Substitution, ...]
    remarks: tuple[str, ...]
    accumulation: int
    first_step_s: float


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


@dataclass(frozen=True)
class Failure:
    """The worker cannot go on.

    Attributes:
        kind: ``user_error`` where the scenario cannot be built, ``not_applicable`` where it can
            and the variant's techniques refuse what was built.
        message: One line for the table.
        where, hint: Of these two.
    """

    kind: LossKind
    message: str
    where: str | None = field(default=None)
    hint: str | None = field(default=None)


Reply = (
    Probed
    | Calibrated
    | CollectiveRate
    | Prepared
    | TimedReply
    | TracedReply
    | NumericsReply
    | Failure
)
