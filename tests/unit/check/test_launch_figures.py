"""One figure for each launch, of every metric that a budget may be of."""

import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from annt_prof.categories import Category
from annt_prof.check.launch_figures import figures, log_ratios, paired
from annt_prof.machine.ceilings import Ceilings
from annt_prof.runs import store
from annt_prof.runs.record import Epochs, EpochStart, FirstStep, Numerics, TracedLaunch
from annt_prof.scenario.budget_metrics import METRICS
from hand_made import CPU, GPU, MS, breakdown, lost, run, variant

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "runs").glob("*/*/run.json"))


def with_windows(one, **by_window):
    """Give each window its own value of a field."""
    windows = tuple(
        replace(window, **{name: values[number] for name, values in by_window.items()})
        for number, window in enumerate(one.windows)
    )
    return replace(one, windows=windows)


def traced(launch, step_ms, *, kernel_ns=None, operator_ns=None, tensor=None, **shares):
    shown = replace(
        breakdown(step_ms, **shares), kernel_ns=kernel_ns or {}, operator_ns=operator_ns or {}
    )
    return TracedLaunch(launch, shown, matrix_unit_share=tensor)


def of(one, metric, *, environment=GPU, **options):
    return figures(run(one, environment=environment), one, metric, **options)


SIX = [10.0, 12.0, 90.0, 20.0, 22.0, 24.0]  # two launches of three rounds


class TestTimes:
    def test_a_launch_counts_with_the_median_of_its_rounds(self):
        found = of(variant("baseline", SIX, rounds_per_launch=3), "step_time")
        assert (found.values, found.launches) == ((12.0 * MS, 22.0 * MS), (0, 1))
        assert (found.exact, found.may_be_zero, found.why_not) == (False, False, None)

    def test_where_windows_are_uneven_it_is_the_mean(self):
        found = of(variant("baseline", SIX, rounds_per_launch=3, uneven=True), "step_time")
        assert found.values == pytest.approx((112 / 3 * MS, 22.0 * MS))

    def test_an_epochs_start_is_no_part_of_it_since_no_spread_of_launches_has_its_error(self):
        epochs = Epochs(10, starts=(EpochStart(0, 50 * MS),), counted=True)
        one = variant("baseline", [10.0, 10.0], epochs=epochs)
        assert of(one, "step_time").values == (10.0 * MS, 10.0 * MS)
        assert "what its start costs" in of(one, "step_time").note
        uncounted = replace(one, epochs=replace(epochs, counted=False))
        assert of(uncounted, "step_time").note is None

    def test_throughput_is_samples_over_that_time(self):
        found = of(variant("baseline", [10.0, 20.0]), "throughput")
        assert found.values == (800.0, 400.0)

    def test_without_a_window_there_are_none(self):
        found = of(variant("baseline", []), "step_time")
        assert (found.values, found.why_not) == ((), "it has no timed window")

    def test_of_a_variant_that_was_lost_its_reason_is_told(self):
        found = of(lost("amp", "out_of_memory", "no room for 2 GiB"), "step_time")
        assert (found.values, found.why_not) == ((), "out of memory: no room for 2 GiB")


class TestOfLaunches:
    def test_memory_is_the_highest_of_a_launchs_windows(self):
        one = with_windows(
            variant("baseline", SIX[:4], rounds_per_launch=2), peak_memory_bytes=[5, 7, None, 4]
        )
        assert of(one, "peak_memory").values == (7.0, 4.0)

    def test_an_older_record_has_no_memory_by_launch(self):
        found = of(variant("baseline", SIX), "peak_memory")
        assert found.why_not == "its launches' own peaks were not recorded"

    def test_energy_is_over_the_samples_of_the_windows_that_have_it(self):
        one = with_windows(
            variant("baseline", SIX[:4], rounds_per_launch=2), energy_j=[40.0, None, 40.0, 120.0]
        )
        # A window is of 5 iterations of 8 samples.
        assert of(one, "energy_per_sample").values == (1.0, 2.0)
        found = of(variant("baseline", SIX), "energy_per_sample")
        assert found.why_not == "the energy of its windows was not sampled"

    def test_compile_time_is_of_the_launches_that_compiled(self):
        one = variant("c", SIX, first_steps=(FirstStep(1, 3.0), FirstStep(0, 2.5)))
        found = of(one, "compile_time")
        assert (found.values, found.launches) == ((2.5e9, 3.0e9), (0, 1))
        assert of(variant("c", SIX, first_step_s=4.0), "compile_time").values == (4.0e9,)
        assert of(variant("c", SIX), "compile_time").why_not == "its first step was not timed"

    def test_skipped_steps_are_an_exact_count(self):
        one = variant("amp", SIX, rounds_per_launch=3, numerics=Numerics(skipped_steps=2))
        found = of(one, "skipped_steps")
        assert (found.values, found.launches, found.exact) == ((2.0,), (1,), True)
        assert of(variant("amp", SIX), "skipped_steps").why_not is not None


class TestUtilisation:
    CEILINGS = Ceilings({"float32": 1e12}, 1.0, 1.0, 1.0, 1.0)

    def test_it_is_operations_over_what_the_machine_does_at_most(self):
        one = variant("baseline", [10.0, 20.0], numerics=Numerics(flops=2 * 10**9))
        found = of(one, "mfu", ceilings=self.CEILINGS)
        assert found.values == pytest.approx((0.2, 0.1))

    @pytest.mark.parametrize(
        ("flops", "ceilings", "why_not"),
        [
            (None, CEILINGS, "its operations could not be counted"),
            (10**9, None, "annt-prof doctor --calibrate measures it"),
            (10**12, CEILINGS, "the calibrated ceiling is lower than what was measured"),
        ],
    )
    def test_why_there_is_none(self, flops, ceilings, why_not):
        one = variant("baseline", [10.0], numerics=Numerics(flops=flops))
        found = of(one, "mfu", ceilings=ceilings)
        assert found.values == ()
        assert found.why_not.startswith(why_not)


class TestTraced:
    LAUNCHES = (
        traced(0, 10.0, forward=0.3, kernel_ns={"gemm": 4 * MS}, tensor=0.5),
        traced(1, 20.0, forward=0.4, kernel_ns={"conv": 6 * MS}, tensor=0.0),
    )

    def one(self, **changes):
        return variant("baseline", [10.0, 20.0], traced_launches=self.LAUNCHES, **changes)

    def test_a_category_is_of_each_launchs_trace(self):
        found = of(self.one(), "forward")
        assert (found.values, found.launches) == ((3.0 * MS, 8.0 * MS), (0, 1))
        assert found.may_be_zero
        assert of(self.one(), "forward", share=True).values == (0.3, 0.4)

    def test_what_a_trace_cannot_show_says_why(self):
        found = of(self.one(), "communication")
        assert (found.values, found.why_not) == ((), "a single process")
        assert of(variant("baseline", [1.0]), "forward").why_not == "it was not traced"

    def test_a_class_of_kernels_that_a_launch_has_none_of_is_zero(self):
        assert of(self.one(), "kernels.gemm").values == (4.0 * MS, 0.0)
        assert of(self.one(), "kernels.conv", share=True).values == (0.0, 0.3)
        assert of(self.one(), "kernels.gemm").note is None

    def test_without_a_device_kernels_are_operators(self):
        launch = traced(3, 10.0, forward=0.5, operator_ns={"gemm": 2 * MS})
        found = of(variant("b", [1.0], traced_launches=(launch,)), "kernels.gemm", environment=CPU)
        assert found.values == (2.0 * MS,)
        assert found.note.startswith("without a device: host time")

    def test_without_a_device_a_part_is_one_of_the_timed_step(self):
        """At the pace of its launch's windows; the wait is theirs, and no part of the trace."""
        one = variant(
            "baseline",
            [10.0, 30.0],
            traced_launches=(
                traced(0, 40.0, forward=0.3, data_loading=0.0, operator_ns={"gemm": 4 * MS}),
                traced(1, 40.0, forward=0.3, data_loading=0.0, operator_ns={"gemm": 4 * MS}),
                traced(7, 40.0, forward=0.3, data_loading=0.0),  # traced alone
            ),
        )
        waits = with_windows(one, waited_ns=[5 * 2 * MS, 0])
        one = run(waits, environment=CPU).variants[0]
        found = figures(run(one, environment=CPU), one, "forward")
        assert found.values == pytest.approx((0.3 * 8 * MS, 0.3 * 30 * MS))
        assert found.launches == (0, 1)
        assert found.note == "of the timed step, divided as the traced one is"
        shares = figures(run(one, environment=CPU), one, "forward", share=True)
        assert shares.values == pytest.approx((0.24, 0.3))
        operators = figures(run(one, environment=CPU), one, "kernels.gemm")
        assert operators.values[0] == pytest.approx(4 * MS * 8 / 40)

    def test_launches_that_were_traced_alone_have_no_step_of_which_to_tell_parts(self):
        """Others' step in its place would have no spread: ten launches would seem to agree."""
        alone = tuple(traced(number, 40.0, forward=0.3) for number in range(2, 12))
        one = run(variant("b", [10.0, 30.0], traced_launches=alone), environment=CPU).variants[0]
        found = figures(run(one, environment=CPU), one, "forward")
        assert found.why_not == "none of its launches was both timed and traced"
        assert len(of(one, "forward").values) == 10  # a device has its pace in any launch

    def test_a_time_of_a_slower_traced_step_says_so(self):
        one = self.one(breakdown=breakdown(30.0, forward=0.3))
        summarised = run(one).variants[0]
        note = "of the traced step, which takes 100.0 % longer than the timed one"
        assert of(summarised, "forward").note == note
        assert of(summarised, "forward", share=True).note is None

    def test_a_run_with_one_trace_has_a_figure_of_its_last_launch(self):
        found = of(
            variant("b", SIX, rounds_per_launch=3, breakdown=breakdown(10.0, sync=0.1)), "sync"
        )
        assert (found.values, found.launches) == ((1.0 * MS,), (1,))

    def test_tensor_cores(self):
        assert of(self.one(), "tensor_core_share").values == (0.5, 0.0)
        on_cpu = of(variant("b", [1.0]), "tensor_core_share", environment=CPU)
        assert on_cpu.why_not == "no accelerator in its trace"


class TestLoadingOnACpu:
    def waiting(self, **changes):
        one = variant("b", [10.0, 10.0, 20.0, 20.0], rounds_per_launch=2, **changes)
        return with_windows(one, waited_ns=[10 * MS, 0, 20 * MS, 20 * MS])

    def test_it_is_told_by_timed_windows(self):
        one = replace(self.waiting(), breakdown=breakdown(10.0, data_loading=0.9))
        assert of(one, "data_loading", environment=CPU).values == (1.0 * MS, 4.0 * MS)
        assert of(one, "data_loading", environment=CPU, share=True).values == (0.1, 0.2)
        assert of(one, "data_loading", environment=GPU, share=True).values == (0.9,)

    def test_a_stall_that_is_not_in_the_step_is_not_in_the_wait(self):
        """Or it would be taken from what else the step does: 50 of 60 ms, in a round of three."""
        one = variant("b", [10.0, 60.0, 10.0], rounds_per_launch=3)
        stalled = with_windows(one, waited_ns=[5 * MS, 5 * 51 * MS, 5 * MS])
        launch = traced(0, 20.0, forward=0.9, data_loading=0.0)
        (one,) = run(replace(stalled, traced_launches=(launch,)), environment=CPU).variants
        assert of(one, "data_loading", environment=CPU).values == (1.0 * MS,)
        assert of(one, "data_loading", environment=CPU, share=True).values == (0.1,)
        assert of(one, "forward", environment=CPU).values == pytest.approx((0.9 * 9 * MS,))

    def test_where_windows_are_uneven_the_wait_is_a_mean_as_the_step_is(self):
        one = variant("b", [10.0, 40.0], rounds_per_launch=2, uneven=True)
        one = with_windows(one, waited_ns=[0, 5 * 20 * MS])
        assert of(one, "data_loading", environment=CPU).values == (10.0 * MS,)
        assert of(one, "data_loading", environment=CPU, share=True).values == (0.4,)

    def test_no_wait_at_all_is_one_only_where_it_was_recorded(self):
        none = variant("b", [10.0, 10.0])
        assert figures(run(none), none, "data_loading").values == (0.0, 0.0)
        old = figures(run(none, schema_version=1), none, "data_loading")
        assert old.why_not == "how long it waits for batches was not recorded"

    def test_an_epochs_start_is_said_to_be_missing(self):
        epochs = Epochs(10, starts=(EpochStart(0, MS),), counted=True)
        assert (
            "middle of an epoch"
            in of(self.waiting(epochs=epochs), "data_loading", environment=CPU).note
        )


class TestPairs:
    def test_rounds_are_compared_with_their_own(self):
        """What drifts within a launch cancels, and one round that was disturbed does not count."""
        ref = variant("ref", [10.0, 20.0, 40.0, 10.0, 30.0, 20.0], rounds_per_launch=3)
        new = variant("new", [11.0, 22.0, 400.0, 12.0, 36.0, 24.0], rounds_per_launch=3)
        both = run(ref, new)
        assert log_ratios(both, new, ref, "step_time") == pytest.approx(
            (math.log(1.1), math.log(1.2))
        )
        assert log_ratios(both, new, ref, "throughput") == pytest.approx(
            (-math.log(1.1), -math.log(1.2))
        )

    def test_where_windows_are_uneven_whole_launches_are(self):
        ref = variant("ref", [10.0, 30.0], rounds_per_launch=2, uneven=True)
        new = variant("new", [30.0, 30.0], rounds_per_launch=2, uneven=True)
        assert log_ratios(run(ref, new), new, ref, "step_time") == pytest.approx((math.log(1.5),))

    def test_only_common_launches_are_paired(self):
        ref = variant("ref", [10.0, 20.0, 30.0])
        new = variant("new", [20.0, 20.0])
        assert paired(run(ref, new), new, ref, "step_time") == (
            [20.0 * MS, 20.0 * MS],
            [10.0 * MS, 20.0 * MS],
        )
        assert log_ratios(run(ref, new), new, ref, "step_time") == pytest.approx((math.log(2), 0))

    def test_of_what_a_launch_has_once_launches_are(self):
        ref = with_windows(variant("ref", [1.0, 1.0]), peak_memory_bytes=[100, 200])
        new = with_windows(variant("new", [1.0, 1.0]), peak_memory_bytes=[150, 200])
        assert log_ratios(run(ref, new), new, ref, "peak_memory") == pytest.approx(
            (math.log(1.5), 0.0)
        )

    def test_there_is_no_ratio_to_nothing(self):
        one = variant("a", [1.0] * 2, traced_launches=TestTraced.LAUNCHES)
        assert log_ratios(run(one), one, one, "forward") == (0.0, 0.0)
        assert log_ratios(run(one), one, one, "kernels.gemm") == ()

    def test_times_by_two_measures_are_not_paired(self):
        epochs = Epochs(10, starts=(EpochStart(0, MS),), counted=True)
        ref = variant("ref", [1.0, 1.0], epochs=epochs)
        new = variant("new", [1.0, 1.0], epochs=Epochs(10), skipped=True)
        assert log_ratios(run(ref, new), new, ref, "step_time") == ()

    def test_what_was_lost_has_no_pairs(self):
        ref, gone = variant("ref", [1.0]), lost("new", "crashed", "segfault")
        assert log_ratios(run(ref, gone), gone, ref, "step_time") == ()
        assert log_ratios(run(ref, gone), gone, ref, "peak_memory") == ()


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.parent.name)
def test_of_older_records_every_metric_has_figures_or_a_reason(file):
    record = store.load(file)
    for one in record.variants:
        for metric in METRICS:
            found = figures(record, one, metric)
            assert bool(found.values) is (found.why_not is None)
            assert len(found.values) == len(found.launches)


def test_every_category_is_told_apart():
    shares = {category.value: 0.01 * (number + 1) for number, category in enumerate(Category)}
    shares.pop(Category.UNATTRIBUTED)
    one = variant("b", [1.0], traced_launches=(traced(0, 100.0, **shares),))
    found = {name: of(one, name, share=True).values for name in shares}
    assert found == {name: pytest.approx((share,)) for name, share in shares.items()}
