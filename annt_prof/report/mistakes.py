"""The known mistakes of a script, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.text import Text

from annt_prof import units
from annt_prof.report.lines import INDENT, heading, indented, labelled, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from annt_prof.runner.inspection.rules import Mistake
    from annt_prof.runner.inspection.seen import Seen

DOCUMENT_VERSION = 1


def render_mistakes(
    script: str, seen: Seen, found: Sequence[Mistake], status: int, console: Console
) -> None:
    """Print what was seen and each mistake with its evidence and remedy."""
    iterations = units.count(seen.iterations, "iteration")
    console.print(heading(script, f"{iterations} watched"), highlight=False)
    if status:
        console.print(plain(_end(seen, status), "bold red"), highlight=False)
    for mistake in found:
        console.print(Text())
        console.print(plain(mistake.name, "bold yellow"), highlight=False)
        rows = [("seen", mistake.evidence), ("remedy", mistake.remedy)]
        console.print(labelled(rows, INDENT), highlight=False)
    if not found:
        console.print(indented(_nothing_found(seen, status)), highlight=False)


def _end(seen: Seen, status: int) -> str:
    after = f"after {units.count(seen.iterations, 'iteration')}"
    if seen.stopped is None:
        return f"it ended with status {status}, {after}"
    return f"it ended with {seen.stopped}, {after}"


def _nothing_found(seen: Seen, status: int) -> Text:
    """Say that a script is clean only where it trained to its end."""
    if not seen.iterations:
        return plain("no backward pass was seen, so no mistake could show", "yellow")
    if status:
        return plain("none of the known mistakes up to there", "yellow")
    return plain("none of the known mistakes", "green")


def mistakes_document(script: str, seen: Seen, found: Sequence[Mistake], status: int) -> bytes:
    """Return the same as indented UTF-8 JSON with a final line break."""
    answer = {
        "schema_version": DOCUMENT_VERSION,
        "script": script,
        "status": status,
        "mistakes": found,
        "seen": seen,
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"
