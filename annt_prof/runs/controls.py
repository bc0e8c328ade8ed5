"""What people ask of a run while it goes on: ``controls.jsonl``, a line for each wish.

Whoever watches a run appends to it, and the run looks between its windows.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.runs.growing_file import GrowingFile
from annt_prof.runs.layout import CONTROLS_FILE

if TYPE_CHECKING:
    from pathlib import Path

_APPENDED = os.O_WRONLY | os.O_APPEND | os.O_CREAT


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Begin no further round; the windows of one round are compared, so it is finished first."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Go on."""


class Skip(msgspec.Struct, frozen=True, tag=True):
    """Run a variant no more, and keep what was measured of it; never the baseline."""

    variant: str


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Begin no further window, then trace and finish the run; a second one is an ``Interrupt``.

    Before anything is measured it is one too.
    """


class Interrupt(msgspec.Struct, frozen=True, tag=True):
    """End the run as Ctrl-C does."""


Control = Pause | Resume | Skip | Stop | Interrupt


def ask(directory: Path, control: Control) -> None:
    """Ask something of the run in this directory.

    Raises:
        UserError: The directory cannot be written.
    """
    path = directory / CONTROLS_FILE
    try:
        descriptor = os.open(path, _APPENDED, 0o666)
        try:
            os.write(descriptor, msgspec.json.encode(control) + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise UserError(
            f"the run cannot be asked: {error.strerror}",
            where=str(path),
            hint="whoever started it may write there",
        ) from None


class ControlReader:
    """Reads what is asked of a run.

    Args:
        directory: Of the run.
    """

    def __init__(self, directory: Path) -> None:
        self._file = GrowingFile(directory / CONTROLS_FILE)
        self._decoder = msgspec.json.Decoder(Control)

    def poll(self) -> tuple[Control, ...]:
        """Return what was asked since the last time; what cannot be read is passed over."""
        asked: list[Control] = []
        for line in self._file.new_lines():
            try:
                asked.append(self._decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
        return tuple(asked)
