"""Loader processes that read and decode ahead.

What it does: batches are loaded and augmented by processes of their own, a few ahead, while the
training process computes. Persistent workers outlive an epoch and are not started again.

When it helps: when the step waits for data and there are cores to spare.

When it does nothing: when loading is hidden or cheap already, or when training uses the same
cores, as it does on a CPU; then it costs time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.machine.machine import Machine
    from annt_prof.techniques.setup import TrainingSetup

_PREFETCHED_BY_DEFAULT = 2  # torch.utils.data.DataLoader, where it has workers


@dataclass(frozen=True)
class DataloaderWorkersOptions:
    """How many processes, and how far ahead."""

    workers: int = field(
        default=4, metadata={"description": "Loader processes.", "ge": 1, "le": 1024}
    )
    prefetch_factor: int = field(
        default=_PREFETCHED_BY_DEFAULT,
        metadata={"description": "Batches each process keeps ready.", "ge": 1, "le": 1024},
    )
    persistent: bool = field(
        default=True, metadata={"description": "Keep the processes from epoch to epoch."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Tell the loader."""
        setup.loader.num_workers = self.workers
        setup.loader.prefetch_factor = self.prefetch_factor
        setup.loader.persistent_workers = self.persistent


def _remark(options: DataloaderWorkersOptions, machine: Machine) -> str | None:
    workers = options.workers
    if machine.device_type == "cpu":
        return f"the {workers} loader processes and training share {machine.num_cores} cores"
    if workers > machine.num_cores:
        return f"{workers} loader processes on {machine.num_cores} cores get in each other's way"
    return None


def _redundant(options: DataloaderWorkersOptions, baseline: Baseline) -> bool:
    """The scenario has as many, and the rest is as torch does by default."""
    as_by_default = options.prefetch_factor == _PREFETCHED_BY_DEFAULT and not options.persistent
    return as_by_default and baseline.workers == options.workers


def _predict(_options: DataloaderWorkersOptions, evidence: Evidence) -> Prediction | None:
    """All waiting for data may vanish; where training runs on the same cores it may lose them.

    On a device, loading that queued kernels hide makes the host late for its next launches, so
    all idle time of the device may go, down to what the host needs to launch; but no more than
    loading has of the critical path.
    """
    if not (evidence.known(Category.DATA_LOADING) and evidence.host_known()):
        return None
    if evidence.device_type == "cpu":
        low_ns, high_ns = -round(evidence.step_ns / 3), evidence.time(Category.DATA_LOADING)
        return Prediction(low_ns, high_ns, "the time that the baseline waits for data")
    return Prediction(
        low_ns=0,
        high_ns=bounds.within_path(
            evidence,
            max(0, min(bounds.idle_ns(evidence), evidence.shown_ns() - evidence.launching())),
            lambda path: path.host(Phase.DATA_LOADING),
        ),
        basis=f"{bounds.idle(evidence)}, as the host comes to its launches earlier",
    )


def _nothing_to_load(setup: TrainingSetup) -> str | None:
    if setup.dataset_on_device and setup.loader.num_workers:
        return "the data set lies on the device, so the loader processes have nothing to load"
    return None


TECHNIQUE = Technique(
    name="dataloader_workers",
    summary="batches loaded ahead by processes of their own",
    options=DataloaderWorkersOptions,
    remark=_remark,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.DATA_LOADING,),
        may_rise=(Category.FORWARD, Category.BACKWARD, Category.OPTIMIZER),
        stays_flat=(Category.H2D_COPY,),
        bound="it cannot save more than the baseline waits for data; on a device, more than that "
        "has nothing to do, as loading may be hidden and still make the host late",
    ),
    mathematics="nothing, but that each process draws its own random augmentation",
    source="torch.utils.data documentation, section Single- and Multi-process Data Loading",
    pitfalls=(
        Pitfall.known(
            MistakeKey.LOADER_PROCESSES_WITHOUT_WORK,
            why="Samples that lie on the device are not loaded.",
            check=_nothing_to_load,
        ),
    ),
)
