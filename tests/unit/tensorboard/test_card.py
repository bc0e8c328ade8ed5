"""The Markdown card, as TensorBoard's own renderer shows it."""

from __future__ import annotations

import html
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tensorboard.plugin_util import markdown_to_safe_html

from annt_prof.categories import Category
from annt_prof.compare.verdict import decide
from annt_prof.runs.record import Epochs, Run, Speedup
from annt_prof.tensorboard.card import escape, markdown
from annt_prof.text import printable
from annt_prof.views.run_view import build_run_view


def rendered(run: Run, problems: tuple[str, ...] = ()) -> str:
    return markdown_to_safe_html(markdown(build_run_view(run), problems))


def cells(page: str, first: str) -> list[str]:
    """The cells of the table row whose first cell reads ``first``."""
    for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL):
        found = re.findall(r"<t[dh]>(.*?)</t[dh]>", row, re.DOTALL)
        plain = [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in found]
        if plain and plain[0] == first:
            return plain
    raise AssertionError(f"no row {first!r} in {page}")


def shown(text: str) -> str:
    """Control characters as visible escapes, all on one line."""
    return " ".join(printable(text).split())


def test_a_measured_variant_has_its_figures_with_units(run: Run) -> None:
    page = rendered(run)
    assert cells(page, "variant") == [
        "variant",
        "against the baseline",
        "samples per s",
        "step time, ms: mean (5 % to 95 % of steps)",
        "peak memory, GiB",
        "energy per sample, J",
    ]
    assert cells(page, "baseline") == [
        "baseline",
        "-",
        "780.5",
        "41.00 (40.00 to 42.00)",
        "3.00",
        "-",
    ]
    assert cells(page, "amp") == [
        "amp",
        "faster: 1.33x (95 % interval 1.32x to 1.34x, 2 launches)",
        "1,049.1",
        "30.50 (30.00 to 31.00)",
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


def test_a_mix_says_what_is_in_it_and_what_it_lacks(run: Run) -> None:
    whole = msgspec.structs.replace(
        run.variants[1],
        name="all",
        factors=("amp", "tf32"),
        left_out={"sdpa": "no attention"},
    )
    page = rendered(msgspec.structs.replace(run, variants=(run.variants[0], whole)))
    assert "<td><strong>all</strong> = amp + tf32, without sdpa</td>" in page


def test_remarks_on_the_run_come_before_the_figures(run: Run) -> None:
    page = rendered(msgspec.structs.replace(run, remarks=("the clocks changed",)))
    assert page.index("<li>the clocks changed</li>") < page.index("<table>")


def test_a_machine_of_several_devices_is_no_run_on_them_all(run: Run) -> None:
    where = msgspec.structs.replace(run.environment, device_name="NVIDIA H100", num_devices=2)
    page = rendered(msgspec.structs.replace(run, environment=where))
    assert "<h3>vit_amp on NVIDIA H100 (1 of 2), 2026-01-02 03:04 UTC</h3>" in page


def test_what_is_not_measured_of_one_variant_names_it(run: Run) -> None:
    mean = run.variants[1].breakdown
    assert mean is not None
    lacking = msgspec.structs.replace(mean, not_measured={Category.SYNC: "cut off"})
    changed = msgspec.structs.replace(run.variants[1], breakdown=lacking)
    page = rendered(msgspec.structs.replace(run, variants=(run.variants[0], changed)))
    assert "not measured of amp: sync: cut off" in page


def test_who_was_not_traced_is_told_with_the_reason(run: Run) -> None:
    untraced = msgspec.structs.replace(run.variants[1], breakdown=None, trace=None)
    changed = msgspec.structs.replace(run, variants=(run.variants[0], untraced))
    page = rendered(msgspec.structs.replace(changed, complete=False))
    assert "<li>not traced: amp (interrupted)</li>" in page
    assert "<li>not traced: amp</li>" in rendered(msgspec.structs.replace(changed, complete=True))
    assert "not traced" not in rendered(run)


def test_the_breakdown_has_milliseconds_and_shares_that_name_their_whole(run: Run) -> None:
    page = rendered(run)
    assert cells(page, "step") == ["step", "44.00", "33.00"]
    assert cells(page, "backward") == ["backward", "22.00 (50.0 %)", "17.00 (51.5 %)"]
    assert cells(page, "host_bound") == ["host_bound", "2.00 (4.5 %)", "-"]
    assert cells(page, "profiler inflation") == ["profiler inflation", "+7.3 %", "-0.4 %"]
    assert "in ms and % of that step" in page
    assert "not measured of baseline: h2d_copy: no accelerator to copy to" in page


def test_an_empty_category_is_named_rather_than_tabled(run: Run) -> None:
    mean = run.variants[1].breakdown
    assert mean is not None
    filled = {**mean.by_category_ns, Category.SYNC: 0, Category.GRAD_CLIPPING: 0}
    emptied = msgspec.structs.replace(mean, by_category_ns=filled)
    changed = msgspec.structs.replace(run.variants[1], breakdown=emptied)
    page = rendered(msgspec.structs.replace(run, variants=(run.variants[0], changed)))
    assert "<li>0 ms in every variant: grad_clipping, sync</li>" in page
    assert "<td>sync</td>" not in page


def test_what_two_variants_share_is_said_once(run: Run) -> None:
    again = msgspec.structs.replace(run.variants[1], name="all")
    page = rendered(msgspec.structs.replace(run, variants=(*run.variants, again)))
    assert page.count("forward runs in bfloat16") == 1


def test_names_are_shown_letter_by_letter_and_never_act(run: Run) -> None:
    page = rendered(run)
    row = cells(page, "evil|`*_<b> name = amp, without pin_memory")
    assert row[1] == "crashed: RuntimeError: [bad](http://x) <script>alert(1)</script> | cell"
    assert len(row) == 6
    assert "<script" not in page
    assert "<a " not in page


@given(st.text(max_size=40))
@example("a\x1b[31m\u202eb\0")
def test_any_text_survives_in_a_cell(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| x{escape('.' + text + '.')}x | end |\n"
    page = markdown_to_safe_html(table)
    found = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(found) == 2
    assert html.unescape(found[0]) == f"x{shown('.' + text + '.')}x"


@given(st.text(min_size=1))
@example("1. one")
@example("12. twelve")
@example("1234. many")
@example("- nested")
@example("===")
def test_any_sentence_survives_in_a_list(text: str) -> None:
    page = markdown_to_safe_html(f"- {escape(text)}\n- end\n")
    found = re.findall(r"<li>(.*?)</li>", page, re.DOTALL)
    assert len(found) == 2
    assert html.unescape(found[0]) == shown(text)


@pytest.mark.parametrize(
    ("speedup", "shown"),
    [
        (
            Speedup(1.002, 0.997, 1.007, 12, 12),
            "no measurable effect (1.002x ± 0.5 % at 12 launches)",
        ),
        (Speedup(1.02, 0.94, 1.107, 5, 5), "inconclusive: ± 8.5 % at 5 launches (1.02x)"),
        (
            Speedup(0.8, 0.79, 0.81, 5, 5),
            "slower: 0.80x (95 % interval 0.79x to 0.81x, 5 launches)",
        ),
        (Speedup(1.31, None, None, 1), "1.31x in 1 launch: too few launches for an interval"),
        (None, "no round in common with it"),
    ],
)
def test_a_speedup_is_told_with_its_interval(run: Run, speedup: Speedup | None, shown: str) -> None:
    verdict = None if speedup is None else decide(speedup)
    changed = msgspec.structs.replace(run.variants[1], speedup=speedup, verdict=verdict)
    page = rendered(msgspec.structs.replace(run, variants=(run.variants[0], changed)))
    assert cells(page, "amp")[1] == shown


def test_a_step_of_another_measure_is_not_said_to_have_no_round(run: Run) -> None:
    baseline = msgspec.structs.replace(run.variants[0], epochs=Epochs(100, in_windows=True))
    amp = msgspec.structs.replace(run.variants[1], speedup=None, verdict=None, skipped=True)
    page = rendered(msgspec.structs.replace(run, variants=(baseline, amp)))
    assert cells(page, "amp")[1] == "not compared: its step leaves an epoch's start out"


def test_the_card_decides_nothing_itself(run: Run) -> None:
    speedup = Speedup(1.02, 0.94, 1.107, 5, 5)
    lenient = decide(speedup, precision=0.1)
    changed = msgspec.structs.replace(run.variants[1], speedup=speedup, verdict=lenient)
    page = rendered(msgspec.structs.replace(run, variants=(changed,)))
    assert cells(page, "amp")[1].startswith("no measurable effect")


def test_an_incomplete_run_says_so_at_once(run: Run) -> None:
    page = rendered(msgspec.structs.replace(run, complete=False, stop="interrupted"))
    assert page.index("This run is not complete:") < page.index("<table>")
    assert "This run is not complete" not in rendered(run)


def test_what_kept_a_trace_away_is_told(run: Run) -> None:
    assert "amp is missing from the tab" in rendered(run, ("amp is missing from the tab",))


def test_a_run_of_nothing_still_reads(run: Run) -> None:
    page = rendered(msgspec.structs.replace(run, variants=run.variants[2:3], substitutions=()))
    assert "Where the time" not in page
    assert cells(page, "pin_memory")[2:] == ["-"] * 4


def test_windows_that_do_not_show_the_same_work_are_said_so(run: Run) -> None:
    mean = run.variants[0].breakdown
    assert mean is not None
    longer = msgspec.structs.replace(mean, step_ns=5 * mean.step_ns, host_events=100)
    changed = msgspec.structs.replace(run.variants[0], breakdown=longer)
    page = rendered(msgspec.structs.replace(run, variants=(changed, *run.variants[1:])))
    assert "more than the profiler costs (at most about 0.500 ms here)" in page
    assert "The profiler slows the host" not in page
