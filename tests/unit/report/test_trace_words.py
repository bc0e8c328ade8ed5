"""What the text of an analysis says where a trace tells less, or more, than most."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from annt_prof import units
from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.tables.copies import CopyRow
from annt_prof.analysis.tables.memory_use import MemoryHolder
from annt_prof.report.text import device_sections as device
from annt_prof.report.text.analysis import render
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from annt_prof.views.analysis_view import build_analysis_view
from annt_prof.views.device_time_view import DeviceRow
from annt_prof.views.kernels_view import KernelsView
from annt_prof.views.memory_view import MemoryPeak
from annt_prof.views.path_view import HiddenLoading, PathView
from annt_prof.views.queue_view import QueueDepth, QueueView
from annt_prof.views.rest import Listed, Rest
from annt_prof.views.trace_steps_view import MOST_STEPS
from hand_made import GIB, MS


def printed(parts, width=160):
    console = Console(width=width, file=io.StringIO())
    for part in parts:
        console.print(part, highlight=False)
    return console.file.getvalue()


@pytest.fixture
def view(tmp_path):
    builder = TraceBuilder()
    for number in range(MOST_STEPS + 2):
        builder.step(number * 10 * MS, number * 10 * MS + 9 * MS)
    return build_analysis_view(analyze(read(builder.write(tmp_path / "trace.json"))))


def shown(view):
    console = Console(width=160, file=io.StringIO())
    render(view, console)
    return console.file.getvalue()


def row_of(text, start):
    (line,) = (line for line in text.splitlines() if line.strip().startswith(start))
    return line.split()


def test_steps_that_have_no_line_are_counted(view):
    assert "\nand 2 more steps; --steps chooses, --json has them all\n" in shown(view)
    last = replace(view, steps=replace(view.steps, num_more_steps=1))
    assert "\nand 1 more step; --steps chooses" in shown(last)
    assert " more step" not in shown(replace(view, steps=replace(view.steps, num_more_steps=0)))


def test_loading_that_the_path_passes_by_says_what_it_could_save(view):
    path = PathView((), (), (), HiddenLoading(loading_ns=7 * MS, on_path_ns=2 * MS))
    assert (
        "loading data takes the host 7.000 ms, of which 2.000 ms are on the path: faster loading "
        "cannot save more than that"
    ) in " ".join(shown(replace(view, path=path)).split())


@pytest.mark.parametrize(("world_size", "told"), [(None, "rank 3"), (8, "rank 3 of 8")])
def test_a_rank_is_told_with_the_number_of_ranks_that_the_file_knows(view, world_size, told):
    of_rank = replace(view, head=replace(view.head, rank=3, world_size=world_size))
    assert row_of(shown(of_rank), "rank") == told.split()


def test_a_device_without_a_number_is_not_told():
    row = DeviceRow(None, 10 * MS, None, 0.25, 0.5, 3 * MS, 4 * MS, 7)
    text = printed(device.temporal([row]))
    cells = ["10.000", "-", "25.0", "%", "50.0", "%", "3.000", "4.000", "7"]
    assert row_of(text, "not told")[2:] == cells
    assert row_of(printed(device.temporal([replace(row, device=2)])), "2")[0] == "2"


def test_a_copy_whose_bytes_are_not_told_has_no_rate():
    row = CopyRow("HtoD", None, 1, None, 2 * MS, None, None, None)
    cells = ["HtoD", "-", "1", "n/a", "2.000", "n/a", "n/a", "n/a"]
    assert row_of(printed(device.copies(Listed((row,), Rest(0, 0)))), "HtoD") == cells
    row = CopyRow("HtoD", "Pinned", 1, 3_000_000, 2 * MS, 1.5, MS, 0)
    cells = ["HtoD", "Pinned", "1", "3.0", "2.000", "1.5", "1.000", "0.000"]
    assert row_of(printed(device.copies(Listed((row,), Rest(0, 0)))), "HtoD") == cells


@pytest.mark.parametrize(
    ("launches", "complete", "told"),
    [(1, True, "1 launch, longest"), (2, False, "2 launches that are left, longest")],
)
def test_launches_are_counted_in_words(launches, complete, told):
    kernels = KernelsView((), Rest(1, 0), num_names=1, num_launches=launches, complete=complete)
    assert f"0 of 1 name, {told} first" in printed(device.kernels(kernels))


@pytest.mark.parametrize(("phase", "told"), [(None, "in step 4\n"), ("backward", "in step 4, ba")])
def test_a_peak_says_where_it_was_as_far_as_is_known(phase, told):
    peak = MemoryPeak(
        device="cuda:0",
        peak_bytes=3 * GIB,
        since_trace_began=False,
        step="step 4",
        phase=phase,
        reserved_bytes=None,
        holders=(MemoryHolder("aten::add", 3 * GIB, None),),
        unit=units.memory_unit([3 * GIB]),
    )
    text = printed(device.memory([peak]))
    assert f"cuda:0: peak 3.00 GiB {told}" in text
    assert row_of(text, "aten::add") == ["aten::add", "3.00", "-"]


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (Rest(0, 0), None),
        (Rest(1, 12_345_678), "and 1 shorter one, 12.35 ms together"),
        (Rest(4_321, 3_456), "and 4,321 shorter ones, 0.003 ms together"),
        (Rest(12, 0.5 * 345), "and 12 shorter ones, 0.172 us together"),
    ],
)
def test_what_a_list_does_not_show_is_counted(rest, told):
    row = CopyRow("HtoD", None, 1, None, 2 * MS, None, None, None)
    said = [line for line in printed(device.copies(Listed((row,), rest))).splitlines()
            if "shorter" in line]  # fmt: skip
    assert said == ([] if told is None else [f"  {told}"])


def test_a_list_of_nothing_but_nothings_has_no_table():
    text = printed(device.synchronisations(Listed((), Rest(12, 345))))
    assert text.splitlines()[1:] == [
        "  none that would not read 0.000 ms; 12 shorter ones, 0.345 us together"
    ]


def test_of_a_file_that_breaks_off_the_queue_has_no_line_of_its_own():
    known = QueueView(3, 1_000, 2_000, 3_000, QueueDepth(1, 4), 0.25)
    text = printed(device.queue(known))
    assert "at most 4" in text
    assert "25.0 % of the kernels" in text
    text = printed(device.queue(replace(known, depth=None, short_share=None)))
    assert [line.split()[0] for line in text.splitlines()] == ["How", "delay"]
