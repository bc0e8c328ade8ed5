"""All that is told of one kernel, operator or group: the row at the cursor, written out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.page import Lines, Said, Tone
from annt_prof.views.work import operator_sheet
from annt_prof.views.work.changes import GROUP_CHANGES_KEY, OPERATOR_CHANGES_KEY
from annt_prof.views.work.groups import GROUPS_KEY, NOT_KNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from annt_prof.analysis.tables.kernel_table import KernelRow
    from annt_prof.analysis.tables.operator_table import OperatorRow
    from annt_prof.trace.columns import Geometry
    from annt_prof.views.work.traced import Traced

KEY = "details"
_MATRIX = {True: "matrix units", False: "no matrix units"}


def build_details(traced: Sequence[Traced], sheet: str, name: str) -> Lines:
    """Return what is told of a row.

    Args:
        traced: What the rows are of: one trace, or two that are held against each other, of which
            the first that has such a row tells.
        sheet: Key of the sheet that the row is in.
        name: The row's key, which is its whole name.
    """
    if sheet in (GROUPS_KEY, GROUP_CHANGES_KEY):
        lines = [Said("not known" if name == NOT_KNOWN else name, "group", Tone.STRONG)]
        if sheet == GROUPS_KEY:
            lines.append(Said("Enter shows its kernels, Backspace comes back", tone=Tone.QUIET))
        return Lines(KEY, "", tuple(lines))
    of_operators = sheet in (operator_sheet.KEY, OPERATOR_CHANGES_KEY)
    found = [(_of_operators if of_operators else _of_kernels)(each, name) for each in traced]
    told = ((of.name, facts) for of, facts in zip(traced, found, strict=True) if facts)
    variant, facts = next(told, ("", ()))
    which = (Said(variant, "traced in"),) if len(traced) > 1 else ()
    return Lines(KEY, "", (Said(name, "name", Tone.STRONG), *which, *facts))


def _of_kernels(traced: Traced, name: str) -> tuple[Said, ...]:
    rows = () if traced.analysis.kernels is None else traced.analysis.kernels.rows
    row = next((row for row in rows if row.name == name), None)
    return () if row is None else tuple(_of_kernel(row, traced))


def _of_operators(traced: Traced, name: str) -> tuple[Said, ...]:
    rows = () if traced.operators is None else traced.operators.rows
    row = next((row for row in rows if row.name == name), None)
    return () if row is None else tuple(_of_operator(row))


def _of_kernel(row: KernelRow, traced: Traced) -> Iterator[Said]:
    yield Said("; ".join(_does(row)), "does")
    parts = () if traced.parts is None else traced.parts.parts
    mine = [part for part in parts if part.name == row.name]
    if row.phases is not None:
        yield from _timed("phases", row.phases, ((part.phase, part.total_ns) for part in mine))
    yield from _timed("operators", row.operators, ((p.operator, p.total_ns) for p in mine))
    yield from _timed("modules", row.modules, ((part.module, part.total_ns) for part in mine))
    yield from _counts("lines", row.lines)


def _does(row: KernelRow) -> Iterator[str]:
    yield row.kernel_class
    if row.tensor_cores is not None:
        yield _MATRIX[row.tensor_cores]
    if row.geometry is not None:
        of = f" (most of {row.num_geometries} kinds)" if row.num_geometries > 1 else ""
        yield f"{_geometry(row.geometry)}{of}"
    if row.occupancy is not None:
        yield f"estimated occupancy {units.percent(row.occupancy)}"


def _geometry(of_kernel: Geometry) -> str:
    grid, block = ("x".join(map(str, sizes)) for sizes in of_kernel)
    return f"grid {grid}, block {block}"


def _of_operator(row: OperatorRow) -> Iterator[Said]:
    own = "" if row.self_ns is None else f"{units.brief(row.self_ns)} of its own, "
    device = ""
    if row.device_ns is not None:
        device = f"; launched {units.brief(row.device_ns)} of the device's time itself"
    yield Said(f"{own}{units.brief(row.total_ns)} with all that is called inside{device}", "time")
    if row.phases is not None:
        yield from _counts("phases", row.phases)
    yield from _counts("threads", row.threads)


def _counts(label: str, counts: Mapping[str, int]) -> Iterator[Said]:
    if counts:
        told = (f"{name} {units.whole(count)}" for name, count in counts.items())
        yield Said(", ".join(told), label)


def _timed(
    label: str, counts: Mapping[str, int], times_ns: Iterable[tuple[str | None, int]]
) -> Iterator[Said]:
    """Yield how often each was, with the time of all its launches."""
    total_ns: Counter[str | None] = Counter()
    for name, time_ns in times_ns:
        total_ns[name] += time_ns
    if counts:
        told = (
            f"{name} {units.whole(count)} ({units.brief(total_ns[name])})"
            for name, count in counts.items()
        )
        yield Said(", ".join(told), label)
