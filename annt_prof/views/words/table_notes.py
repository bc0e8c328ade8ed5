"""What stands below the table of variants: what its figures are of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.table_notes import (
        ContradictionNote,
        EpochStartNote,
        PeakOwner,
        TableNotes,
    )

_LAUNCH_FIGURES = {
    "mean": "the mean (long steps are in some windows more than in others)",
    "median": "the median",
}


def notes(facts: TableNotes) -> Iterator[str]:
    """Yield a sentence or two for each thing that is to be said."""
    yield _step(facts)
    yield from map(_epoch_start, facts.epoch_starts)
    if facts.whole_epochs:
        lengths = _or(facts.whole_epochs)
        yield f"each window holds whole epochs, of {lengths} iterations, with their starts."
    yield (
        "speedup: the baseline's time per sample over the variant's, from windows paired by round; "
        "its interval is over launches, each a fresh process of every variant."
    )
    if facts.trimmed_from is not None:
        yield (
            f"from {facts.trimmed_from} launches on, the mean of a step and the speedup are of the "
            "middle three fifths of them (trimmed means)."
        )
    yield from map(_contradiction, facts.contradictions)
    yield (
        f"an effect within {units.percent(facts.floor)} is called none, even where its interval "
        "leaves 1 out."
    )
    if facts.peak_owners:
        yield f"peak: highest memory over the timed windows; of: {_peaks(facts.peak_owners)}."


def _step(facts: TableNotes) -> str:
    least, most = facts.least_windows, facts.most_windows
    windows = units.count(most, "window")
    spread = windows if least == most else f"{least} to {windows}"
    without = "" if facts.starts_in_steps else ", without epochs' starts"
    return (
        f"step: one iteration of {_samples(facts.samples_per_iteration)}, wall time without "
        f"profiler: whole windows over their iterations, {spread}, "
        f"{_LAUNCH_FIGURES[facts.launch_figure]} of each launch, and the mean of these; p05 and "
        f"p95 are of single steps{without}."
    )


def _epoch_start(note: EpochStartNote) -> str:
    return (
        f"{printable(note.variant)}: the start of an epoch, once in "
        f"{units.count(note.iterations, 'iteration')}, takes {units.duration(note.start_ns)}; that "
        f"is {units.percent(note.share)} of its step time."
    )


def _contradiction(note: ContradictionNote) -> str:
    return (
        f"{printable(note.variant)}: samples per s come to {units.ratio(note.by_throughputs)}, not "
        f"to {units.ratio(note.by_pairs)}: what slowed the whole machine for a while is in them, "
        "and cancels in pairs: read the speedup, with its interval."
    )


def _peaks(owners: tuple[PeakOwner, ...]) -> str:
    if len(owners) == 1:
        return owners[0].kind
    return "; ".join(f"{owner.kind} ({', '.join(owner.variants)})" for owner in owners)


def _samples(batches: tuple[int, ...]) -> str:
    return f"{_or(batches)} {'sample' if batches == (1,) else 'samples'}"


def _or(numbers: tuple[int, ...]) -> str:
    return " or ".join(map(str, numbers))
