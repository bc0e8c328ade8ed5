"""What processes that build a scenario are told, and what the short-lived ones among them tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from annt_prof.machine.machine import DeviceType, Machine
    from annt_prof.plan import Variant
    from annt_prof.scenario.schema import Scenario
    from annt_prof.techniques.observed import Observed


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
class Probed:
    """The machine as torch sees it.

    Attributes:
        device_uuid: Of CUDA's device 0, which NVML may count otherwise; None on a CPU.
        packages: Version by name of what torch was built with: ``cuda`` or ``hip``, or neither.
    """

    machine: Machine
    threads: int
    device_uuid: str | None
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Looked:
    """One batch of the baseline was run; None where it failed, as the warm-up then does too."""

    observed: Observed | None
