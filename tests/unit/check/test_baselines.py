"""Baselines on disk: what is kept of runs, what is refused, and what is found again."""

import json
import math

import msgspec
import pytest
from msgspec.structs import replace

from annt_prof.categories import Category
from annt_prof.check.baseline import figures_of, history
from annt_prof.check.baseline_file import load, path_of
from annt_prof.check.baselines import accept, every, find, named, resolve
from annt_prof.check.fingerprint import fingerprint_of
from annt_prof.errors import UserError
from annt_prof.remarks import Remark, Source
from annt_prof.runs.record import STOP_UNTOLD, TracedLaunch, WorkTime
from annt_prof.scenario.effective import EffectiveValue
from hand_made import CPU, GPU, MS, SCENARIO, SUBSTITUTIONS, breakdown, lost, run, variant

FIVE = [10.0, 10.1, 10.2, 10.3, 10.4]


def traced(launch, forward, *work):
    return TracedLaunch(
        launch,
        breakdown(10.0, forward=forward, backward=0.2),
        tuple(WorkTime(name, ns) for name, ns in work),
        pitfalls=("item_every_iteration",),
    )


def a_run(name="first", means=FIVE, **changes):
    return run(variant("baseline", list(means)), variant("amp", [5.0] * 5), run_id=name, **changes)


def refused(*arguments, **options):
    with pytest.raises(UserError) as caught:
        accept(*arguments, **options)
    return str(caught.value)


def test_what_is_accepted_is_what_is_loaded_and_found(tmp_path):
    accepted = accept(tmp_path, "main", [a_run()])
    assert accepted.path == path_of(tmp_path, "main", "vit_amp", fingerprint_of(CPU))
    assert accepted.path.parent == tmp_path / "main"
    assert load(accepted.path) == accepted.baseline
    assert not accepted.replaced
    found = find(tmp_path, "main", "vit_amp", fingerprint_of(CPU))
    assert found.stored == (accepted.path, accepted.baseline)
    assert every(tmp_path) == named("main", tmp_path) == (found.stored,)


def test_one_figure_a_line_sorted_and_without_a_time_of_its_own(tmp_path):
    path = accept(tmp_path, "main", [a_run(means=[10.123456789] * 5)]).path
    lines = [line.strip() for line in path.read_text().splitlines()]
    assert lines.count("10123500,") == 4  # the fifth has no comma
    accept(tmp_path, "main", [a_run()])
    before = path.read_bytes()
    assert accept(tmp_path, "main", [a_run()]).replaced
    assert path.read_bytes() == before
    document = json.loads(before)
    assert list(document["settings"]["scenario"]) == sorted(document["settings"]["scenario"])
    assert document["runs"][0]["created"] == "2026-07-25T14:30:12+00:00"


def test_where_the_time_went_is_kept_beside_the_figures(tmp_path):
    launches = (
        traced(0, 0.4, ("gemm", 3 * MS), ("copy", MS)),
        traced(1, 0.6, ("gemm", 5 * MS)),
    )
    remark = Remark(Source.PITFALL, "said", key="copies_in_passes")
    one = variant("baseline", FIVE, traced_launches=launches, remarks=(remark,))
    (kept,) = accept(tmp_path, "main", [run(one)]).baseline.runs
    shown = kept.variants["baseline"]
    assert shown.breakdown_ns[Category.FORWARD] == 5 * MS
    assert sum(shown.breakdown_ns.values()) == 10 * MS
    assert shown.work_ns == {"gemm": 4 * MS, "copy": MS // 2}
    assert shown.pitfalls == ("copies_in_passes", "item_every_iteration")
    # Shares of the timed steps, of 10 and 10.1 ms.
    assert shown.figures["forward"] == (4 * MS, 6.06 * MS)
    assert "communication" not in shown.figures
    assert shown.launches == 5


def test_of_many_kernels_those_of_the_most_time_are_kept(tmp_path):
    work = tuple((f"kernel{number}", number * MS) for number in range(1, 131))
    one = variant("baseline", FIVE, traced_launches=(traced(0, 0.4, *work),))
    (kept,) = accept(tmp_path, "main", [run(one)]).baseline.runs
    names = set(kept.variants["baseline"].work_ns)
    assert names == {f"kernel{number}" for number in range(31, 131)}


def test_a_class_of_kernels_that_no_launch_has_is_not_kept(tmp_path):
    launches = (
        replace(traced(0, 0.4), breakdown=replace(breakdown(10.0, sync=0), kernel_ns={"gemm": MS})),
        replace(traced(1, 0.4), breakdown=replace(breakdown(10.0, sync=0), kernel_ns={"conv": MS})),
    )
    one = variant("baseline", FIVE, traced_launches=launches)
    (kept,) = accept(tmp_path, "main", [run(one, environment=GPU)]).baseline.runs
    figures = kept.variants["baseline"].figures
    assert {name for name in figures if name.startswith("kernels.")} == {
        "kernels.gemm",
        "kernels.conv",
    }
    assert (figures["kernels.gemm"], figures["sync"]) == ((MS, 0), (0, 0))


def test_only_the_metrics_that_are_asked_for_are_kept(tmp_path):
    (kept,) = accept(tmp_path, "main", [a_run()], only=["throughput"]).baseline.runs
    assert set(kept.variants["baseline"].figures) == {"throughput"}


def test_variants_without_figures_or_launches_are_left_out_with_the_reason(tmp_path):
    measured = run(
        variant("baseline", FIVE), variant("amp", [5.0] * 4), lost("tf32", "crashed", "segfault")
    )
    accepted = accept(tmp_path, "main", [measured])
    assert set(accepted.baseline.trainings) == {"baseline"}
    assert accepted.left_out == {
        "amp": "it has 4 launches, and a baseline takes 5 at least",
        "tf32": "crashed: segfault",
    }


class TestRefused:
    """Nothing of it writes a file."""

    @pytest.fixture(autouse=True)
    def nothing_is_written(self, tmp_path):
        yield
        assert list(tmp_path.rglob("*")) == []

    def test_too_few_launches(self, tmp_path):
        said = refused(tmp_path, "main", [run(variant("baseline", FIVE[:4]))])
        assert "it has 4 launches, and a baseline takes 5 at least" in said
        assert "--set window.min_launches=5" in said

    @pytest.mark.parametrize("stop", [STOP_UNTOLD, "interrupted"])
    def test_a_run_that_did_not_end(self, tmp_path, stop):
        said = refused(tmp_path, "main", [a_run(complete=False, stop=stop)])
        assert said.startswith(f"first: is not a whole run: {stop}")

    @pytest.mark.parametrize("name", ["", "../up", ".hidden", "a b", "x" * 101])
    def test_a_name_that_leads_elsewhere(self, tmp_path, name):
        assert "cannot name a baseline" in refused(tmp_path, name, [a_run()])

    def test_a_metric_that_there_is_none_of(self, tmp_path):
        said = refused(tmp_path, "main", [a_run()], only=["step_tme"])
        assert said == '--only: there is no metric "step_tme"; did you mean "step_time"?'

    def test_a_metric_that_was_not_measured(self, tmp_path):
        said = refused(tmp_path, "main", [a_run()], only=["energy_per_sample"])
        assert "has no energy_per_sample: baseline: the energy of its windows was not" in said

    def test_runs_of_another_training_or_machine(self, tmp_path):
        batch = EffectiveValue("dataset.batch_size", 16, "--set")
        other = a_run("second", scenario=(*SCENARIO[:-3], batch))
        said = refused(tmp_path, "main", [a_run(), other])
        assert said.startswith("second: is not of the same training and machine as run first: ")
        assert "dataset.batch_size: 8 -> 16" in said
        said = refused(tmp_path, "main", [a_run(), a_run("second", environment=GPU)])
        assert "device: AMD EPYC 7B13 -> NVIDIA H100 80GB HBM3" in said
        assert "; and " in said  # the rest is counted

    def test_a_run_twice(self, tmp_path):
        assert "is part of the baseline already" in refused(tmp_path, "main", [a_run(), a_run()])

    def test_nothing_to_add_to(self, tmp_path):
        said = refused(tmp_path, "main", [a_run()], again=True)
        assert 'there is no baseline "main" of vit_amp on this machine to add to' in said


class TestAgain:
    def test_further_runs_stand_behind_the_first(self, tmp_path):
        accept(tmp_path, "main", [a_run()])
        accepted = accept(tmp_path, "main", [a_run("second"), a_run("third")], again=True)
        assert [run.run_id for run in accepted.baseline.runs] == ["first", "second", "third"]
        assert not accepted.replaced
        assert load(accepted.path) == accepted.baseline
        accept(tmp_path, "main", [a_run("fourth")])
        assert [run.run_id for run in load(accepted.path).runs] == ["fourth"]

    def test_of_a_stand_in_none_is_added_to_one_of_the_data(self, tmp_path):
        path = accept(tmp_path, "main", [a_run()]).path
        before = path.read_bytes()
        other = a_run("second", substitutions=SUBSTITUTIONS)
        said = refused(tmp_path, "main", [other], again=True)
        assert "stand-ins: none -> data of cifar10" in said
        assert path.read_bytes() == before

    def test_another_machine_is_named(self, tmp_path):
        accept(tmp_path, "main", [a_run(environment=replace(CPU, threads=1))])
        said = refused(tmp_path, "main", [a_run()], again=True)
        assert "the nearest differs: threads: 1 -> 2" in said

    def test_history_is_how_far_the_runs_are_apart(self, tmp_path):
        runs = [a_run(str(ms), means=[ms] * 5) for ms in (10.0, 11.0, 9.0)]
        baseline = accept(tmp_path, "main", runs).baseline
        assert history(baseline, "baseline", "step_time") == pytest.approx(
            (math.log(1.1), math.log(10 / 9), math.log(11 / 9)), rel=1e-4
        )
        assert len(figures_of(baseline, "baseline", "step_time")) == 15
        assert history(baseline, "amp", "step_time") == (0.0, 0.0, 0.0)
        for gone in (("none", "step_time"), ("baseline", "mfu")):
            assert history(baseline, *gone) == figures_of(baseline, *gone) == ()

    def test_one_run_and_zeros_have_no_history(self, tmp_path):
        one = accept(tmp_path, "main", [a_run()]).baseline
        assert history(one, "baseline", "step_time") == ()
        runs = [a_run("a"), a_run("b")]
        none = accept(tmp_path, "main", runs).baseline
        assert figures_of(none, "baseline", "data_loading") == (0.0,) * 10
        assert history(none, "baseline", "data_loading") == ()


class TestFound:
    def test_the_nearest_of_other_machines_is_told_with_its_differences(self, tmp_path):
        far = accept(tmp_path, "main", [a_run(environment=GPU)])
        near = accept(tmp_path, "main", [a_run(environment=replace(CPU, threads=1))])
        found = find(tmp_path, "main", "vit_amp", fingerprint_of(CPU))
        assert (found.stored, found.nearest.path) == (None, near.path)
        assert found.differences == ("threads: 1 -> 2",)
        assert far.path != near.path
        assert len(every(tmp_path)) == 2

    @pytest.mark.parametrize(("name", "scenario"), [("other", "vit_amp"), ("main", "resnet")])
    def test_of_another_name_or_scenario_there_is_none(self, tmp_path, name, scenario):
        accept(tmp_path, "main", [a_run()])
        assert find(tmp_path, name, scenario, fingerprint_of(CPU)) == (None, None, ())

    def test_a_file_that_was_renamed_is_found_by_what_it_holds(self, tmp_path):
        path = accept(tmp_path, "main", [a_run()]).path
        moved = path.rename(path.with_name("by_hand.json"))
        assert find(tmp_path, "main", "vit_amp", fingerprint_of(CPU)).stored.path == moved

    def test_what_a_file_holds_counts_and_not_its_name(self, tmp_path):
        path = accept(tmp_path, "main", [a_run()]).path
        path.write_text(path.read_text().replace('"threads": 2', '"threads": 9'))
        found = find(tmp_path, "main", "vit_amp", fingerprint_of(CPU))
        assert (found.stored, found.differences) == (None, ("threads: 9 -> 2",))

    def test_a_name_or_a_file_is_resolved(self, tmp_path):
        path = accept(tmp_path, "main", [a_run()]).path
        for given in ("main", str(path)):
            found = resolve(given, tmp_path, "vit_amp", fingerprint_of(CPU))
            assert found.stored.path == path
        found = resolve(str(path), tmp_path, "vit_amp", fingerprint_of(GPU))
        assert found.nearest.path == path
        assert "threads: 2 -> 13" in found.differences
        with pytest.raises(UserError, match="there is no baseline here"):
            resolve(str(tmp_path / "no.json"), tmp_path, "vit_amp", fingerprint_of(CPU))

    def test_a_name_that_there_is_none_of_gets_the_nearest(self, tmp_path):
        accept(tmp_path, "main", [a_run()])
        with pytest.raises(UserError, match='did you mean "main"'):
            named("mian", tmp_path)

    def test_without_a_folder_there_are_none(self, tmp_path):
        assert every(tmp_path / "no") == ()


class TestDamaged:
    @pytest.fixture
    def path(self, tmp_path):
        return accept(tmp_path, "main", [a_run()]).path

    def changed(self, path, change):
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "the file is empty"),
            (b" \n", "the file is empty"),
            (b'{"schema_version": 1, "name": "ma', "Input data was truncated"),
            (b"<<<<<<< HEAD\n", "JSON is malformed"),
            (b'{"a": 1}', "missing required field `schema_version`"),
            (b'{"schema_version": 3, "runs": []}', "missing required field `fingerprint`"),
            (b'{"schema_version": 1, "fingerprint": {}}', "missing required field"),
            (b"[]", "Expected `object`, got `array`"),
            (b'{"schema_version": 1, "name": "\xff"}', "damaged"),
        ],
    )
    def test_what_is_wrong_is_named_with_the_file(self, path, content, said):
        path.write_bytes(content)
        with pytest.raises(UserError) as caught:
            load(path)
        assert caught.value.where == str(path)
        assert "is not a baseline, or is damaged" in caught.value.message
        assert said in caught.value.message

    def test_another_schema_is_named(self, path):
        self.changed(path, lambda document: document.update(schema_version=7))
        with pytest.raises(UserError, match="schema version is 7, and this annt-prof reads ver"):
            load(path)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda d: d.update(runs=[]), "it has no run"),
            (lambda d: d["trainings"].pop("amp"), "what variant amp of run first trains is not"),
            (lambda d: d["runs"][0]["variants"]["amp"]["figures"].update(mfu=[]), "no figure"),
            (
                lambda d: d["runs"][0]["variants"]["amp"]["figures"].update(step_time=[1, -2]),
                "step_time of run first has no figure, or one below 0",
            ),
            (
                lambda d: d["runs"][0]["variants"]["amp"]["figures"].update(step_time=[0]),
                "step_time of run first is 0",
            ),
            (lambda d: d["fingerprint"].update(threads="two"), r"\$.fingerprint.threads"),
        ],
    )
    def test_what_no_run_could_have_left_is_named(self, path, change, said):
        self.changed(path, change)
        with pytest.raises(UserError, match=said):
            load(path)

    def test_it_is_not_passed_over(self, path, tmp_path):
        path.write_bytes(b"{")
        for look in (
            lambda: every(tmp_path),
            lambda: find(tmp_path, "main", "vit_amp", fingerprint_of(CPU)),
            lambda: find(tmp_path, "main", "vit_amp", fingerprint_of(GPU)),
        ):
            with pytest.raises(UserError, match="damaged"):
                look()

    def test_it_can_be_accepted_anew(self, path, tmp_path):
        path.write_bytes(b"{")
        assert accept(tmp_path, "main", [a_run()]).replaced
        assert load(path).name == "main"


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    path = accept(tmp_path, "main", [a_run()]).path
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("annt_prof.check.baseline_file.write_atomically", full)
    assert "cannot be written: No space left on device" in refused(
        tmp_path, "main", [a_run("second")]
    )
    assert path.read_bytes() == before


def test_what_a_variant_trains_is_kept(tmp_path):
    baseline = accept(tmp_path, "main", [a_run()]).baseline
    again = msgspec.json.decode(msgspec.json.encode(baseline), type=type(baseline))
    assert [t.name for t in again.work_of("amp").training.techniques] == ["amp"]
    assert again.work_of("amp") == baseline.work_of("amp")
    assert again.work_of("none") is None
