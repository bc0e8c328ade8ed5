"""Pinned host memory with asynchronous host-to-device copies.

What it does: batches are copied into page-locked memory by a thread of the loader, and the copy
to the device is queued without waiting for it. Each is switchable, because either alone does
little: a non-blocking copy from pageable memory still waits, and a pinned batch copied
synchronously only gains bandwidth.

When it helps: when exposed host-to-device copies are a visible part of the step: large inputs,
a fast model, no other way of hiding the copy.

When it does nothing: without an accelerator, when the copy is already hidden or tiny, or when
the loader is the bottleneck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from annt_prof.categories import Category
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Machine, Options, Pitfall, Signature, Technique

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


def _obstacle(_options: Options, machine: Machine) -> str | None:
    return "no accelerator to copy to" if machine.device_type == "cpu" else None


def _pageable_source(setup: TrainingSetup) -> str | None:
    if setup.non_blocking and not setup.loader.pin_memory:
        return "copies are non-blocking but come from pageable memory, so they still wait"
    return None


def _redundant(options: Options, baseline: Baseline) -> bool:
    """The scenario loads and copies every variant in the same way."""
    chosen = cast("PinMemoryOptions", options)
    return (baseline.pin_memory, baseline.non_blocking) == (chosen.pin, chosen.non_blocking)


def _predict(options: Options, evidence: Evidence) -> Prediction | None:
    """Asynchronous copies can hide altogether; pinning alone makes them faster.

    A copy from pageable memory is waited for by the host, so that wait is part of the bound.
    """
    if not evidence.known(Category.H2D_COPY):
        return None
    chosen = cast("PinMemoryOptions", options)
    exposed_ns = evidence.time(Category.H2D_COPY)
    waited_ns = evidence.time(Category.SYNC)
    spared = 1.0 if chosen.pin and chosen.non_blocking else 0.0
    if chosen.pin and not chosen.non_blocking:
        spared = _faster_copies(evidence)
    return Prediction(
        low_ns=0,
        high_ns=round(spared * (exposed_ns + waited_ns)),
        basis="the exposed host-to-device copies of the baseline and the waits for them",
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
    obstacle=_obstacle,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.H2D_COPY,),
        may_rise=(Category.HOST_BOUND,),
        stays_flat=(Category.FORWARD, Category.BACKWARD, Category.OPTIMIZER),
        bound="it cannot save more than the exposed host-to-device copies of the baseline and the "
        "waits for them",
    ),
    mathematics="nothing: the same bytes arrive",
    source="PyTorch tutorial: A guide on good usage of non_blocking and pin_memory()",
    pitfalls=(
        Pitfall(
            name="non-blocking copies from unpinned memory",
            why="Without pinning the driver stages the copy through its own buffer and waits.",
            check=_pageable_source,
        ),
    ),
)
