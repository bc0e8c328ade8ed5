"""The check of one scenario: whether the loaders of all its variants find room at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.doctor.diagnosis import Check
from annt_prof.errors import UserError
from annt_prof.plan import plan
from annt_prof.workers.shared_memory import PLACE, demand, held_batches, remedy, shortage

if TYPE_CHECKING:
    from annt_prof.scenario.schema import DatasetChoice, Scenario

_NAME = "loaders' batches"
_IMAGES = ("cifar10", "cifar100", "digits", "synthetic")
_CHANNELS, _FLOAT32_BYTES, _LABEL_BYTES = 3, 4, 8


def loaders_check(scenario: Scenario, free: int | None, *, accelerated: bool) -> Check:
    """Return whether the batches of every variant's loader find room in shared memory.

    Args:
        scenario: What would be measured.
        free: Bytes free there; None where there is no such place.
        accelerated: Whether there is an accelerator.
    """
    variants = plan(scenario, accelerated=accelerated).variants
    held = [held_batches(variant.techniques, scenario.dataset.workers) for variant in variants]
    if not any(held):
        return Check(_NAME, "ok", "no variant has loader processes")
    batch_bytes = _batch_bytes(scenario.dataset)
    if batch_bytes is None:
        return Check(_NAME, "ok", "a run says how large they are, once it has loaded one")
    needed = demand(held, batch_bytes)
    try:
        short = shortage(needed, free)
    except UserError as error:
        return Check(_NAME, "problem", error.message, error.hint)
    if short is not None:
        return Check(_NAME, "warning", short, remedy(needed))
    room = "" if free is None else f", of {units.memory(free)} free in {PLACE}"
    return Check(_NAME, "ok", f"{units.memory(needed.total_bytes)} at most{room}")


def _batch_bytes(dataset: DatasetChoice) -> int | None:
    """Return what a batch takes; None of a data set whose items only loading one shows."""
    if dataset.name not in _IMAGES:
        return None
    image = _CHANNELS * dataset.image_size**2 * _FLOAT32_BYTES
    return dataset.batch_size * (image + _LABEL_BYTES)
