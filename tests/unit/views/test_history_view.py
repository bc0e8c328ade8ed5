"""Runs over time, in series of what measured the same thing."""

import random
from pathlib import Path

import msgspec
import pytest

from annt_prof.compare.launch_figures import Metric
from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.listing import list_runs
from annt_prof.runs.record import Run
from annt_prof.views.default_variant import default_variant
from annt_prof.views.history_view import HistoryView, build_history
from hand_made import CPU, lost, run, variant


def place(root: Path, day: int, baseline_ms: float, **changes: object) -> Run:
    own = random.Random(day)
    means = [baseline_ms * own.gauss(1, 0.005) for _ in range(5)]
    record = run(
        variant("baseline", means),
        variant("amp", [ms / 2 for ms in means]),
        **{"created": f"2026-07-{day:02d}T14:30:12+00:00", **changes},
    )
    directory = root / f"202607{day:02d}-143012-{record.scenario_name}"
    directory.mkdir(parents=True)
    store.write(directory, record)
    return record


def built(root: Path, **asked: object) -> HistoryView:
    chosen = {"scenario": None, "variant": None, "metric": Metric.STEP_TIME, "last": None}
    return build_history(list_runs(root)[::-1], root=root, **(chosen | asked))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for day in range(1, 13):
        place(tmp_path, day, 20.0 if day < 8 else 21.0)
    return tmp_path


def test_runs_stand_oldest_first_with_the_change_of_each(root: Path) -> None:
    (series,) = built(root, variant="baseline").series
    values = [point.figure.value for point in series.points]
    assert [point.begun for point in series.points][:2] == ["2026-07-01 14:30", "2026-07-02 14:30"]
    assert values[0] == pytest.approx(20e6, rel=0.01)
    assert series.points[0].change is None
    assert series.points[1].change == pytest.approx(values[1] / values[0] - 1)
    assert series.apart == ()
    assert (series.column.title, series.column.places) == ("step ms", 2)


def test_a_change_of_level_is_marked_once(root: Path) -> None:
    (series,) = built(root).series
    marked = {point.directory: point.level_change for point in series.points if point.level_change}
    assert marked == {"20260708-143012-vit_amp": pytest.approx(0.05, abs=0.01)}
    assert (series.variants, series.enough, series.num_changes) == (("amp",), True, 1)


def test_what_is_shown_does_not_change_what_is_told(root: Path) -> None:
    (whole,) = built(root).series
    (series,) = built(root, last=3).series
    assert series.points == whole.points[-3:]
    assert (series.num_earlier, series.num_changes, series.num_earlier_changes) == (9, 1, 1)
    (with_it,) = built(root, last=5).series
    assert (with_it.points[0].level_change is None, with_it.num_earlier_changes) == (False, 0)


def test_five_runs_are_too_few_to_tell_a_change(tmp_path: Path) -> None:
    for day in range(1, 6):
        place(tmp_path, day, 20.0 if day < 4 else 40.0)
    (series,) = built(tmp_path).series
    assert (series.enough, series.num_changes) == (False, 0)


def test_other_machines_are_other_series_told_apart(root: Path) -> None:
    other = msgspec.structs.replace(CPU, packages={**CPU.packages, "torch": "9.9"})
    place(root, 20, 30.0, environment=other)
    first, second = built(root).series
    assert (len(first.points), len(second.points)) == (12, 1)
    assert (first.apart, second.apart) == ((("torch", "2.15.0"),), (("torch", "9.9"),))
    assert second.torch == "9.9"


def test_what_is_left_out_is_counted_with_the_reason(root: Path) -> None:
    place(root, 20, 20.0, complete=False)
    (root / "20260721-143012-vit_amp").mkdir()
    (root / "20260721-143012-vit_amp" / "run.json").write_text("{")
    place(root, 22, 20.0, variants=(lost("baseline", "crashed", "killed"),))
    view = built(root)
    assert {left.reason: left.directories for left in view.left_out} == {
        "not complete": ("20260720-143012-vit_amp",),
        "damaged: its record is not one of a run": ("20260721-143012-vit_amp",),
        "without this figure of baseline": ("20260722-143012-vit_amp",),
    }
    assert len(view.series[0].points) == 12


def test_a_run_without_the_variant_is_left_out(root: Path) -> None:
    place(root, 20, 20.0, variants=run(variant("baseline", [20.0] * 3)).variants)
    (left,) = built(root, variant="amp").left_out
    assert left.reason == "without a variant amp"


def test_a_scenario_is_chosen_by_its_name(root: Path) -> None:
    place(root, 20, 20.0, scenario_name="other")
    (series,) = built(root, scenario="other").series
    assert series.scenarios == ("other",)
    (both,) = built(root).series
    assert both.scenarios == ("vit_amp", "other")


def test_unknown_names_are_refused_with_the_nearest(root: Path) -> None:
    with pytest.raises(UserError, match="no run of this scenario") as found:
        built(root, scenario="vit_am")
    assert found.value.hint == 'did you mean "vit_amp"?'
    with pytest.raises(UserError, match="no run has this variant") as found:
        built(root, variant="amq")
    assert found.value.hint == 'did you mean "amp"?'


def test_no_runs_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no runs here"):
        built(tmp_path)


@pytest.mark.parametrize(
    ("metric", "title", "value"),
    [
        (Metric.THROUGHPUT, "samples/s", 800.0),
        (Metric.PEAK_MEMORY, "peak GiB", 3 * 2**29),
    ],
)
def test_other_figures_have_their_unit(
    root: Path, metric: Metric, title: str, value: float
) -> None:
    (series,) = built(root, metric=metric).series
    assert series.column.title == title
    assert series.points[0].figure.value == pytest.approx(value, rel=0.01)


def test_the_variant_that_is_meant() -> None:
    baseline, amp, sdpa = (variant(n, [9.0] * 3) for n in ("baseline", "amp", "sdpa"))
    mix = variant("all", [9.0] * 3, factors=("amp", "sdpa"))
    cannot = lost("pin_memory", "not_applicable", "no accelerator")
    assert default_variant(run(baseline, amp, sdpa, mix)) == "all"
    assert default_variant(run(baseline, amp)) == "amp"
    assert default_variant(run(baseline, amp, cannot)) == "amp"
    assert default_variant(run(baseline, amp, sdpa)) == "baseline"
    assert default_variant(run(baseline, variant("baseline_again", [9.0]))) == "baseline"
    assert default_variant(run(baseline, cannot)) == "baseline"
    assert default_variant(run(baseline, lost("all", "crashed", ""), amp)) == "all"
    assert default_variant(run()) is None


def test_the_reference_of_a_check_is_in_no_series(root: Path) -> None:
    sides = (variant("baseline", [30.0] * 3), variant("worktree", [10.0] * 3, techniques=()))
    told = {"differences": ("worktree: main -> here",), "reference": "main -> here"}
    place(root, 20, 30.0, variants=run(*sides).variants, **told)
    (left,) = built(root, variant="baseline").left_out
    assert (left.directories, "reference" in left.reason) == (("20260720-143012-vit_amp",), True)
    assert built(root).left_out == ()
