"""A machine's ceilings as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from annt_prof import units
from annt_prof.report.text.lines import heading, labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from annt_prof.machine.ceilings import Ceilings


def ceilings_table(machine: str, ceilings: Ceilings) -> RenderableType:
    """Return each ceiling on a line of its own, with its unit."""
    return Group(heading("What this machine can do at most", machine), labelled(_lines(ceilings)))


def _lines(ceilings: Ceilings) -> Iterator[tuple[str, str]]:
    for dtype, flops in ceilings.matrix_flops.items():
        ratio = units.ratio(flops / ceilings.matrix_flops["float32"])
        yield dtype, f"{units.teraflops(flops)} TFLOP/s in a matrix product, {ratio} float32"
    yield "memory", f"{units.gigabytes_per_s(ceilings.memory_bytes_per_s)} GB/s read and written"
    for name, rate in (
        ("pinned", ceilings.pinned_bytes_per_s),
        ("pageable", ceilings.pageable_bytes_per_s),
    ):
        if rate is not None:
            yield name, f"{units.gigabytes_per_s(rate)} GB/s from the host to the device"
    if ceilings.collective_bytes_per_s is None:
        yield "collective", f"n/a: {ceilings.no_collective or 'not measured'}"
    else:
        bus = units.gigabytes_per_s(ceilings.collective_bytes_per_s)
        ranks = ceilings.collective_ranks
        yield "collective", f"{bus} GB/s on the bus, all-reduce of {ranks} ranks"
    yield "launch", f"{units.microseconds(ceilings.launch_ns, 2)} us for the smallest operator"
