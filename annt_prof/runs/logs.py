"""What the workers printed: kept in the run directory, and named beside each variant lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.layout import log_name, log_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from annt_prof.runs.record import VariantRecord

_LOST = ("crashed", "out_of_memory")


def keep(logs: Path, directory: Path, variants: Iterable[VariantRecord]) -> None:
    """Copy what the workers printed, where they printed anything, into the run directory.

    A process that the kernel kills prints nothing; its log then says so.

    Args:
        logs: The folder that the workers wrote to.
        directory: The run's.
        variants: As they ended.
    """
    for variant in variants:
        log, kept = logs / log_name(variant.name), directory / log_path(variant.name)
        if not log.exists():
            continue
        if log.stat().st_size:
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(log, kept)
        elif variant.status in _LOST:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(f"annt-prof: it printed nothing; {variant.reason}\n")


def named(variants: tuple[VariantRecord, ...], directory: Path) -> tuple[VariantRecord, ...]:
    """Return the variants, each lost one with the log that its process left."""
    return tuple(
        msgspec.structs.replace(variant, log=log_path(variant.name))
        if variant.status in _LOST and (directory / log_path(variant.name)).exists()
        else variant
        for variant in variants
    )
