"""The file of a stored baseline.

It is meant to be committed and reviewed: indented, keys sorted, one figure a line, with no time in
it but the runs' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.check.baseline import SCHEMA_VERSION, Baseline
from annt_prof.errors import UserError
from annt_prof.runs.layout import file_name
from annt_prof.runs.store import write_atomically
from annt_prof.scenario.budget_metrics import PEAK_MEMORY, STEP_TIME, THROUGHPUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.check.fingerprint import Fingerprint

SUFFIX = ".json"


def path_of(folder: Path, name: str, scenario_name: str, fingerprint: Fingerprint) -> Path:
    """Return where a baseline of a name lies in the folder of all."""
    return folder / name / f"{file_name(scenario_name)}-{fingerprint.digest}{SUFFIX}"


def write(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all.

    Raises:
        UserError: It cannot be written. What was there before stays as it was.
    """
    encoded = msgspec.json.encode(baseline, order="deterministic")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.format(encoded, indent=2) + b"\n")
    except OSError as error:
        raise UserError(
            f"cannot be written: {error.strerror}",
            where=str(path),
            hint="--baselines says where baselines are kept; what was there before is intact",
        ) from None


def load(path: Path) -> Baseline:
    """Read a baseline.

    Raises:
        UserError: There is none, it is damaged, or an annt-prof of another version wrote it.
    """
    try:
        encoded = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            "there is no baseline here",
            where=str(path),
            hint="annt-prof baseline accept RUN writes one; annt-prof baseline list names those "
            "that are there",
        ) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if not encoded.strip():
        raise _damaged(path, "the file is empty")
    try:
        version = msgspec.json.decode(encoded, type=_Header).schema_version
        if version == SCHEMA_VERSION:
            baseline = msgspec.json.decode(encoded, type=Baseline)
            fault = next(_faults(baseline), None)
            if fault is None:
                return baseline
            raise _damaged(path, fault)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(path, str(error)) from None
    raise UserError(
        f"its schema version is {version}, and this annt-prof reads version {SCHEMA_VERSION}",
        where=str(path),
        hint="accept a run anew, or use the annt-prof that wrote it",
    )


class _Header(msgspec.Struct):
    """What tells a baseline of any version from other documents, which have versions too."""

    schema_version: int
    fingerprint: msgspec.Raw


def _damaged(path: Path, fault: str) -> UserError:
    return UserError(
        f"is not a baseline, or is damaged: {fault}",
        where=str(path),
        hint="annt-prof baseline accept RUN writes one anew",
    )


def _faults(baseline: Baseline) -> Iterator[str]:
    """Yield what no baseline that was accepted holds."""
    if not baseline.runs:
        yield "it has no run"
    for run in baseline.runs:
        for name, variant in run.variants.items():
            if name not in baseline.trainings:
                yield f"what variant {name} of run {run.run_id} trains is not told"
            for metric, values in variant.figures.items():
                if not values or min(values) < 0:
                    yield f"{metric} of run {run.run_id} has no figure, or one below 0"
                elif metric in _NEVER_ZERO and min(values) == 0:
                    yield f"{metric} of run {run.run_id} is 0"


_NEVER_ZERO = frozenset({STEP_TIME, THROUGHPUT, PEAK_MEMORY})
