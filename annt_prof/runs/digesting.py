"""The digesting process: ``python -m annt_prof.runs.digesting TRACE``, started by ``Digesting``.

It imports no torch. What it has to say it says in lines of JSON on its standard output: how far it
is, and at the end where the digest lies or what the user can mend. It ends when its parent is gone.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PERIOD_S = 0.05


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far it is.

    Attributes:
        num_read_bytes, size_bytes: Of the trace so much has been read, of so much; once all of
            it has been, the analysis follows, which takes about as long.
    """

    num_read_bytes: int
    size_bytes: int


class Ready(msgspec.Struct, frozen=True, tag=True):
    """It is done.

    Attributes:
        path: Where the digest lies.
        temporary: Whether whoever takes it is to remove it, as it could not be kept.
    """

    path: str
    temporary: bool


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The user can mend it; the fields are those of ``UserError``."""

    message: str
    where: str | None
    hint: str | None


Told = Progress | Ready | Refused


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a digest; return the exit status."""
    # The parent decides what an interrupt means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser()
    parser.add_argument("trace", type=Path)
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args(arguments)
    try:
        _tell(_made(chosen.trace, keep=chosen.keep))
    except UserError as error:
        _tell(Refused(error.message, error.where, error.hint))
    return 0


def _made(trace: Path, *, keep: bool) -> Ready:
    """Make the digest of a trace and return where it lies.

    Raises:
        UserError: The trace cannot be read, or nothing can be written at all.
    """
    from annt_prof.runs import digests

    made = digests.make(trace, _Teller())
    beside = digests.cache_path(trace)
    if keep and digests.keep(made, beside):
        return Ready(str(beside), temporary=False)
    descriptor, name = tempfile.mkstemp(suffix=digests.SUFFIX)
    os.close(descriptor)
    if not digests.keep(made, Path(name)):
        Path(name).unlink(missing_ok=True)
        raise UserError(
            "there is no room for what the trace says",
            where=tempfile.gettempdir(),
            hint="free some space there, or set TMPDIR to another folder",
        )
    return Ready(name, temporary=True)


class _Teller:
    """Tells every now and then how much has been read, and ends this process with its parent."""

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._told_s = 0.0

    def __call__(self, num_read_bytes: int, size_bytes: int) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < _PERIOD_S and num_read_bytes < size_bytes:
            return
        self._told_s = now_s
        if os.getppid() != self._parent:
            raise SystemExit(1)
        _tell(Progress(num_read_bytes, size_bytes))


def _tell(told: Told) -> None:
    try:
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise SystemExit(1) from None


if __name__ == "__main__":
    sys.exit(main())
