"""What the Compare screen says of two variants, every figure of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from annt_prof.categories import Category
from annt_prof.compare.between import Between, between
from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.runs.record import Epochs, EpochStart, Run
from annt_prof.runs.verdict import Effect, Verdict
from annt_prof.testing import TraceBuilder
from annt_prof.views.named_times import NamedTimes, Unnamed
from annt_prof.views.page import Bars, Lines, Page, Sheet, Tone
from annt_prof.views.pair import Pair, Side
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.compare import build_compare_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from hand_made import MS, breakdown, cpu_run, lost, run, variant
from snapshots.made_runs import measured, traced, whole_mix


def source_of(folder: Path, record: Run) -> RunSource:
    folder.mkdir(exist_ok=True)
    store.write(folder, record)
    return RunSource(folder)


def pair_of(source: RunSource, first: str, second: str, other: RunSource | None = None) -> Pair:
    return Pair(Side(source, first), Side(other or source, second))


def page_of(
    pair: Pair, named: tuple[NamedTimes | Unnamed, NamedTimes | Unnamed] | None = None
) -> Page:
    told = between(pair.first.run, pair.first.variant, pair.second.variant)
    return build_compare_page("here", pair, told if pair.of_one_run else None, named)


def sheet(page: Page, key: str) -> Sheet:
    (found,) = (b for b in page.blocks if b.key == key)
    assert isinstance(found, Sheet)
    return found


def texts(page: Page, key: str) -> dict[str, list[str]]:
    return {row.cells[0].text: [c.text for c in row.cells[1:]] for row in sheet(page, key).rows}


def said(page: Page, key: str) -> str:
    (found,) = (b for b in page.blocks if b.key == key)
    assert isinstance(found, Lines)
    return "\n".join(f"{line.label} {line.text}".strip() for line in found.lines)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> RunSource:
    return source_of(tmp_path_factory.mktemp("runs") / "vit_tuned", whole_mix())


@pytest.fixture(scope="module")
def page(source: RunSource) -> Page:
    return page_of(pair_of(source, "baseline", "all"))


def test_it_says_what_is_compared_and_what_it_came_to(page: Page) -> None:
    told = said(page, "pair")
    assert "first baseline of vit_tuned (vit_tuned, 2026-07-25 14:30:12 UTC)" in told
    assert "second all of vit_tuned" in told
    assert (
        "speedup the second against the first, paired by round: faster: 2.32x (95 % interval "
        "2.30x to 2.34x, 8 rounds in 4 launches)"
    ) in told


def test_it_says_what_changes_in_the_mathematics(page: Page, source: RunSource) -> None:
    assert "it changes all: gradient_accumulation: the effective batch" in said(page, "pair")
    alone = page_of(pair_of(source, "baseline", "amp"))
    assert "it changes amp: matrix products round to 11" in said(alone, "pair")


def test_every_figure_is_told_with_its_change(page: Page) -> None:
    found = texts(page, "figures")
    assert found["step time, ms per iteration"] == ["71.84", "30.94", "-40.90", "-56.9 %", "shrank"]
    assert found["traced step, ms per iteration"][:3] == ["72.59", "27.66", "-44.92"]
    assert found["profiler inflation, %"] == ["1.8", "-10.6", "-12.4", "-", "shrank"]
    assert found["throughput, samples/s"] == ["890.9", "2,068.8", "+1,177.9", "+132.2 %", "grew"]
    assert found["peak memory, GiB"] == ["32.32", "20.77", "-11.55", "-35.7 %", "shrank"]
    assert found["energy, J per sample"] == ["0.632", "0.242", "-0.390", "-61.7 %", "shrank"]
    assert found["very first step, s"] == ["3.71", "10.37", "+6.66", "+179.5 %", "grew"]
    assert found["device busy, %"] == ["96.00", "93.00", "-3.00", "-", "shrank"]
    assert found["device power, W"] == ["609.0", "600.0", "-9.0", "-1.5 %", "shrank"]
    assert found["SM clock, MHz"] == ["1,740.0", "1,695.0", "-45.0", "-2.6 %", "shrank"]
    assert found["memory clock, MHz"] == ["2,620.0", "2,623.0", "+3.0", "+0.1 %", "grew"]
    assert found["temperature, °C"] == ["62.00", "65.00", "+3.00", "-", "grew"]
    assert found["PCIe to the device, GB/s"] == ["1.940", "1.970", "+0.030", "+1.5 %", "grew"]
    assert found["PCIe from the device, GB/s"] == ["0.390", "0.450", "+0.060", "+15.4 %", "grew"]
    assert found["CPU of the run, % of a core"] == ["148.0", "169.0", "+21.0", "-", "grew"]
    assert found["CPU of others, % of a core"] == ["25.00", "31.00", "+6.00", "-", "grew"]
    assert found["device memory, GiB"] == ["29.15", "29.16", "+0.00", "< 0.1 %", "grew"]
    assert found["processes' memory, GiB"] == ["9.03", "9.04", "+0.00", "< 0.1 %", "grew"]
    assert "device allocations" in sheet(page, "figures").notes[0]


def test_their_values_are_in_the_units_of_their_keys(page: Page, source: RunSource) -> None:
    rows = {row.key: row for row in sheet(page, "figures").rows}
    first, second = source.variant("baseline"), source.variant("all")
    assert first is not None
    assert second is not None
    assert first.step_time is not None
    assert second.step_time is not None
    assert [c.value for c in rows["step_time_ns"].cells[1:4]] == [
        first.step_time.mean_ns, second.step_time.mean_ns,
        second.step_time.mean_ns - first.step_time.mean_ns,
    ]  # fmt: skip
    assert rows["peak_memory_bytes"].cells[1].value == first.peak_memory_bytes


def tones_of(page: Page, key: str) -> dict[str, set[Tone]]:
    """Return the tones of a row's change, share and direction."""
    return {row.key: {cell.tone for cell in row.cells[3:]} for row in sheet(page, key).rows}


def test_what_is_faster_is_good_and_what_is_slower_is_bad(page: Page, source: RunSource) -> None:
    there = tones_of(page, "figures")
    assert there["step_time_ns"] == there["throughput"] == {Tone.GOOD}
    back = tones_of(page_of(pair_of(source, "all", "baseline")), "figures")
    assert back["step_time_ns"] == back["throughput"] == {Tone.BAD}


def test_what_no_interval_tells_is_neither_good_nor_bad(page: Page) -> None:
    tones = tones_of(page, "figures")
    for key in ("traced_step_ns", "peak_memory_bytes", "energy_per_sample_j", "gpu_power_w"):
        assert tones[key] <= {Tone.PLAIN, Tone.QUIET}
    for key in ("categories", "classes"):
        assert set().union(*tones_of(page, key).values()) <= {Tone.PLAIN, Tone.QUIET}


@pytest.mark.parametrize(
    ("effect", "tone"),
    [
        (Effect.FASTER, Tone.GOOD),
        (Effect.INCONCLUSIVE, Tone.UNSURE),
        (Effect.NO_INTERVAL, Tone.UNSURE),
        (Effect.NO_MEASURABLE_EFFECT, Tone.PLAIN),
        (Effect.SLOWER, Tone.PLAIN),  # which the mean step does not show
    ],
)
def test_a_figure_is_as_good_as_its_verdict(source: RunSource, effect: Effect, tone: Tone) -> None:
    told = Between(None, Verdict(effect, precision=0.02, floor=0.005))
    tones = tones_of(build_compare_page("", pair_of(source, "baseline", "all"), told), "figures")
    assert tones["step_time_ns"] == tones["throughput"] == {tone}


def test_figures_of_two_runs_are_neither_good_nor_bad(source: RunSource, tmp_path: Path) -> None:
    other = source_of(tmp_path / "other", cpu_run())
    pair = pair_of(source, "baseline", "amp", other)
    verdict = Verdict(Effect.FASTER, precision=0.02, floor=0.005)
    for told in (None, Between(None, verdict)):
        tones = tones_of(build_compare_page("", pair, told), "figures")
        assert tones["step_time_ns"] == {Tone.PLAIN}


def test_categories_are_told_the_largest_change_first(page: Page) -> None:
    found = texts(page, "categories")
    assert list(found)[:3] == ["backward", "forward", "data_loading"]
    assert found["backward"] == ["32.66", "12.39", "-20.27", "-62.1 %", "shrank"]


def test_the_changes_of_categories_sum_to_that_of_the_step(page: Page, source: RunSource) -> None:
    first, second = (source.variant(name) for name in ("baseline", "all"))
    assert first is not None
    assert second is not None
    assert first.breakdown is not None
    assert second.breakdown is not None
    rows = sheet(page, "categories").rows
    changes = [row.cells[3].value for row in rows]
    assert sum(changes) == second.breakdown.step_ns - first.breakdown.step_ns
    assert sheet(page, "categories").notes[0] == (
        "all rows together: 72.59 ms, then 27.66 ms: -44.92 ms"
    )


def test_classes_of_kernels_are_told_and_that_they_overlap(page: Page) -> None:
    found = texts(page, "classes")
    assert next(iter(found)) == "gemm"
    assert found["gemm"] == ["23.31", "8.47", "-14.85", "-63.7 %", "shrank"]
    assert "overlap" in sheet(page, "classes").notes[1]


def test_both_steps_are_drawn_on_one_scale(page: Page) -> None:
    (bars,) = (b for b in page.blocks if isinstance(b, Bars))
    assert [bar.text for bar in bars.bars] == ["72.59 ms", "27.66 ms"]
    assert sum(part.value for part in bars.bars[0].parts) == bars.full


def test_inflation_of_both_is_said(page: Page) -> None:
    told = said(page, "traces")
    assert "first traced steps are 1.8 % longer than timed ones" in told
    assert "second traced steps are 10.6 % shorter than timed ones" in told


def test_within_a_run_only_the_variants_differ(page: Page) -> None:
    rows = [[cell.text for cell in row.cells] for row in sheet(page, "differences").rows]
    assert rows == [
        ["variant", "iterations per optimizer step", "1", "4"],
        ["variant", "amp", "off", "on"],
        ["variant", "gradient_accumulation", "off", "on"],
    ]


def test_two_runs_have_no_interval_and_no_verdict(source: RunSource, tmp_path: Path) -> None:
    other = source_of(tmp_path / "other", cpu_run())
    page = page_of(pair_of(source, "baseline", "amp", other))
    told = said(page, "pair")
    assert "were not measured beside each other, so the machine's drift is in every" in told
    assert "interval 2" not in told
    assert "faster" not in told
    first_cells = [row.cells[0].text for row in sheet(page, "differences").rows]
    assert first_cells == sorted(first_cells, key=["machine", "scenario", "run", "variant"].index)
    assert set(first_cells) >= {"machine", "scenario"}
    assert "so they are not the same thing in both" in said(page, "traces")


def test_other_batches_are_compared_per_sample(tmp_path: Path) -> None:
    record = run(
        measured("baseline", [30.0, 30.3, 30.1, 30.2], samples=64,
                 breakdown=traced({Category.FORWARD: 10.001, Category.BACKWARD: 22.0})),
        measured("big", [50.0, 50.3, 50.1, 50.2], samples=128,
                 breakdown=traced({Category.FORWARD: 18.0, Category.BACKWARD: 35.000003})),
    )  # fmt: skip
    source = source_of(tmp_path, record)
    page = page_of(pair_of(source, "baseline", "big"))
    assert "same work batches of 64 and of 128, so times are told per sample" in said(page, "pair")
    rows = sheet(page, "categories").rows
    first_ns, second_ns = round(32_001_000 / 64), round(53_000_003 / 128)
    assert sum(row.cells[3].value for row in rows) == second_ns - first_ns
    assert "per sample" in sheet(page, "categories").title
    found = texts(page, "figures")
    assert found["traced step, ms per sample"][:2] == ["0.500", "0.414"]


def test_what_only_one_can_measure_is_said(tmp_path: Path) -> None:
    lacks = breakdown(20.0, forward=0.5, sync=0.1)
    has = traced({Category.FORWARD: 8.0, Category.H2D_COPY: 3.0})
    record = run(
        variant("baseline", [20.0] * 4, breakdown=lacks), variant("amp", [11.0] * 4, breakdown=has)
    )
    page = page_of(pair_of(source_of(tmp_path, record), "baseline", "amp"))
    assert texts(page, "categories")["h2d_copy"] == ["-", "3.00", "+3.00", "-", "new"]
    (note,) = sheet(page, "categories").notes[1:]
    assert "h2d_copy is not measured in the first: no accelerator in the trace" in note
    back = page_of(pair_of(source_of(tmp_path, record), "amp", "baseline"))
    assert texts(back, "categories")["h2d_copy"] == ["3.00", "-", "-3.00", "-100.0 %", "gone"]


def test_names_are_told_once_the_traces_are_read(source: RunSource) -> None:
    pair = pair_of(source, "baseline", "all")
    named = (
        NamedTimes(kernels=True, by_name_ns={"sgemm": 20_000_000, "adam": 2_000_000}),
        NamedTimes(kernels=True, by_name_ns={"hgemm": 8_000_000, "adam": 2_000_100}),
    )
    found = texts(page_of(pair, named), "names")
    assert found == {
        "sgemm": ["20.00", "-", "-20.00", "-100.0 %", "gone"],
        "hgemm": ["-", "8.00", "+8.00", "-", "new"],
        "adam": ["2.00", "2.00", "0", "-", "same"],
    }


def test_kernels_and_operators_are_not_compared(source: RunSource) -> None:
    pair = pair_of(source, "baseline", "all")
    named = (NamedTimes(kernels=True, by_name_ns={}), NamedTimes(kernels=False, by_name_ns={}))
    assert "do not both show kernels" in sheet(page_of(pair, named), "names").empty


def test_without_traces_it_says_so(tmp_path: Path) -> None:
    record = run(variant("baseline", [20.0] * 4), variant("amp", [11.0] * 4))
    page = page_of(pair_of(source_of(tmp_path, record), "baseline", "amp"))
    assert "was not traced" in sheet(page, "categories").empty
    assert "was not traced" in said(page, "traces")
    assert texts(page, "figures")["step time, ms per iteration"][:3] == ["20.00", "11.00", "-9.00"]


def test_a_lost_variant_says_why_it_has_no_figures(tmp_path: Path) -> None:
    record = run(variant("baseline", [20.0] * 4), lost("amp", "out_of_memory", "80 GiB"))
    page = page_of(pair_of(source_of(tmp_path, record), "baseline", "amp"))
    assert "amp has no figures: out of memory: 80 GiB" in said(page, "pair")
    assert "speedup none: the two have no round in common" in said(page, "pair")
    assert texts(page, "figures")["step time, ms per iteration"] == ["20.00", "-", "-", "-", "-"]


def test_a_step_of_another_measure_is_not_subtracted(tmp_path: Path) -> None:
    """amp was skipped before its epoch's start was measured: 10 ms there, 16 ms with it."""
    whole = Epochs(100, starts=(EpochStart(0, 600 * MS),), counted=True)
    record = run(
        variant("baseline", [10.0] * 4, epochs=whole),
        variant("amp", [9.0] * 4, epochs=Epochs(100), skipped=True),
    )
    source = source_of(tmp_path, record)
    page = page_of(pair_of(source, "baseline", "amp"))
    why = (
        "the step of the second lacks its part of the epoch's start and is of the middle of an "
        "epoch alone, and that of the first takes it in"
    )
    assert f"speedup none: {why}" in said(page, "pair")
    assert "no round in common" not in said(page, "pair")
    found = texts(page, "figures")
    assert found["step time, ms per iteration"] == ["16.00", "9.00", "-", "-", "-"]
    assert found["throughput, samples/s"][2:] == ["-", "-", "-"]
    assert found["step time in mid-epoch, ms per iteration"][:3] == ["10.00", "9.00", "-1.00"]
    assert sheet(page, "figures").notes[1] == f"no change of step time and throughput: {why}"
    other = page_of(pair_of(source, "amp", "baseline"))
    assert "none: the step of the first lacks its part" in said(other, "pair")


def test_windows_of_whole_epochs_have_no_middle_to_compare(tmp_path: Path) -> None:
    record = run(
        variant("baseline", [10.0] * 4, epochs=Epochs(5, in_windows=True)),
        variant("amp", [9.0] * 4, epochs=Epochs(100), skipped=True),
    )
    found = texts(page_of(pair_of(source_of(tmp_path, record), "baseline", "amp")), "figures")
    assert found["step time, ms per iteration"][2:] == ["-", "-", "-"]
    assert not any("mid-epoch" in title for title in found)


def test_of_one_measure_there_is_no_word_of_measures(page: Page) -> None:
    assert not any("mid-epoch" in title for title in texts(page, "figures"))
    assert len(sheet(page, "figures").notes) == 1


def test_a_variant_with_itself_is_no_comparison(source: RunSource) -> None:
    page = page_of(pair_of(source, "amp", "amp"))
    assert "the same variant twice" in said(page, "pair")
    assert sheet(page, "differences").empty == "nothing that is recorded"


def test_until_it_is_worked_out_there_is_no_speedup(source: RunSource) -> None:
    page = build_compare_page("here", pair_of(source, "baseline", "all"), None)
    assert "speedup working it out" in said(page, "pair")
    none = build_compare_page("here", pair_of(source, "baseline", "all"), Between(None, None))
    assert "no round in common" in said(none, "pair")


def test_a_trace_that_tells_nothing_says_why(source: RunSource) -> None:
    named = (NamedTimes(kernels=True, by_name_ns={}), Unnamed("it is gone"))
    found = sheet(page_of(pair_of(source, "baseline", "all"), named), "names")
    assert found.empty == "second: it is gone"


def test_show_prints_the_first_choice(source: RunSource, page: Page) -> None:
    shown = build_page(Screen.COMPARE, source, digest)
    assert sheet(shown, "names").empty == (
        f"first: baseline: {source.traces['baseline']}: no such file; second: all: it has no trace"
    )
    blocks = tuple(block for block in shown.blocks if block.key != "names")
    assert blocks == page.blocks


def with_traces(tmp_path: Path) -> RunSource:
    record = whole_mix()
    traced = {name: TraceBuilder().step(0, 1000) for name in ("baseline", "all")}
    for name, builder in traced.items():
        builder.kernel(f"{name}_kernel", 100, 400, launch_ns=50).write(tmp_path / f"{name}.json")
    variants = tuple(
        msgspec.structs.replace(v, trace=f"{v.name}.json" if v.name in traced else None)
        for v in record.variants
    )
    return source_of(tmp_path, msgspec.structs.replace(record, variants=variants))


def test_show_prints_what_traces_tell_by_name(tmp_path: Path) -> None:
    found = build_page(Screen.COMPARE, with_traces(tmp_path), digest)
    assert set(texts(found, "names")) == {"baseline_kernel", "all_kernel"}


def test_show_says_which_trace_cannot_be_read(tmp_path: Path) -> None:
    source = with_traces(tmp_path)
    (tmp_path / "all.json").write_text("no trace")
    (tmp_path / "baseline.json").unlink()
    why = sheet(build_page(Screen.COMPARE, source, digest), "names").empty
    assert why.startswith(
        f"first: baseline: {tmp_path / 'baseline.json'}: no such file; second: all: "
    )


def test_a_run_of_one_variant_says_that_there_is_nothing_to_compare(tmp_path: Path) -> None:
    source = source_of(tmp_path, run(variant("baseline", [20.0] * 4)))
    with pytest.raises(UserError, match="nothing to compare within this run"):
        build_page(Screen.COMPARE, source, digest)
