"""Every face at several widths, with views of extreme content: each figure whole, on one line.

A page that is wide enough for everything says which figures there are. In a narrower one stand the
same figures and no others: a broken or cut one would be another. What a list leaves out it names.
"""

import io
import itertools
import re
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from annt_prof.analysis.breakdown.breakdown import Breakdown, MeanBreakdown, StepBreakdown
from annt_prof.analysis.path.critical_path import CriticalPath, PathStep
from annt_prof.analysis.path.idle import Gap, Idle
from annt_prof.analysis.ranks.ranks import Rank, Ranks, Skew
from annt_prof.analysis.tables.copies import CopyRow
from annt_prof.analysis.tables.host_view import HostStep
from annt_prof.analysis.tables.kernel_table import KernelTable
from annt_prof.analysis.tables.memory_use import MemoryHolder
from annt_prof.analysis.tables.synchronisations import Synchronisation
from annt_prof.analysis.tables.temporal import DeviceTime, StreamTime, Temporal
from annt_prof.categories import Category
from annt_prof.doctor import Check, Diagnosis
from annt_prof.explain.advice import Advice
from annt_prof.explain.explaining import explain
from annt_prof.machine.ceilings import Ceilings
from annt_prof.report.text.advice import render_advice
from annt_prof.report.text.analysis import render as render_analysis
from annt_prof.report.text.answer import render as render_answer
from annt_prof.report.text.ceilings import render_ceilings
from annt_prof.report.text.doctor import render_doctor
from annt_prof.report.text.explanation import render_explanation
from annt_prof.report.text.ranks import render_ranks
from annt_prof.techniques.evidence import Evidence
from annt_prof.views.advice_view import build_advice_view
from annt_prof.views.analysis_view import build_analysis_view
from annt_prof.views.ceilings_view import build_ceilings_view
from annt_prof.views.doctor_view import build_doctor_view
from annt_prof.views.explanation_view import build_explanation_view
from annt_prof.views.ranks_view import build_ranks_view
from annt_prof.views.run_view import build_run_view
from hand_made import breakdown, cpu_run, gpu_run, run, variant
from hand_made_analysis import ANALYSIS, KERNELS

WIDTHS = [60, 80, 100, 120, 200]
ENDLESS = 20_000
FIGURE = re.compile(r"[+±-]?\d[\d,]*(?:\.\d+)?x?")
LEFT_OUT = re.compile(r"too narrow for: (.*?); --json")
LONG_NAME = "void at::native::" + "vectorised_kernel_of_a_rather_long_name_" * 6
LONG_WORDS = "a_range_of_the_program_" * 3


def page(draw, width):
    console = Console(file=io.StringIO(), width=width)
    draw(console)
    return console.file.getvalue()


def figures(text):
    """Every number that stands by itself, without the comma or the full stop after it."""
    tokens = (token.strip("();:").rstrip(",.") for token in text.split())
    return {token for token in tokens if FIGURE.fullmatch(token)}


def odd():
    """Numbers of which no two are alike, of ten digits and more: as ns they fill eight hours."""
    return (29_876_543_210_123 - 7_123_457 * number for number in itertools.count())


def assert_figures_are_whole(draw, width):
    told, whole = page(draw, width), page(draw, ENDLESS)
    assert figures(told) == figures(whole)
    assert max(map(cell_len, told.splitlines())) <= width


def ranks(number):
    numbers = odd()
    categories = list(Category)
    every = []
    for rank in range(number):
        times = {category: next(numbers) for category in categories}
        mean = MeanBreakdown(sum(times.values()), 3, times, {}, {}, {})
        every.append(
            Rank(rank, f"traces/of/{LONG_WORDS}/rank.json.gz", Breakdown((), mean), (),
                 1_234_567 + rank, next(numbers), next(numbers))
        )  # fmt: skip
    skews = tuple(
        Skew(f"ProfilerStep#{step}", tuple(next(numbers) for _ in range(number)), next(numbers))
        for step in range(25)
    )
    return Ranks(tuple(every), skews, None, ("a remark",))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", [1, 2, 8, 16, 64])
def test_ranks(number, width):
    whole = ranks(number)
    view = build_ranks_view(msgspec.structs.replace(whole, skews=()))
    assert_figures_are_whole(lambda console: render_ranks(view, console), width)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", [2, 8, 16, 64])
def test_skews_of_more_ranks_than_find_room_have_the_shortest_and_the_longest(number, width):
    view = build_ranks_view(ranks(number))
    told = page(lambda console: render_ranks(view, console), width)
    assert figures(told) <= figures(page(lambda c: render_ranks(view, c), ENDLESS)) | {"0"}
    for row in view.skews:
        its = [line.split() for line in told.splitlines() if line.split()[:1] == [row.step]]
        for ns in (row.skew_ns, row.shortest.wall_ns, row.longest.wall_ns):
            assert f"{ns / 1e6:,.3f}" in itertools.chain(*its)
    everyone = figures(page(lambda c: render_ranks(view, c), ENDLESS)) <= figures(told)
    assert ("too narrow for every rank" in told) is not everyone


def extreme():
    """An analysis with large figures, long names and many devices; without its lists."""
    numbers = odd()
    taking = [Category.FORWARD, Category.BACKWARD, Category.COMMUNICATION, Category.HOST_BOUND]
    steps = []
    for number in range(9):
        times = {category: next(numbers) for category in taking}
        steps.append(StepBreakdown(f"ProfilerStep#{number}", 0, sum(times.values()), times))
    mean_times = {category: next(numbers) for category in Category}
    mean = MeanBreakdown(sum(mean_times.values()), 9, mean_times, mean_times, {}, {"gemm": 1})
    on_path = {category.value: next(numbers) for category in Category}
    path = CriticalPath((PathStep("s", sum(on_path.values()), on_path, on_path, {}),), ())
    devices = tuple(
        DeviceTime(
            device, next(numbers), next(numbers) // 3, next(numbers) // 3, next(numbers) // 3,
            next(numbers), next(numbers), 0, 0, (StreamTime(7, 1, 1),) * (device + 1000),
        )
        for device in range(64)
    )  # fmt: skip
    return msgspec.structs.replace(
        ANALYSIS,
        breakdown=Breakdown(tuple(steps), mean),
        host=(HostStep("s", *(next(numbers) for _ in range(6))),),
        temporal=Temporal(1, 1, 0, 0, devices),
        critical_path=path,
        synchronisations=tuple(
            Synchronisation(f"call_{LONG_WORDS}", f"aten::{LONG_WORDS}", f"aten::{LONG_WORDS}b",
                            123_456_789 + number, next(numbers))
            for number in range(3)
        ),
        copies=tuple(
            CopyRow(direction, memory, 987_654_321 + place, next(numbers), next(numbers),
                    1_234.5 + place, next(numbers), next(numbers))
            for place, (direction, memory) in enumerate(
                itertools.product(("HtoD", "DtoH"), ("Pinned", "Pageable"))
            )
        ),
        memory=tuple(
            msgspec.structs.replace(
                use, holders=(MemoryHolder(LONG_NAME, next(numbers), 987_654_321),)
            )
            for use in ANALYSIS.memory
        ),
    )  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_an_analysis_without_its_lists(width):
    view = build_analysis_view(msgspec.structs.replace(extreme(), kernels=None, idle=None))
    whole = figures(page(lambda console: render_analysis(view, console), ENDLESS))
    told = page(lambda console: render_analysis(view, console), width)
    others = {f"{row.others_ns / 1e6:,.0f}" for number in range(9)
              for row in view.steps.table.narrowed(number).rows}  # fmt: skip
    of_steps = {f"{ns / 1e6:,.0f}" for row in view.steps.table.rows
                for ns in (row.wall_ns, *row.by_category_ns)}  # fmt: skip
    assert whole - of_steps <= figures(told) <= whole | others
    for row in view.steps.table.rows:
        (line,) = (line for line in told.splitlines() if line.split()[:1] == [row.name])
        assert f"{row.wall_ns / 1e6:,.0f}" in line.split()
    assert max(map(cell_len, told.splitlines())) <= width


LISTS = {
    "kernel": ("total ms", "of steps", "count", "class", "phase", "p50 us", "p95 us",
               "matrix units", "grid x block", "est. occupancy"),
    "gap": ("ms", "cause", "ran before the gap", "host was in", "ran after the gap", "step"),
}  # fmt: skip


def lists():
    numbers = odd()
    rows = tuple(
        msgspec.structs.replace(
            KERNELS.rows[0], name=f"{LONG_NAME}{letter}", total_ns=next(numbers),
            count=987_654_321 + place, p50_ns=next(numbers), p95_ns=next(numbers),
            kernel_class="communication",
        )
        for place, letter in enumerate("abcdefgh")
    )  # fmt: skip
    gaps = tuple(
        Gap("ProfilerStep#4", 0, next(numbers), "other_stream", "data_loading",
            f"{LONG_NAME}{letter}", f"{LONG_NAME}{letter}z")
        for letter in "abcdefgh"
    )  # fmt: skip
    idle = Idle(gaps, 1_234_567, next(numbers) * 9, {"other_stream": next(numbers) * 9})
    kernels = KernelTable(rows, 9_876, 987_654_321, next(numbers) * 9)
    return rows, gaps, msgspec.structs.replace(extreme(), kernels=kernels, idle=idle)


@pytest.mark.parametrize("width", WIDTHS)
def test_lists_keep_their_first_columns_and_name_the_others(width):
    rows, gaps, analysis = lists()
    view = build_analysis_view(analysis)
    told = page(lambda console: render_analysis(view, console), width)
    assert max(map(cell_len, told.splitlines())) <= width
    flowing = " ".join(told.split())
    left_out = [named.split(", ") for named in LEFT_OUT.findall(flowing)]
    for titles in LISTS.values():
        assert any(list(titles[-number:]) in left_out for number in range(1, len(titles))) or not (
            set(titles) & set(itertools.chain(*left_out))
        )
    of_kernels = next((n for n in left_out if n[-1] == "est. occupancy"), [])
    for row in rows:
        cells = {"total ms": f"{row.total_ns / 1e6:,.3f}", "count": f"{row.count:,}",
                 "p50 us": f"{row.p50_ns / 1e3:,.1f}", "p95 us": f"{row.p95_ns / 1e3:,.1f}",
                 "grid x block": "(12x13x1) x (256x24x3)"}  # fmt: skip
        (line,) = (line for line in told.splitlines() if cells["total ms"] in line.split())
        for title, cell in cells.items():
            assert (cell in line) == (title not in of_kernels), title
    for gap in gaps:
        (line,) = (
            line for line in told.splitlines() if f"{gap.length_ns / 1e6:,.3f}" in line.split()
        )
        assert gap.cause in line.split()


def test_a_wide_terminal_shows_every_column():
    _, _, analysis = lists()
    view = build_analysis_view(analysis)
    assert "too narrow" not in page(lambda console: render_analysis(view, console), 300)


def test_kernels_keep_apart_however_narrow_the_terminal():
    """Names that differ in their last letter alone."""
    rows, _, analysis = lists()
    view = build_analysis_view(analysis)
    for width in WIDTHS:
        told = page(lambda console: render_analysis(view, console), width).splitlines()
        shown = [
            line.split("  ")[1]
            for row in rows
            for line in told
            if f"{row.total_ns / 1e6:,.3f}" in line.split()
        ]
        assert len(set(shown)) == len(rows)


def large_run():
    base = variant("baseline", [1_234_567.8, 1_234_001.2, 1_233_999.1],
                   breakdown=breakdown(1_300_000.4, forward=0.3, backward=0.61),
                   energy_per_sample_j=1_234_567.0, peak_memory_bytes=987_654_321_098)  # fmt: skip
    others = [
        variant(
            name, [ms, ms * 1.001, ms * 0.999], breakdown=breakdown(ms * 1.1, forward=0.3),
            energy_per_sample_j=ms, peak_memory_bytes=round(ms * 1e6),
        )
        for name, ms in (("gradient_accumulation", 654_321.9), (LONG_WORDS, 543_210.7))
    ]  # fmt: skip
    return run(base, *others)


RUNS = {"cpu": cpu_run, "gpu": gpu_run, "large": large_run}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("made", RUNS.values(), ids=RUNS)
def test_a_run_and_its_explanation(made, width):
    shown = build_run_view(made())
    assert_figures_are_whole(lambda console: render_answer(shown, Path("x"), console), width)
    explained = build_explanation_view(explain(made()))
    assert_figures_are_whole(lambda console: render_explanation(explained, console), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_advice(width):
    numbers = odd()
    advice = tuple(
        Advice(f"{name}_{LONG_WORDS}", -next(numbers), next(numbers), 0.123, "what it takes")
        for name in "abc"
    )
    evidence = Evidence("cuda", next(numbers), {}, ceilings=None)
    view = build_advice_view("run", evidence, advice, of_a_run=True)
    assert_figures_are_whole(lambda console: render_advice(view, console), width)


@pytest.mark.parametrize("width", WIDTHS)
def test_doctor_and_ceilings(width):
    """Lines of these may be longer than the terminal: a remedy is to be copied whole."""
    checks = (Check("memory", "warning", "7,654,321.98 GiB free", "free 1,234,567.89 GiB"),)
    view = build_doctor_view(Diagnosis(4, checks))
    told = page(lambda console: render_doctor(view, console), width)
    assert figures(told) == {"7,654,321.98", "1,234,567.89"}
    ceilings = Ceilings({"float32": 5.05e19, "tf32": 4.04e20}, 2.1e15, 2.53e14, 7.7e13, 3_456_789.1,
                        1.8e14, 64)  # fmt: skip
    ceilings_view = build_ceilings_view(LONG_WORDS, ceilings, Path("/x"))
    assert_figures_are_whole(lambda console: render_ceilings(ceilings_view, console), width)
