"""The runs under a folder, by what can be said of each without reading all of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from annt_prof.runs import store
from annt_prof.runs.layout import RUN_FILE
from annt_prof.runs.record import SCHEMA_VERSION


class ListedVariant(msgspec.Struct, frozen=True):
    """A variant by name.

    Attributes:
        status: As in its record.
    """

    name: str
    status: str


class ListedRun(msgspec.Struct, frozen=True):
    """The beginning of a record, of any version."""

    schema_version: int
    created: str
    scenario_name: str
    variants: tuple[ListedVariant, ...]


class Listed(msgspec.Struct, frozen=True):
    """A run directory.

    Attributes:
        directory: Of the run.
        run: None where its record cannot be read.
        problem: Why not; empty where it can.
    """

    directory: Path
    run: ListedRun | None
    problem: str = ""


def list_runs(root: Path) -> tuple[Listed, ...]:
    """Return every run under a folder, the newest first; empty where there is no such folder."""
    return tuple(_listed(directory) for directory in reversed(store.directories(root)))


def _listed(directory: Path) -> Listed:
    try:
        run = msgspec.json.decode((directory / RUN_FILE).read_bytes(), type=ListedRun)
    except OSError as error:
        return Listed(directory, None, f"cannot be read: {error.strerror}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Listed(directory, None, "damaged: its record is not one of a run")
    if run.schema_version > SCHEMA_VERSION:
        return Listed(directory, None, "written by a newer annt-prof")
    return Listed(directory, run)
