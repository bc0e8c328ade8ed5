"""Paragraphs: where their lines may end, and where they begin under a long title."""

import io

import pytest
from rich.console import Console

from annt_prof.report.text.lines import heading, indented, labelled, plain


def lines(part, width):
    console = Console(file=io.StringIO(), width=width)
    console.print(part, highlight=False)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(
    "figure",
    ["1.234 ms", "45.6 us", "7.1 %", "3 s", "6.17 GiB", "< 0.1 MiB", "135.8 GB/s", "612 W"],
)
@pytest.mark.parametrize("width", range(24, 44))
def test_no_line_ends_between_a_figure_and_its_unit(figure, width):
    number, unit = figure.split()[-2:]
    told = lines(indented(plain(f"what it took in the longest of them: {figure}, at most")), width)
    assert any(f"{number} {unit}" in line for line in told)
    assert all(len(line) <= width for line in told)


def test_a_figure_and_another_word_are_not_tied():
    assert lines(indented(plain("it has been seen 12 months ago"), 0), 20) == [
        "it has been seen 12",
        "months ago",
    ]


def test_text_of_a_file_keeps_its_characters():
    assert lines(indented(plain("a\ue000b 5 ms"), 0), 40) == ["a\\ue000b 5 ms"]


def test_a_remark_begins_below_a_title_that_leaves_it_no_room():
    assert lines(heading("a title", "and a remark"), 40) == ["a title  and a remark"]
    assert lines(heading("a title of thirty cells or more", "and a remark"), 40) == [
        "a title of thirty cells or more",
        "  and a remark",
    ]


def test_no_label_and_no_value_acts_on_the_terminal():
    assert lines(labelled([("a\x1b[2J", "b\x1b[2J")]), 40) == ["a\\x1b[2J     b\\x1b[2J"]


@pytest.mark.parametrize("label", ["a" * 13, "queue, temporal, kernels"])
def test_a_label_that_is_wider_than_its_column_has_a_line_of_its_own(label):
    assert lines(labelled([("memory", "none"), (label, "none")]), 40) == [
        "memory       none",
        label,
        "             none",
    ]
