"""A machine's ceilings, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.lines import heading, labelled, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from annt_prof.views.ceilings_view import CeilingsView


def render_ceilings(view: CeilingsView, console: Console) -> None:
    """Print each ceiling on a line of its own, with its unit, and where they are kept."""
    console.print(heading("What this machine can do at most", view.machine), highlight=False)
    console.print(labelled(_lines(view)), highlight=False)
    # Left to the terminal to wrap, so that the path can be copied whole.
    console.print(plain(f"kept in {view.path}"), highlight=False, soft_wrap=True)


def _lines(view: CeilingsView) -> Iterator[tuple[str, str]]:
    for rate in view.matrix:
        flops = f"{units.teraflops(rate.flops)} TFLOP/s in a matrix product"
        yield rate.dtype, f"{flops}, {units.ratio(rate.times_float32)} float32"
    yield "memory", f"{_gigabytes(view.memory_bytes_per_s)} read and written"
    for name, bytes_per_s in (
        ("pinned", view.pinned_bytes_per_s),
        ("pageable", view.pageable_bytes_per_s),
    ):
        if bytes_per_s is not None:
            yield name, f"{_gigabytes(bytes_per_s)} from the host to the device"
    if view.collective is None:
        yield "collective", f"n/a: {view.no_collective}"
    else:
        bus = _gigabytes(view.collective.bytes_per_s)
        yield "collective", f"{bus} on the bus, all-reduce of {view.collective.ranks} ranks"
    yield "launch", f"{units.microseconds(view.launch_ns, 2)} us for the smallest operator"


def _gigabytes(bytes_per_s: float) -> str:
    return f"{units.gigabytes_per_s(bytes_per_s)} GB/s"
