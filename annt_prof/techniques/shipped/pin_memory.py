"""Pinned host memory with asynchronous host-to-device copies.

What it does: batches are copied into page-locked memory by a thread of the loader, and the copy
to the device is queued without waiting for it. Each is switchable, because either alone does
little: a non-blocking copy from pageable memory still waits, and a pinned batch copied
synchronously only gains bandwidth. With loader processes that thread also takes the batches over
from them, which unpickles them, so that the training process loads for less long.

When it helps: when exposed host-to-device copies are a visible part of the step: large inputs,
a fast model, no other way of hiding the copy; or batches of many tensors, whose unpickling is.

When it does nothing: without an accelerator, when the copy is already hidden or tiny, or when
the loader is the bottleneck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, Phase
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.observed import nothing_to_copy
from annt_prof.techniques.technique import Pitfall, Signature, Technique, needs_an_accelerator

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class PinMemoryOptions:
    """The two halves of an asynchronous copy, each switchable."""

    pin: bool = field(
        default=True, metadata={"description": "Put batches into page-locked host memory."}
    )
    non_blocking: bool = field(
        default=True,
        metadata={"description": "Queue the copy to the device without waiting for it."},
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Turn on pinning in the loader and asynchronous copies in the step."""
        setup.loader.pin_memory = self.pin
        setup.non_blocking = self.non_blocking


def _pageable_source(setup: TrainingSetup) -> str | None:
    if setup.non_blocking and not (setup.loader.pin_memory or setup.dataset_on_device):
        return "copies are non-blocking but come from pageable memory, so they still wait"
    return None


def _redundant(options: PinMemoryOptions, baseline: Baseline) -> bool:
    """The scenario loads and copies every variant in the same way."""
    return (baseline.pin_memory, baseline.non_blocking) == (options.pin, options.non_blocking)


def _predict(options: PinMemoryOptions, evidence: Evidence) -> Prediction | None:
    """Copies that do not hold the host up free more than themselves; pinning alone is faster.

    A blocking copy lets the device run dry in each iteration, and only then the host loads and
    launches again. Without it the host runs ahead, so that all idle time of the device may go,
    down to what the host needs for its own work. The copies may go too, but for what they take
    from pinned memory. From pageable memory only small batches are copied so: up to 64 KB are
    taken over at once.

    Pinning alone makes copies faster, and takes their staging from the training process. Either
    way the handling of batches of loader processes goes to the thread that pins them.

    Source: CUDA C++ Programming Guide, section Concurrent Execution between Host and Device;
    torch/utils/data/dataloader.py and _utils/pin_memory.py: with ``pin_memory`` a thread reads the
    queue of the loader processes.
    """
    if not evidence.known(Category.H2D_COPY, Category.HOST_BOUND):
        return None
    if evidence.copies_from_host is False:
        return _of_handling(options, evidence)
    if options.non_blocking:
        needed_ns = bounds.host_needs_ns(evidence)
        return Prediction(0, bounds.batches_ns(evidence, needed_ns), bounds.host_ahead(evidence))
    copying_ns = evidence.time(Category.H2D_COPY, Category.SYNC)
    staging_ns = evidence.host_bound(Phase.H2D_COPY)
    handling_ns = evidence.time(Category.DATA_LOADING) - evidence.loading()
    faster_ns = round(_faster_copies(evidence) * copying_ns) + staging_ns + handling_ns
    if evidence.path is not None:
        faster_ns = _shortened_ns(evidence)
    return Prediction(
        low_ns=0,
        high_ns=faster_ns if options.pin else 0,
        basis="the exposed host-to-device copies of the baseline as far as pinning makes them "
        "faster, the waits for them and for batches of loader processes"
        f"{bounds.beside(evidence)}",
    )


def _of_handling(options: PinMemoryOptions, evidence: Evidence) -> Prediction:
    """Without copies only the handling of loaded batches is left, which goes to another thread."""
    path = evidence.path
    loading_ns = evidence.time(Category.DATA_LOADING)
    if path is not None:
        loading_ns = path.host_ns.get(Phase.DATA_LOADING.value, 0)
    loading_ns -= evidence.loading()
    if not options.pin or loading_ns <= 0:
        return Prediction(0, 0, bounds.NOTHING_TO_COPY)
    idle_ns = bounds.copies_and_idle_ns(evidence, bounds.host_needs_ns(evidence))
    return Prediction(
        low_ns=0,
        high_ns=bounds.within_path(evidence, min(idle_ns, loading_ns), lambda _path: loading_ns),
        basis="the loading of the baseline, as no step copies anything from the host to the device",
    )


def _shortened_ns(evidence: Evidence) -> int:
    """Return what pinning alone can save of a step whose path is known, ns; every wait stays."""
    in_process = evidence.baseline is not None and evidence.baseline.workers == 0
    phases = (Phase.H2D_COPY,) if in_process else (Phase.H2D_COPY, Phase.DATA_LOADING)
    share = _faster_copies(evidence)
    return bounds.within_path(
        evidence,
        bounds.copies_and_idle_ns(evidence, bounds.host_needs_ns(evidence)),
        lambda path: (
            share * (path.device(Category.H2D_COPY) + path.sync_ns)
            + path.host(*phases)
            + path.queued_ns
        ),
    )


def _faster_copies(evidence: Evidence) -> float:
    """Return the share of a copy's time that page-locked memory saves; all where not measured."""
    ceilings = evidence.ceilings
    if ceilings is None or not ceilings.pinned_bytes_per_s or not ceilings.pageable_bytes_per_s:
        return 1.0
    return max(0.0, 1 - ceilings.pageable_bytes_per_s / ceilings.pinned_bytes_per_s)


TECHNIQUE = Technique(
    name="pin_memory",
    summary="page-locked batches and non-blocking copies to the device",
    options=PinMemoryOptions,
    obstacle=needs_an_accelerator("no accelerator to copy to"),
    inaction=nothing_to_copy,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.H2D_COPY,),
        may_rise=(Category.HOST_BOUND,),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.OPTIMIZER),
        bound=f"it cannot save more than {bounds.HOST_AHEAD}",
        may_fall=(Category.DATA_LOADING,),
    ),
    mathematics="nothing: the same bytes arrive",
    source="PyTorch tutorial: A guide on good usage of non_blocking and pin_memory()",
    pitfalls=(
        Pitfall.known(
            MistakeKey.COPIES_FROM_UNPINNED_MEMORY,
            why="Without pinning the driver stages the copy through its own buffer and waits.",
            check=_pageable_source,
        ),
    ),
)
