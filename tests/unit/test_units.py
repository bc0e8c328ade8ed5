import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof import units


@pytest.mark.parametrize(
    ("duration_ns", "expected"),
    [
        (0, "0.000 ms"),
        (1_500, "0.002 ms"),
        (12_345_678, "12.35 ms"),
        (648_213_000, "648.2 ms"),
        (1_648_213_000, "1648.2 ms"),
        (16_482_130_000, "16482 ms"),
    ],
)
def test_a_duration_keeps_about_four_digits(duration_ns: int, expected: str) -> None:
    assert units.duration(duration_ns) == expected


def test_a_table_of_durations_has_one_number_of_decimals() -> None:
    durations = [648_213_000, 3_456_000, 12_000]
    places = units.duration_decimals(durations)
    assert [units.milliseconds(ns, places) for ns in durations] == ["648.2", "3.5", "0.0"]


def test_an_empty_table_needs_no_figures() -> None:
    assert units.duration_decimals([]) == 3
    assert units.memory_unit([]).name == "MiB"


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [
        (0.0712, "7.1 %"),
        (0, "0.0 %"),
        (0.00001, "< 0.1 %"),
        (-0.00001, "> -0.1 %"),
        (-0.021, "-2.1 %"),
        (1.186, "118.6 %"),
    ],
)
def test_percent(fraction: float, expected: str) -> None:
    assert units.percent(fraction) == expected


@given(st.floats(min_value=1e-9, max_value=10))
def test_what_is_not_zero_never_reads_as_zero(fraction: float) -> None:
    assert units.percent(fraction) != "0.0 %"


@pytest.mark.parametrize(
    ("fraction", "expected"),
    [(0.006, "± 0.6 %"), (0.04, "± 4.0 %"), (0.25, "± 25 %"), (0.0004, "± 0.04 %")],
)
def test_plus_minus(fraction: float, expected: str) -> None:
    assert units.plus_minus(fraction) == expected


@pytest.mark.parametrize(
    ("span_s", "expected"),
    [(0.2, "0 s"), (8.4, "8 s"), (125, "2 min 05 s"), (3723, "1 h 02 min"), (-3, "0 s")],
)
def test_seconds(span_s: float, expected: str) -> None:
    assert units.seconds(span_s) == expected


def test_memory_takes_one_unit_per_table() -> None:
    unit = units.memory_unit([units.GIB, 10 * units.MIB])
    assert (unit.name, unit.format(units.GIB), unit.format(512 * units.MIB)) == (
        "GiB",
        "1.00",
        "0.50",
    )
    assert units.memory(12 * units.MIB) == "12.0 MiB"


@pytest.mark.parametrize(
    ("energy_j", "expected"),
    [(0.6321, "0.632"), (2.345, "2.35"), (23.45, "23.4"), (234.5, "234"), (0.00012, "1.2e-04")],
)
def test_joules(energy_j: float, expected: str) -> None:
    assert units.joules(energy_j) == expected


def test_throughput_and_ratio_and_count() -> None:
    assert units.throughputs([11.574, 123.4567]) == ["11.6", "123.5"]
    assert units.throughputs([123456.7]) == ["123457"]
    assert units.throughput(1234.56) == "1234.6"
    assert units.ratio(1.3401) == "1.34x"
    assert units.count(1, "round") == "1 round"
    assert units.count(2, "process", "processes") == "2 processes"
