"""The table of readings, and the line of each owed bullet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.gpu_items.owed import NOT_SERVED, Owed
from benchmarks.gpu_items.values import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.gpu_items.values import Outcome, Reading

_HEAD = ("item", "status", "figure", "expected", "deviation", "interval", "launches", "seconds")


def table(outcomes: Sequence[Outcome]) -> str:
    """Return one row per reading, and the reasons below it."""
    rows = [_HEAD, *(row for outcome in outcomes for row in _rows(outcome))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, *_remarks(outcomes)])


def _rows(outcome: Outcome) -> Iterator[tuple[str, ...]]:
    seconds = f"{outcome.seconds:.1f}"
    yield (outcome.key, outcome.status.value, "", "", "", "", "", seconds)
    for reading in outcome.readings:
        yield (
            f"  {reading.name}",
            "" if reading.as_expected else "off",
            _figure(reading.figure, reading.unit),
            _expected(reading),
            _deviation(reading),
            "" if reading.interval is None else "{:.4g} to {:.4g}".format(*reading.interval),
            "" if reading.launches is None else str(reading.launches),
            "",
        )


def _figure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:.5g} {unit}".rstrip()


def _expected(reading: Reading) -> str:
    expected = reading.expected
    if expected is None:
        return ""
    told = _figure(expected.value, reading.unit)
    if expected.by_interval:
        return f"{told} in the interval or within {expected.high / expected.value - 1:.0%}"
    if expected.low is None:
        return f"at most {told}"
    return f"at least {told}" if expected.high is None else told


def _deviation(reading: Reading) -> str:
    expected = reading.expected
    if expected is None or reading.figure is None or not expected.value:
        return ""
    return f"{reading.figure / expected.value - 1:+.2%}"


def _remarks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield what does not fit into columns, each reason to skip once."""
    skipped = [outcome for outcome in outcomes if outcome.status is Status.SKIPPED]
    if skipped:
        yield f"skipped: {_reasons(skipped)}"
    for outcome in outcomes:
        if outcome.reason and outcome not in skipped:
            yield f"{outcome.key} ({outcome.status.value}): {outcome.reason}"
        for reading in outcome.readings:
            said = "; ".join(filter(None, (reading.trouble, reading.note)))
            if said:
                yield f"{outcome.key}, {reading.name}: {said}"


def owed_lines(outcomes: Sequence[Outcome], elsewhere: dict[Owed, tuple[int, ...]]) -> str:
    """Return one line for each bullet.

    Args:
        outcomes: Of this part and of those run before into the same folder.
        elsewhere: The parts that serve each bullet.
    """
    return "\n".join(_owed_line(owed, outcomes, elsewhere[owed]) for owed in Owed)


def _owed_line(owed: Owed, outcomes: Sequence[Outcome], parts: tuple[int, ...]) -> str:
    serving = [outcome for outcome in outcomes if owed in outcome.serves]
    done = [each for each in serving if each.status is Status.DONE]
    skipped = [each for each in serving if each.status is Status.SKIPPED]
    failed = [each for each in serving if each not in done and each not in skipped]
    waiting = sorted(set(parts) - {each.part for each in serving})
    if failed:
        state = f"failed: {_named(failed)}"
    elif serving and len(skipped) == len(serving):
        state = f"skipped: {_reasons(skipped)}"
    elif skipped:
        state = f"done in part, skipped {_reasons(skipped)}"
    elif serving and not waiting:
        state = "done"
    else:
        state = "done in part" if serving else "not run"
    if any(each.rehearsal for each in done):
        state = f"only rehearsed on a CPU ({state})"
    if waiting:
        state += f"; still to come: part {' and '.join(map(str, waiting))}"
    if owed in NOT_SERVED:
        state += f"; not served: {NOT_SERVED[owed]}"
    return f"owed: {owed.value}\n      {state}"


def _named(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(f"{each.key} ({each.status.value})" for each in outcomes)


def _reasons(outcomes: Sequence[Outcome]) -> str:
    """Return each reason once, with the items it holds for."""
    by_reason: dict[str, list[str]] = {}
    for each in outcomes:
        by_reason.setdefault(each.reason, []).append(each.key)
    return "; ".join(f"{', '.join(keys)} ({reason})" for reason, keys in by_reason.items())
