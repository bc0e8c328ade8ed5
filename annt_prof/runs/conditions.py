"""What of a run is not as its scenario asks: said in every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.runs.record import Run


def not_as_asked(run: Run) -> tuple[str, ...]:
    """Return one sentence for each thing that is not what the scenario asked for."""
    return tuple(_sentences(run))


def _sentences(run: Run) -> Iterator[str]:
    for s in run.substitutions:
        yield f"{s.wanted}: {s.used} instead; {s.consequence}"
    yield from run.overrides_in_effect
    obstacles: dict[tuple[str, str], list[str]] = {}
    for variant in run.variants:
        for technique, reason in variant.left_out.items():
            obstacles.setdefault((technique, reason), []).append(variant.name)
    for (technique, reason), variants in obstacles.items():
        yield f"{technique} cannot act here: {reason}; left out of variant {', '.join(variants)}"
    known = {technique for technique, _ in obstacles}
    for variant in run.variants:
        if variant.status == "not_applicable" and variant.name not in known:
            yield f"{variant.name} cannot act here: {variant.reason}"
