"""The known mistakes of a script, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import INDENT, heading, indented, labelled, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from annt_prof.inspection.rules import Mistake
    from annt_prof.inspection.seen import Seen

DOCUMENT_VERSION = 1
_NONE = "none of the known mistakes"


def render_mistakes(
    script: str,
    seen: Seen,
    found: Sequence[Mistake],
    status: int,
    console: Console,
    not_judged: Sequence[str] = (),
) -> None:
    """Print what was seen, each mistake with its evidence and remedy, and what could not show."""
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
        nothing = _nothing_found(seen, status, partly=bool(not_judged))
        console.print(indented(nothing), highlight=False)
    if not_judged and seen.iterations:
        console.print(Text())
        unseen = f"not judged here, as they need an accelerator: {', '.join(not_judged)}"
        console.print(indented(plain(unseen, "yellow")), highlight=False)


def _end(seen: Seen, status: int) -> str:
    after = f"after {units.count(seen.iterations, 'iteration')}"
    if seen.stopped is None:
        return f"it ended with status {status}, {after}"
    return f"it ended with {seen.stopped}, {after}"


def _nothing_found(seen: Seen, status: int, *, partly: bool) -> Text:
    """Say that a script is clean only where it trained to its end, and all could be judged."""
    if not seen.iterations:
        return plain("no backward pass was seen, so no mistake could show", "yellow")
    known = "none of the known mistakes that could show here" if partly else _NONE
    if status:
        return plain(f"{known}, up to there", "yellow")
    if partly:
        return plain(known)
    return plain(_NONE, "green")


def mistakes_document(
    script: str,
    seen: Seen,
    found: Sequence[Mistake],
    status: int,
    not_judged: Sequence[str] = (),
) -> bytes:
    """Return the same as indented UTF-8 JSON with a final line break."""
    answer = {
        "schema_version": DOCUMENT_VERSION,
        "script": script,
        "status": status,
        "mistakes": found,
        "not_judged": not_judged,
        "seen": seen,
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"
