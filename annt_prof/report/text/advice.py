"""What every technique could save, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.report.text.lines import INDENT, heading, indented, plain
from annt_prof.report.text.tables import table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.explain.advice import Advice
    from annt_prof.techniques.evidence import Evidence

DOCUMENT_VERSION = 1


def render_advice(
    source: str,
    evidence: Evidence,
    advice: Sequence[Advice],
    console: Console,
    *,
    of_a_run: bool,
) -> None:
    """Print the predictions, the largest first, then what cannot act.

    Args:
        source: Where the evidence comes from.
        evidence: Of the step to improve.
        advice: From it.
        console: Where to print.
        of_a_run: Whether the machine is one that could be calibrated from here.
    """
    for part in _parts(source, evidence, advice, _ceilings_missing(evidence, of_a_run=of_a_run)):
        console.print(part, highlight=False)


def _ceilings_missing(evidence: Evidence, *, of_a_run: bool) -> str | None:
    if evidence.ceilings is not None:
        return None
    if of_a_run:
        return (
            "this machine is not calibrated, so upper bounds are wide: annt-prof doctor --calibrate"
        )
    return "a trace does not tell what its machine can do at most, so upper bounds are wide"


def _parts(
    source: str, evidence: Evidence, advice: Sequence[Advice], missing: str | None
) -> Iterator[RenderableType]:
    yield heading(
        "What each technique could save",
        f"{source}, of a step of {units.duration(evidence.step_ns)}",
    )
    if missing is not None:
        yield indented(plain(missing, "yellow"))
    table = table_of(("technique", "left"), ("at least ms", "right"), ("at most ms", "right"),
                     ("of the step", "right"))  # fmt: skip
    told = [one for one in advice if one.high_ns is not None and one.low_ns is not None]
    places = units.duration_decimals(abs(one.high_ns or 0) for one in told)
    for one in told:
        table.add_row(
            plain(one.name),
            units.milliseconds(one.low_ns or 0, places),
            units.milliseconds(one.high_ns or 0, places),
            units.percent(min(one.share or 0.0, 1.0)),
        )
    yield table
    for one in told:
        if one.high_ns:
            yield indented(
                plain(f"{one.name}: it cannot save more than {one.basis}", "dim"), INDENT
            )
    for one in advice:
        if one.high_ns is None:
            yield indented(plain(f"{one.name}: {one.basis}", "dim"), INDENT)


def advice_document(source: str, evidence: Evidence, advice: Sequence[Advice]) -> bytes:
    """Return the predictions as indented UTF-8 JSON; nanoseconds per iteration."""
    answer = {
        "schema_version": DOCUMENT_VERSION,
        "source": source,
        "step_ns": evidence.step_ns,
        "calibrated": evidence.ceilings is not None,
        "techniques": [
            {
                "name": one.name,
                "predicted_ns": {"low": one.low_ns, "high": one.high_ns},
                "share_of_step": one.share,
                "basis": one.basis,
            }
            for one in advice
        ],
    }
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"
