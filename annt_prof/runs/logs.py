"""What the workers printed: kept in the run directory, and named beside each variant lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from annt_prof.runs.record import VariantRecord

_LOST = ("crashed", "out_of_memory")
_FOLDER = "logs"


def log_of(variant: str) -> str:
    """Return the path of a variant's log within the run directory."""
    return f"{_FOLDER}/{variant}.log"


def keep(logs: Path, directory: Path, variants: Iterable[VariantRecord]) -> None:
    """Copy what the workers printed, where they printed anything, into the run directory.

    A process that the kernel kills prints nothing; its log then says so.

    Args:
        logs: The folder that the workers wrote to.
        directory: The run's.
        variants: As they ended.
    """
    reasons = {v.name: v.reason for v in variants if v.status in _LOST}
    for log in logs.glob("*.log"):
        kept = directory / log_of(log.stem)
        if log.stat().st_size:
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(log, kept)
        elif log.stem in reasons:
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(f"annt-prof: it printed nothing; {reasons[log.stem]}\n")


def named(variants: tuple[VariantRecord, ...], directory: Path) -> tuple[VariantRecord, ...]:
    """Return the variants, each lost one with the log that its process left."""
    return tuple(
        msgspec.structs.replace(each, log=log_of(each.name))
        if each.status in _LOST and (directory / log_of(each.name)).exists()
        else each
        for each in variants
    )
