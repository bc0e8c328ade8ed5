"""How many times as much of each figure a variant has as another."""

import math

import msgspec
import pytest

from annt_prof.compare.apart import log_ratio_apart
from annt_prof.compare.between import between
from annt_prof.compare.launch_figures import Metric, by_launch
from annt_prof.compare.ratios import FigureRatio, Ratios, ratios_apart, ratios_within
from annt_prof.compare.wording import phrase_apart
from annt_prof.runs.record import Run, VariantRecord
from annt_prof.runs.verdict import Effect
from hand_made import CPU, SCENARIO, SUBSTITUTIONS, lost, run, variant

BASE = [20.0, 20.2, 19.9, 20.1, 20.3]
FAST = [10.0, 10.2, 9.9, 10.1, 10.0]


def with_launches(
    record: VariantRecord, peaks: list[int], energies_j: list[float]
) -> VariantRecord:
    windows = tuple(
        msgspec.structs.replace(w, peak_memory_bytes=peak, energy_j=energy)
        for w, peak, energy in zip(record.windows, peaks, energies_j, strict=True)
    )
    return msgspec.structs.replace(record, windows=windows, energy_per_sample_j=1.0)


def of(ratios: Ratios) -> dict[Metric, FigureRatio]:
    return {ratio.metric: ratio for ratio in ratios.figures}


def pair_of(first: Run, second: Run) -> Ratios:
    return ratios_apart((first, second), (first.variants[0], second.variants[0]))


def test_within_a_run_times_are_the_speedup() -> None:
    record = run(variant("baseline", BASE), variant("amp", FAST))
    told = between(record, *record.variants).speedup
    found = of(ratios_within(record, *record.variants))
    assert told is not None
    rate, step = found[Metric.THROUGHPUT], found[Metric.STEP_TIME]
    assert (rate.ratio, rate.low, rate.high) == (told.ratio, told.low, told.high)
    assert told.low is not None
    assert (step.ratio, step.high) == pytest.approx((1 / told.ratio, 1 / told.low))
    assert rate.paired
    assert rate.launches == (5, 5)


def test_memory_and_energy_are_told_by_launches() -> None:
    first = with_launches(variant("baseline", BASE), [100, 110, 90, 100, 100], [4.0] * 5)
    second = with_launches(variant("amp", FAST), [200, 220, 180, 200, 200], [2.0] * 5)
    record = run(first, second)
    found = of(ratios_within(record, *record.variants))
    memory, energy = found[Metric.PEAK_MEMORY], found[Metric.ENERGY_PER_SAMPLE]
    assert (memory.ratio, memory.low, memory.high) == pytest.approx((2.0, 2.0, 2.0))
    assert energy.ratio == pytest.approx(0.5)
    assert energy.launches == (5, 5)
    assert by_launch(first, Metric.ENERGY_PER_SAMPLE)[0] == pytest.approx(4.0 / 5 / 8)


def test_what_was_not_told_by_launches_has_no_interval() -> None:
    record = run(variant("baseline", BASE), variant("amp", FAST, peak_memory_bytes=3 * 2**30))
    memory = of(ratios_within(record, *record.variants))[Metric.PEAK_MEMORY]
    assert (memory.ratio, memory.low, memory.launches) == (2.0, None, (0, 0))


def test_half_of_the_launches_tell_nothing() -> None:
    record = variant("baseline", BASE)
    windows = (msgspec.structs.replace(record.windows[0], energy_j=1.0), *record.windows[1:])
    assert (
        by_launch(msgspec.structs.replace(record, windows=windows), Metric.ENERGY_PER_SAMPLE) == {}
    )


def test_a_host_s_memory_is_not_held_against_a_device_s() -> None:
    record = run(variant("baseline", BASE), variant("amp", FAST, peak_memory_of="other"))
    assert Metric.PEAK_MEMORY not in of(ratios_within(record, *record.variants))


def test_two_runs_are_compared_by_independent_launches() -> None:
    first, second = run(variant("baseline", BASE)), run(variant("baseline", FAST[:4]))
    ratios = pair_of(first, second)
    rate = of(ratios)[Metric.THROUGHPUT]
    centre, half = log_ratio_apart([1 / ms for ms in BASE], [1 / ms for ms in FAST[:4]])
    assert half is not None
    assert (rate.ratio, rate.low) == pytest.approx((math.exp(centre), math.exp(centre - half)))
    assert rate.launches == (5, 4)
    assert not rate.paired
    assert ratios.apart is not None
    assert ratios.apart.verdict is not None
    assert ratios.apart.verdict.effect is Effect.FASTER
    assert phrase_apart(ratios.apart).endswith("5 and 4 launches)")


@pytest.mark.parametrize("which", [0, 1])
def test_where_one_is_uneven_both_are_of_means(which: int) -> None:
    """A launch of 10, 10 and 16 ms has the mean 12 and the median 10."""
    means = [10.0, 10.0, 16.0] * 4
    runs = [
        run(variant("baseline", means, rounds_per_launch=3, uneven=number == which))
        for number in (0, 1)
    ]
    plain = run(variant("baseline", [12.0] * 12, rounds_per_launch=3))
    sides = (runs[which], plain) if which == 0 else (plain, runs[which])
    assert of(pair_of(*sides))[Metric.STEP_TIME].ratio == pytest.approx(1.0)
    assert of(pair_of(*runs))[Metric.STEP_TIME].ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "unlike"),
    [
        ({"environment": msgspec.structs.replace(CPU, device_name="other")}, "device"),
        ({"environment": msgspec.structs.replace(CPU, packages={"torch": "2.0"})}, "torch"),
        ({"substitutions": SUBSTITUTIONS[:1]}, "in place of cifar10"),
    ],
)
def test_other_machines_and_data_have_a_ratio_and_no_verdict(
    changes: dict[str, object], unlike: str
) -> None:
    ratios = pair_of(run(variant("baseline", BASE)), run(variant("baseline", FAST), **changes))
    assert ratios.unlike == (unlike,)
    assert ratios.apart is not None
    assert ratios.apart.verdict is None
    assert ratios.apart.speedup.ratio == pytest.approx(2.0, rel=0.01)
    assert "faster" not in phrase_apart(ratios.apart)


def test_another_setting_is_what_a_verdict_may_be_of() -> None:
    values = tuple(
        msgspec.structs.replace(v, value=2) if v.path == "dataset.workers" else v for v in SCENARIO
    )
    ratios = pair_of(
        run(variant("baseline", BASE)), run(variant("baseline", FAST), scenario=values)
    )
    assert ratios.unlike == ()


def test_two_launches_have_no_interval() -> None:
    ratios = pair_of(run(variant("baseline", BASE)), run(variant("baseline", FAST[:2])))
    assert ratios.apart is not None
    assert ratios.apart.verdict is not None
    assert ratios.apart.verdict.effect is Effect.NO_INTERVAL
    said = phrase_apart(ratios.apart)
    assert said == "1.99x in 5 and 2 launches: too few launches for an interval"


def test_what_was_lost_has_no_ratio() -> None:
    ratios = pair_of(run(variant("baseline", BASE)), run(lost("baseline", "crashed", "killed")))
    assert ratios == Ratios(())
