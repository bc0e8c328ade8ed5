"""Room for the batches that loader processes hand over: a full one ends them by a Bus error.

Every batch of a loader process passes through shared memory, and a variant that waits for its turn
keeps what its loader has fetched. Source: torch.multiprocessing; torch.utils.data.DataLoader.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.techniques.shipped.dataloader_workers import DataloaderWorkersOptions
from annt_prof.techniques.shipped.dataset_on_device import DatasetOnDeviceOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.scenario.schema import ChosenTechnique

PLACE = Path("/dev/shm")

_PREFETCHED = 2  # torch.utils.data.DataLoader's default, for each process
_GIB = 2**30


@dataclass(frozen=True)
class Demand:
    """What the loaders of all variants that live at once may hold in shared memory.

    Attributes:
        variants: With loader processes.
        batches: Of them together: for each process those fetched ahead and the one in the making.
        batch_bytes: Of one batch.
    """

    variants: int
    batches: int
    batch_bytes: int

    @property
    def total_bytes(self) -> int:
        """All of them."""
        return self.batches * self.batch_bytes


def held_batches(techniques: Iterable[ChosenTechnique], workers: int) -> int:
    """Return the batches that one variant's loader may hold.

    Args:
        techniques: Of the variant.
        workers: Loader processes of its scenario.
    """
    prefetched = _PREFETCHED
    for chosen in techniques:
        match chosen.options:
            case DataloaderWorkersOptions() as options:
                workers, prefetched = options.workers, options.prefetch_factor
            case DatasetOnDeviceOptions():
                return 0
            case _:
                pass
    return workers * (prefetched + 1)


def demand(held: Iterable[int], batch_bytes: int) -> Demand:
    """Return the demand of variants whose loaders may hold so many batches each."""
    loading = [batches for batches in held if batches]
    return Demand(len(loading), sum(loading), batch_bytes)


def free_bytes() -> int | None:
    """Return what is free now; None where there is no such place."""
    return shutil.disk_usage(PLACE).free if PLACE.exists() else None


def shortage(needed: Demand, free: int | None) -> str | None:
    """Return what to say where the loaders may find no room; None where they always do.

    Raises:
        UserError: Not even one batch finds room.
    """
    if free is None or needed.total_bytes <= free:
        return None
    if needed.batch_bytes > free:
        raise UserError(
            f"a batch takes {units.memory(needed.batch_bytes)}, and {PLACE}, through which loader "
            f"processes hand it over, has {units.memory(free)} free",
            where="dataset.workers",
            hint=remedy(needed),
        )
    return (
        f"the loader processes of {units.count(needed.variants, 'variant')} may hold "
        f"{needed.batches} batches, {units.memory(needed.total_bytes)}, in {PLACE} at once, which "
        f"has {units.memory(free)} free; without room a loader process dies of a Bus error"
    )


def remedy(needed: Demand) -> str:
    """Say how to make room."""
    gib = math.ceil(needed.total_bytes / _GIB)
    return (
        f"docker run --shm-size={gib}g (or --ipc=host), fewer loader processes, or fewer variants"
    )
