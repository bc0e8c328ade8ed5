"""The parent's side: starts the script and reads what was seen of it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.errors import UserError
from annt_prof.inspection.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence


class Inspected(NamedTuple):
    """What was seen, and how the script ended."""

    seen: Seen
    status: int


def inspect(script: Path, arguments: Sequence[str]) -> Inspected:
    """Run a script under watch; what it prints goes to stderr.

    Raises:
        UserError: There is no such script, or it ended before anything could be seen.
    """
    if not script.is_file():
        raise UserError("there is no such script", where=str(script))
    with tempfile.TemporaryDirectory(prefix="annt-prof-") as folder:
        answer = Path(folder) / "seen.json"
        command = [sys.executable, "-m", "annt_prof.inspection", str(answer), str(script)]
        status = subprocess.run([*command, *arguments], stdout=sys.stderr.fileno()).returncode
        if not answer.exists():
            raise UserError(f"ended with status {status} and told nothing", where=str(script))
        return Inspected(msgspec.json.decode(answer.read_bytes(), type=Seen), status)
