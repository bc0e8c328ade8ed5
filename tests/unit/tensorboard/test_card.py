"""The Markdown card, as TensorBoard's own renderer shows it."""

from __future__ import annotations

import html
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tensorboard.plugin_util import markdown_to_safe_html

from annt_prof.runs.record import Run, Speedup
from annt_prof.tensorboard.card import escape, markdown


def rendered(run: Run, problems: tuple[str, ...] = ()) -> str:
    return markdown_to_safe_html(markdown(run, problems))


def cells(page: str, first: str) -> list[str]:
    """The cells of the table row whose first cell reads ``first``."""
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        found = re.findall(r"<t[dh]>(.*?)</t[dh]>", row, re.DOTALL)
        plain = [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in found]
        if plain and plain[0] == first:
            return plain
    raise AssertionError(f"no row {first!r} in {page}")


def test_a_measured_variant_has_its_figures_with_units(run: Run) -> None:
    page = rendered(run)
    assert cells(page, "variant") == [
        "variant",
        "speedup (95 % interval)",
        "throughput, samples/s",
        "step time, ms: median (5 % to 95 %)",
        "windows",
        "peak memory, GiB",
        "energy per sample, J",
    ]
    assert cells(page, "baseline") == [
        "baseline",
        "1.00x",
        "780.5",
        "41.00 (40.00 to 42.00)",
        "3",
        "3.00",
        "-",
    ]
    assert cells(page, "amp") == [
        "amp",
        "1.331x (1.324x to 1.338x)",
        "1049.1",
        "30.50 (30.00 to 31.00)",
        "2",
        "2.00",
        "0.042",
    ]


def test_what_was_not_measured_says_why(run: Run) -> None:
    page = rendered(run)
    assert cells(page, "pin_memory")[1] == "not applicable: no accelerator to copy to"
    assert "pin_memory is left out: no accelerator to copy to" in page


def test_substitutions_and_overrides_come_before_the_figures(run: Run) -> None:
    page = rendered(run)
    said = "<strong>a generated stand-in instead of cifar10</strong>: timing holds, accuracy does"
    assert page.index(said) < page.index("780.5")
    assert page.index("dataset.batch_size: 128 -&gt; 32") < page.index("780.5")


def test_the_breakdown_has_milliseconds_and_shares_that_name_their_whole(run: Run) -> None:
    page = rendered(run)
    assert cells(page, "step") == ["step", "44.00", "33.00"]
    assert cells(page, "backward") == ["backward", "22.00 (50.0 %)", "17.00 (51.5 %)"]
    assert cells(page, "host_bound") == ["host_bound", "2.00 (4.5 %)", "-"]
    assert cells(page, "profiler inflation") == ["profiler inflation", "+7.3 %", "-0.4 %"]
    assert "in ms and % of that step" in page
    assert "h2d_copy is not measured: no accelerator to copy to" in page


def test_names_are_shown_letter_by_letter_and_never_act(run: Run) -> None:
    page = rendered(run)
    row = cells(page, "evil|`*_<b> name")
    assert row[1] == "crashed: RuntimeError: [bad](http://x) <script>alert(1)</script> | cell"
    assert len(row) == 7
    assert "<script" not in page
    assert "<a " not in page


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_any_text_survives_in_a_cell(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| x{escape(text)}x | end |\n"
    page = markdown_to_safe_html(table)
    found = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(found) == 2
    assert html.unescape(found[0]) == f"x{' '.join(text.split())}x"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
@example("1. one")
@example("12. twelve")
@example("1234. many")
@example("- nested")
@example("===")
def test_any_sentence_survives_in_a_list(text: str) -> None:
    shown = " ".join(text.split())
    page = markdown_to_safe_html(f"- {escape(text)}\n- end\n")
    found = re.findall(r"<li>(.*?)</li>", page, re.DOTALL)
    assert len(found) == 2
    assert html.unescape(found[0]) == shown


@pytest.mark.parametrize(
    ("speedup", "shown"),
    [
        (Speedup(1.002, 0.997, 1.007, 12), "1.002x (0.997x to 1.007x, 1 is within)"),
        (Speedup(1.31, None, None, 1), "1.31x (one round gives no interval)"),
        (None, "-"),
    ],
)
def test_an_interval_is_part_of_every_speedup(
    run: Run, speedup: Speedup | None, shown: str
) -> None:
    changed = msgspec.structs.replace(run.variants[1], speedup=speedup)
    page = rendered(msgspec.structs.replace(run, variants=(run.variants[0], changed)))
    assert cells(page, "amp")[1] == shown


def test_an_incomplete_run_says_so_at_once(run: Run) -> None:
    page = rendered(msgspec.structs.replace(run, complete=False, stop="interrupted"))
    assert page.index("This run is not complete:") < page.index("<table>")
    assert "This run is not complete" not in rendered(run)


def test_what_kept_a_trace_away_is_told(run: Run) -> None:
    assert "amp is missing from the tab" in rendered(run, ("amp is missing from the tab",))


def test_a_run_of_nothing_still_reads(run: Run) -> None:
    page = rendered(msgspec.structs.replace(run, variants=run.variants[2:3], substitutions=()))
    assert "Where the time" not in page
    assert cells(page, "pin_memory")[2:] == ["-"] * 5
