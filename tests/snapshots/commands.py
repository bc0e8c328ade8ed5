"""Commands called as a user calls them, and what they print held against a page on the disk."""

from __future__ import annotations

import os
import re
from pathlib import Path

from click.testing import CliRunner

from annt_prof.cli import group

PAGES = Path(__file__).parent / "pages"
WIDTHS = (80, 120)

_LONG = re.compile(r"-?\d+\.\d{9,}(e-?\d+)?")


_COLOURS = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def printed(*arguments: str, width: int = 100, colours: bool = False) -> str:
    """Return what a command writes to stdout, on a terminal of so many cells.

    A command may exit with any status; an exception is the test's failure.
    """
    terminal = {"COLUMNS": str(width)} | (_COLOURS if colours else {})
    result = CliRunner().invoke(group, arguments, env=terminal)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def assert_reads_as_before(shown: str, page: str) -> None:
    """Compare with a page byte for byte, but for the last digits of a document's long numbers.

    Those are the mathematical library's. ``ANNT_PROF_UPDATE_SNAPSHOTS`` writes the page anew.
    """
    path = PAGES / page
    told = _LONG.sub(lambda found: f"{float(found[0]):.12g}", shown) if ".json" in page else shown
    if os.environ.get("ANNT_PROF_UPDATE_SNAPSHOTS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(told.encode())
    assert told == path.read_bytes().decode()
