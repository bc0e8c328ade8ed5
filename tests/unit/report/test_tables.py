"""How a table fits into lines: figures whole, names folded or shortened, what is left out named."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from annt_prof.report.text.fitting import GAP, Demand, fit, split, title_width
from annt_prof.report.text.tables import Column, Either, KernelName, Table, names, words


def lines(table, width, **options):
    console = Console(file=io.StringIO(), width=width, **options)
    console.print(table)
    return console.file.getvalue().splitlines()


FIGURES = Table(
    (names("kernel"), Column("total ms"), Column("of steps"), words("class")),
    (
        ("first", "1,234,567.891", "100.0 %", "gemm"),
        ("second", "0.001", "< 0.1 %", "communication"),
    ),
)


def test_a_title_stands_above_its_column_and_nothing_trails():
    assert lines(FIGURES, 80) == [
        "  kernel       total ms  of steps  class",
        "  " + "─" * 46,
        "  first   1,234,567.891   100.0 %  gemm",
        "  second          0.001   < 0.1 %  communication",
    ]


def test_a_terminal_without_these_lines_has_dashes():
    class Ascii(io.StringIO):
        encoding = "ascii"

    console = Console(file=Ascii(), width=80, legacy_windows=False)
    console.print(FIGURES)
    assert console.file.getvalue().splitlines()[1] == "  " + "-" * 46


def test_titles_fold_before_a_column_gives_way():
    assert lines(FIGURES, 47)[:3] == [
        "                              of",
        "  kernel       total ms    steps  class",
        "  " + "─" * 45,
    ]


def test_what_does_not_fit_stands_below_under_the_same_names():
    assert lines(FIGURES, 36) == [
        "  kernel       total ms  of steps",
        "  ───────────────────────────────",
        "  first   1,234,567.891   100.0 %",
        "  second          0.001   < 0.1 %",
        "",
        "  kernel  class",
        "  ─────────────────────",
        "  first   gemm",
        "  second  communication",
    ]


def test_what_is_left_out_is_named():
    told = lines(Table(FIGURES.columns, FIGURES.rows, narrow="leave_out"), 36)
    assert told[0].split() == ["kernel", "total", "ms", "of", "steps"]
    assert " ".join(" ".join(told[-2:]).split()) == "too narrow for: class; --json has them"
    wide = lines(Table(FIGURES.columns, FIGURES.rows, narrow="leave_out"), 80)
    assert not any("too narrow" in line for line in wide)


def test_one_of_two_tables():
    either = Either(FIGURES, "turned")
    assert lines(either, 80) == lines(FIGURES, 80)
    assert lines(either, 36) == ["turned"]


def test_a_total_stands_apart():
    told = lines(Table(FIGURES.columns, FIGURES.rows, last_is_total=True), 80)
    assert told[3] == told[1]
    assert told[4].split()[0] == "second"


def test_a_name_folds_under_itself_and_a_kernel_s_is_shortened():
    operators = "aten::linear > aten::addmm > aten::copy_"
    told = lines(Table((names("made by"), Column("ms")), ((operators, "12,345.678"),)), 36)
    assert [line.split("  ")[1] for line in told[2:]] == [
        "aten::linear >",
        "aten::addmm >",
        "aten::copy_",
    ]
    kernel = "a" * 20 + "b" * 20 + "c" * 20
    told = lines(Table((names("kernel"), Column("ms")), ((KernelName(kernel), "12,345.678"),)), 48)
    (row,) = told[2:]
    assert row.endswith("  12,345.678")
    assert len(row) == 48
    assert "..." in row


def test_what_a_file_says_is_no_markup():
    (row,) = lines(Table((names("step"),), (("[bold]x[/bold]\x1b[31m",),)), 80)[2:]
    assert row.strip() == "[bold]x[/bold]\\x1b[31m"


@pytest.mark.parametrize("width", [15, 18, 20])
def test_where_not_even_two_columns_fit_figures_are_whole_all_the_same(width):
    told = " ".join(lines(FIGURES, width)).split()
    assert "1,234,567.891" in told
    assert "0.001" in told


demands = st.builds(
    lambda least, more: Demand(least, least + more), st.integers(1, 20), st.integers(0, 60)
)  # fmt: skip


@pytest.mark.parametrize(
    ("title", "depth", "width"),
    [
        ("", 1, 0),
        ("ms", 1, 2),
        ("talks exposed ms", 1, 16),
        ("talks exposed ms", 2, 10),
        ("talks exposed ms", 3, 7),
        ("talks exposed ms", 4, 7),
        ("ran before the gap", 2, 10),
    ],
)
def test_a_title_of_so_many_lines_is_as_wide(title, depth, width):
    assert title_width(list(map(len, title.split())), depth) == width


@given(columns=st.lists(demands, min_size=1, max_size=12), width=st.integers(1, 200))
def test_widths_are_between_what_is_needed_and_what_is_wanted(columns, width):
    widths = fit(columns, width)
    gaps = GAP * (len(columns) - 1)
    if widths is None:
        assert sum(column.least for column in columns) + gaps > width
        return
    assert sum(widths) + gaps <= width
    for column, cells in zip(columns, widths, strict=True):
        assert column.least <= cells <= column.whole
    hungry = any(c < d.whole for c, d in zip(widths, columns, strict=True))
    assert not hungry or sum(widths) + gaps == width


@given(
    columns=st.lists(demands, min_size=2, max_size=12),
    num_keys=st.integers(1, 2),
    width=st.integers(1, 200),
)
def test_tables_below_each_other_have_every_column_once(columns, num_keys, width):
    groups = split(columns, num_keys, width)
    keys = list(range(num_keys))
    assert all(group[:num_keys] == keys for group in groups)
    assert [p for group in groups for p in group[num_keys:]] == list(range(num_keys, len(columns)))
    for group in groups:
        if len(group) > num_keys + 1:
            assert fit([columns[place] for place in group], width) is not None


@given(width=st.integers(26, 120), numbers=st.lists(st.integers(0, 10**15), min_size=1, max_size=9))
def test_lines_are_no_longer_than_the_terminal_where_two_columns_fit(width, numbers):
    cells = tuple(f"{number:,}" for number in numbers)
    table = Table((words("a"), *(Column("b") for _ in cells)), (("x", *cells),))
    told = lines(table, width)
    assert sorted(t for line in told for t in line.split() if t in cells) == sorted(cells)
    assert max(map(cell_len, told)) <= width
