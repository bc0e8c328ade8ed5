"""The result of a check in the directory of its run, for whoever looks at the run later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.check.result import SCHEMA_VERSION, CheckResult
from annt_prof.errors import UserError
from annt_prof.runs.layout import CHECK_FILE
from annt_prof.runs.store import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def keep(directory: Path, result: CheckResult) -> None:
    """Write a result beside its run, in place of an earlier one, whole or not at all.

    Raises:
        UserError: It cannot be written. What was there before stays as it was.
    """
    path = directory / CHECK_FILE
    try:
        write_atomically(path, msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    except OSError as error:
        raise UserError(f"cannot be written: {error.strerror}", where=str(path)) from None


def kept(directory: Path) -> CheckResult | None:
    """Return what was found when a run was last checked; None where it never was.

    Raises:
        UserError: It is damaged, or an annt-prof of another version wrote it.
    """
    path = directory / CHECK_FILE
    try:
        encoded = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from None
    try:
        version = msgspec.json.decode(encoded, type=_Header).schema_version
        if version == SCHEMA_VERSION:
            return msgspec.json.decode(encoded, type=CheckResult)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            f"is not the result of a check, or is damaged: {error}",
            where=str(path),
            hint="annt-prof check RUN writes one anew",
        ) from None
    raise UserError(
        f"its schema version is {version}, and this annt-prof reads version {SCHEMA_VERSION}",
        where=str(path),
        hint="annt-prof check RUN writes one anew",
    )


class _Header(msgspec.Struct):
    schema_version: int
