"""The next batch is copied while this one is trained on.

What it does: a stream of its own copies the next batch from pinned memory to the device, so that
the copy overlaps with the kernels of the current step.

When it helps: when exposed host-to-device copies are a visible part of the step.

When it does nothing: when copies are tiny or hidden already, or when the loader is the bottleneck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.observed import nothing_to_copy
from annt_prof.techniques.technique import Pitfall, Signature, Technique, needs_an_accelerator

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class DevicePrefetchOptions:
    """Whether the source is pinned too, without which the copy holds the host up."""

    pin: bool = field(
        default=True, metadata={"description": "Put batches into page-locked host memory."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop fetch its batches one ahead."""
        setup.device_prefetch = True
        setup.loader.pin_memory = setup.loader.pin_memory or self.pin


def _predict(_options: DevicePrefetchOptions, evidence: Evidence) -> Prediction | None:
    """Exposed copies can hide altogether, and they hold the host up no more.

    The host then loads and launches ahead of the device, so that all idle time of the device may
    go, down to what the host needs for its own work.
    """
    if not evidence.known(Category.H2D_COPY, Category.HOST_BOUND):
        return None
    if evidence.copies_from_host is False:
        return Prediction(0, 0, bounds.NOTHING_TO_COPY)
    needed_ns = bounds.host_needs_ns(evidence)
    return Prediction(0, bounds.batches_ns(evidence, needed_ns), bounds.host_ahead(evidence))


def _pageable_source(setup: TrainingSetup) -> str | None:
    if setup.device_prefetch and not (setup.loader.pin_memory or setup.dataset_on_device):
        return "batches are prefetched from pageable memory, so each copy holds the host up"
    return None


def _nothing_to_copy(setup: TrainingSetup) -> str | None:
    if setup.device_prefetch and setup.dataset_on_device:
        return "all samples lie on the device already, so no batch is copied and nothing prefetched"
    return None


TECHNIQUE = Technique(
    name="device_prefetch",
    summary="the next batch copied to the device on a stream of its own",
    options=DevicePrefetchOptions,
    obstacle=needs_an_accelerator("no accelerator to copy to"),
    inaction=nothing_to_copy,
    predict=_predict,
    signature=Signature(
        falls=(Category.H2D_COPY,),
        may_rise=(Category.DATA_LOADING,),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.OPTIMIZER),
        bound=f"it cannot save more than {bounds.HOST_AHEAD}",
    ),
    mathematics="nothing: the same bytes arrive",
    source="NVIDIA Apex, ImageNet example, data_prefetcher; PyTorch CUDA semantics notes",
    pitfalls=(
        Pitfall.known(
            MistakeKey.COPIES_FROM_UNPINNED_MEMORY,
            name="prefetching from unpinned memory",
            why="A copy from pageable memory is staged by the driver while the host waits.",
            check=_pageable_source,
        ),
        Pitfall.known(
            MistakeKey.PREFETCH_WITHOUT_COPIES,
            why="With dataset_on_device there are no copies left that a prefetch could hide.",
            check=_nothing_to_copy,
        ),
    ),
)
