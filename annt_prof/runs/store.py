"""Run directories on disk: unique names, atomic files, versions, and errors with a remedy."""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError, suggestion
from annt_prof.runs.layout import EVENTS_FILE, RUN_FILE, SCENARIO_FILE, STEP_TIMES_FILE, file_name
from annt_prof.runs.migration import brought_up_to_date
from annt_prof.runs.record import SCHEMA_VERSION, Run
from annt_prof.runs.signs import sign_of

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP_TIMES_COLUMNS = ("variant", "launch", "round", "position", "index", "step_ns")

_TIMESTAMP = "%Y%m%d-%H%M%S"
_TIMESTAMPED = re.compile(r"\d{8}-\d{6}")
_LONGEST_NAME = 80
_FULL = {errno.ENOSPC, errno.EDQUOT}


def create(root: Path, scenario_name: str, scenario_text: str) -> Path:
    """Make a new run directory, with the scenario as given, and return it.

    The name is the time in UTC and the scenario's name; a number follows where another run of
    the same second has it already.

    Args:
        root: The folder of all runs; made if it is not there.
        scenario_name: As the scenario calls itself.
        scenario_text: The scenario file's text, byte for byte.

    Raises:
        UserError: The folder cannot be written, or the disk is full; nothing is left behind.
    """
    safe = file_name(scenario_name)[:_LONGEST_NAME]
    stem = f"{datetime.now(UTC).strftime(_TIMESTAMP)}-{safe}"
    with _remedy(root, "choose another folder with --runs-dir"):
        root.mkdir(parents=True, exist_ok=True)
        directory = _make_unique(root, stem)
        try:
            write_atomically(directory / SCENARIO_FILE, scenario_text.encode())
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
    return directory


def adopt(directory: Path, scenario_text: str) -> None:
    """Make a directory that is there already that of a new run, with the scenario as given.

    Raises:
        UserError: It is not there, it holds a run, or it cannot be written.
    """
    if (directory / RUN_FILE).exists():
        raise UserError("there is a run here already", where=str(directory))
    with _remedy(directory, "nothing was measured yet"):
        write_atomically(directory / SCENARIO_FILE, scenario_text.encode())


def write(directory: Path, run: Run) -> None:
    """Write ``run.json`` and ``step_times.csv``, each whole or not at all.

    Raises:
        UserError: The directory cannot be written or the disk is full. What was there before
            stays as it was.
    """
    with _remedy(directory, "what was written before it is intact"):
        write_atomically(directory / STEP_TIMES_FILE, _step_times(run))
        encoded = msgspec.json.format(msgspec.json.encode(run), indent=2)
        write_atomically(directory / RUN_FILE, encoded + b"\n")


def load(path: Path) -> Run:
    """Read a run.

    Args:
        path: A run directory, or the ``run.json`` in it.

    Raises:
        UserError: There is no run, it is damaged, or a newer annt-prof wrote it.
    """
    file = path / RUN_FILE if path.is_dir() else path
    try:
        encoded = file.read_bytes()
    except FileNotFoundError:
        raise _no_record(file) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(file)) from None
    return _decode(encoded, file)


def _no_record(file: Path) -> UserError:
    if sign_of(file.parent) in ("gone", "ended"):
        return UserError(
            "nothing was measured in this run, which is over",
            where=str(file.parent),
            hint="annt-prof show live tells how far it came",
        )
    if (file.parent / EVENTS_FILE).exists():
        hint = "its record follows its first round; annt-prof show live tells how far it is"
        return UserError("nothing is measured yet in this run", where=str(file.parent), hint=hint)
    return UserError(
        "there is no run here", where=str(file), hint="annt-prof run SCENARIO makes one"
    )


def find(name: str | None, root: Path) -> Path:
    """Return the run that a user means.

    Args:
        name: A path, or a directory's name under ``root``; None means the newest run there.
        root: The folder of all runs.

    Raises:
        UserError: There is no such run; it says which name is near.
    """
    if name is None:
        return latest(root)
    for place in (Path(name), root / name):
        if place.exists():
            return place
    known = [directory.name for directory in directories(root)]
    near = f"; {suggestion(name, known[-5:])}" if known else ""
    raise UserError(
        f"there is no such run, neither here nor in {root}{near}",
        where=name,
        hint="annt-prof show runs lists those that are there; without a name the newest is taken",
    )


def latest(root: Path) -> Path:
    """Return the directory of the newest run under ``root``.

    Raises:
        UserError: There is none.
    """
    run_dirs = directories(root)
    if not run_dirs:
        raise UserError(
            "there are no runs here",
            where=str(root),
            hint="annt-prof run SCENARIO makes one; --runs-dir says where to look",
        )
    return run_dirs[-1]


def directories(root: Path) -> tuple[Path, ...]:
    """Return every run directory under ``root``, oldest first; empty where there is no root."""
    if not root.is_dir():
        return ()
    return tuple(sorted((f.parent for f in root.glob(f"*/{RUN_FILE}")), key=_age))


def unmeasured(root: Path) -> tuple[Path, ...]:
    """Return the directories under ``root`` in which a run has begun and left no record yet."""
    begun = (file.parent for file in root.glob(f"*/{SCENARIO_FILE}"))
    return tuple(sorted(each for each in begun if not (each / RUN_FILE).exists()))


def begun(root: Path) -> tuple[Path, ...]:
    """Return every directory in which a run has begun, measured or not, oldest first."""
    return tuple(sorted({*directories(root), *unmeasured(root)}, key=_age))


def _age(directory: Path) -> tuple[str, int]:
    """Sort by the time in the name; the file's own time settles a second with two runs."""
    record = directory / RUN_FILE
    file = record if record.exists() else directory / SCENARIO_FILE
    try:
        written_ns = file.stat().st_mtime_ns
    except FileNotFoundError:  # it was removed just now
        written_ns = 0
    named = _TIMESTAMPED.match(directory.name)
    at = datetime.fromtimestamp(written_ns / 1e9, UTC)
    return (named.group() if named else at.strftime(_TIMESTAMP)), written_ns


def _make_unique(root: Path, stem: str) -> Path:
    """Make the first directory of that stem that is free; mkdir decides between rivals."""
    directory, number = root / stem, 1
    while True:
        try:
            directory.mkdir()
        except FileExistsError:
            number += 1
            directory = root / f"{stem}-{number}"
        else:
            return directory


class _Header(msgspec.Struct):
    schema_version: int


def _decode(encoded: bytes, file: Path) -> Run:
    try:
        version = msgspec.json.decode(encoded, type=_Header).schema_version
        if version == SCHEMA_VERSION:
            return msgspec.json.decode(encoded, type=Run)
        if version < SCHEMA_VERSION:
            record = brought_up_to_date(msgspec.json.decode(encoded), version)
            return msgspec.convert(record, type=Run)
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise UserError(
            f"is not the record of a run, or is damaged: {error}",
            where=str(file),
            hint="give a run directory, such as those under runs/",
        ) from None
    raise UserError(
        f"was written by a newer annt-prof: its schema version is {version}, and this one "
        f"reads versions up to {SCHEMA_VERSION}",
        where=str(file),
        hint="pip install --upgrade annt-prof",
    )


def _step_times(run: Run) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(STEP_TIMES_COLUMNS)
    for variant in run.variants:
        for window in variant.windows:
            writer.writerows(
                (variant.name, window.launch, window.round, window.position, index, step_ns)
                for index, step_ns in enumerate(window.step_ns)
            )
    return text.getvalue().encode()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the file, flush to the disk, then rename over it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the file system knows how."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _remedy(place: Path, hint: str) -> Iterator[None]:
    """Turn what the operating system refuses into an error that names the place and the way out."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UserError(
                "the disk is full",
                where=str(place),
                hint=f"free some space there, then try again; {hint}",
            ) from None
        raise UserError(
            f"cannot be written: {error.strerror}",
            where=str(place),
            hint=f"check its permissions; {hint}",
        ) from None
