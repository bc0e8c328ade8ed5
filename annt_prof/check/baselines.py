"""The folder of stored baselines: ``<folder>/<name>/<scenario>-<fingerprint>.json``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.check import fingerprint as fingerprints
from annt_prof.check import work as works
from annt_prof.check.accepting import kept_of
from annt_prof.check.baseline import SCHEMA_VERSION, Baseline, BaselineRun
from annt_prof.check.baseline_file import SUFFIX, load, path_of, write
from annt_prof.check.fingerprint import Fingerprint, fingerprint_of
from annt_prof.check.work import settings_of, training_of
from annt_prof.errors import UserError, suggestion
from annt_prof.scenario.budget_metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_MOST_NAMED = 5  # differences in one message


class Stored(NamedTuple):
    """A baseline and its file."""

    path: Path
    baseline: Baseline


class Accepted(NamedTuple):
    """What was written.

    Attributes:
        replaced: Whether there was another one in its place.
        left_out: Variants that are not part of it, each with the reason.
    """

    path: Path
    baseline: Baseline
    replaced: bool
    left_out: dict[str, str]


class Found(NamedTuple):
    """What there is of a name for a scenario on a machine.

    Attributes:
        stored: The one that matches; None where there is none.
        nearest: Where there is none, the one of the same name and scenario that differs least.
        differences: Of that one's machine from this one: ``driver: 550.54 -> 560.35``.
    """

    stored: Stored | None
    nearest: Stored | None = None
    differences: tuple[str, ...] = ()


def accept(
    folder: Path,
    name: str,
    runs: Sequence[Run],
    *,
    only: Collection[str] = (),
    again: bool = False,
    ceilings: Ceilings | None = None,
) -> Accepted:
    """Write runs of one code as a baseline; nothing else writes one.

    Args:
        folder: Of all baselines; made if it is not there.
        name: Of this one.
        runs: At least one, of one scenario on one machine.
        only: Metrics that are kept; empty for all that were measured.
        again: Whether they are added to what was accepted before, as further runs of the same
            code, and do not take its place.
        ceilings: Of the machine, for ``mfu``.

    Raises:
        UserError: A run cannot be a baseline, they are not of the same training or machine, or
            the file cannot be written. No file is changed then.
    """
    _check_name(name)
    for metric in only:
        if metric not in METRICS:
            message = f'there is no metric "{metric}"; {suggestion(metric, METRICS)}'
            raise UserError(message, where="--only")
    kept = [kept_of(run, only, ceilings) for run in runs]
    made = [_made(name, run, part.run) for run, part in zip(runs, kept, strict=True)]
    path = path_of(folder, name, made[0].scenario_name, made[0].fingerprint)
    there = path.exists()
    baselines = [_to_add_to(folder, made[0]), *made] if again else made
    baseline = baselines[0]
    for further in baselines[1:]:
        baseline = _joined(baseline, further)
    write(path, baseline)
    left_out = {variant: why for part in kept for variant, why in part.left_out.items()}
    return Accepted(path, baseline, there and not again, left_out)


def _made(name: str, run: Run, kept: BaselineRun) -> Baseline:
    trainings = {v.name: training_of(run, v) for v in run.variants if v.name in kept.variants}
    return Baseline(
        schema_version=SCHEMA_VERSION,
        name=name,
        scenario_name=run.scenario_name,
        fingerprint=fingerprint_of(run.environment),
        settings=settings_of(run),
        trainings=trainings,
        runs=(kept,),
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot name a baseline: letters, digits and ._+- can, after a letter or a '
            "digit",
            where="--name",
        )


def _to_add_to(folder: Path, made: Baseline) -> Baseline:
    found = find(folder, made.name, made.scenario_name, made.fingerprint)
    if found.stored is not None:
        return found.stored.baseline
    unlike = f"; the nearest differs: {_some(found.differences)}" if found.nearest else ""
    raise UserError(
        f'there is no baseline "{made.name}" of {made.scenario_name} on this machine to add '
        f"to{unlike}",
        where="--again",
        hint="without --again the first one is written",
    )


def _joined(first: Baseline, second: Baseline) -> Baseline:
    """Return a baseline with the runs of another one behind its own.

    Raises:
        UserError: They are not of the same training or machine, or have a run in common.
    """
    (added,) = second.runs
    unlike = tuple(_unlike(first, second))
    if unlike:
        raise UserError(
            f"is not of the same training and machine as run {first.runs[0].run_id}: "
            f"{_some(unlike)}",
            where=added.run_id,
            hint="only runs of the same code and scenario tell how far apart such runs are",
        )
    if any(run.run_id == added.run_id and run.created == added.created for run in first.runs):
        raise UserError("is part of the baseline already", where=added.run_id)
    return msgspec.structs.replace(
        first,
        trainings={**first.trainings, **second.trainings},
        runs=(*first.runs, added),
    )


def _unlike(first: Baseline, second: Baseline) -> Iterator[str]:
    if first.scenario_name != second.scenario_name:
        yield f"scenario: {first.scenario_name} -> {second.scenario_name}"
    yield from fingerprints.differences(first.fingerprint, second.fingerprint)
    told: set[str] = set()
    for variant in first.trainings.keys() & second.trainings.keys():
        before, after = first.work_of(variant), second.work_of(variant)
        if before is not None and after is not None:
            told |= set(works.differences(before, after))
    yield from sorted(told)


def find(folder: Path, name: str, scenario_name: str, fingerprint: Fingerprint) -> Found:
    """Return the baseline of a name for a scenario on a machine.

    Raises:
        UserError: One that has to be looked at is damaged.
    """
    direct = path_of(folder, name, scenario_name, fingerprint)
    if direct.exists():
        baseline = load(direct)
        if (baseline.scenario_name, baseline.fingerprint) == (scenario_name, fingerprint):
            return Found(Stored(direct, baseline))
    return _nearest(
        [
            stored
            for stored in every(folder, name)
            if stored.baseline.scenario_name == scenario_name
        ],
        fingerprint,
    )


def resolve(named: str, folder: Path, scenario_name: str, fingerprint: Fingerprint) -> Found:
    """Return the baseline that a user means by a name or a file.

    Args:
        named: A name under ``folder``, or the path of a file.
        folder: Of all baselines.
        scenario_name: Of what is checked.
        fingerprint: Of the machine that it ran on.

    Raises:
        UserError: There is no such file, or it is damaged.
    """
    if not _is_file(named):
        return find(folder, named, scenario_name, fingerprint)
    stored = Stored(Path(named), load(Path(named)))
    return _nearest([stored], fingerprint)


def _nearest(stored: Sequence[Stored], fingerprint: Fingerprint) -> Found:
    unlike = [fingerprints.differences(s.baseline.fingerprint, fingerprint) for s in stored]
    if not stored:
        return Found(None)
    least = min(range(len(stored)), key=lambda number: len(unlike[number]))
    if not unlike[least]:
        return Found(stored[least])
    return Found(None, stored[least], unlike[least])


def named(what: str, folder: Path) -> tuple[Stored, ...]:
    """Return every baseline of a name, or the one in a file.

    Raises:
        UserError: There is none, or it is damaged.
    """
    if _is_file(what):
        return (Stored(Path(what), load(Path(what))),)
    found = every(folder, what)
    if not found:
        names = _names(folder)
        near = f"; {suggestion(what, names)}" if names else ""
        raise UserError(
            f'there is no baseline "{what}" in {folder}{near}',
            hint="annt-prof baseline accept RUN writes one",
        )
    return found


def every(folder: Path, name: str | None = None) -> tuple[Stored, ...]:
    """Return every baseline in a folder, or those of one name, by their files.

    Raises:
        UserError: One is damaged.
    """
    names = _names(folder) if name is None else (name,) if _NAME.fullmatch(name) else ()
    files = (path for each in names for path in sorted((folder / each).glob(f"*{SUFFIX}")))
    return tuple(Stored(path, load(path)) for path in files)


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted({path.parent.name for path in folder.glob(f"*/*{SUFFIX}")}))


def _is_file(what: str) -> bool:
    return what.endswith(SUFFIX) or os.sep in what or Path(what).is_file()


def _some(differences: tuple[str, ...]) -> str:
    shown = "; ".join(differences[:_MOST_NAMED])
    more = len(differences) - _MOST_NAMED
    return f"{shown}; and {more} more" if more > 0 else shown
