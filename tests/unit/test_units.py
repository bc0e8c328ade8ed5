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
        (1_648_213_000, "1,648.2 ms"),
        (16_482_130_000, "16,482 ms"),
    ],
)
def test_a_duration_keeps_about_four_digits(duration_ns: int, expected: str) -> None:
    assert units.duration(duration_ns) == expected


@pytest.mark.parametrize(
    ("duration_ns", "expected"),
    [
        (12_345_678, "12.35 ms"),
        (9_999_000_000, "9,999.0 ms"),
        (10_000_000_000, "10 s"),
        (64_525_000_000, "1 min 05 s"),
    ],
)
def test_a_duration_in_a_sentence_is_in_seconds_from_ten_on(
    duration_ns: int, expected: str
) -> None:
    assert units.short_or_long(duration_ns) == expected


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
    ("size_bytes", "expected"),
    [(0, "0.0 MiB"), (512, "< 0.1 MiB"), (52_428, "< 0.1 MiB"), (52_429, "0.1 MiB"),
     (1_000_000, "1.0 MiB"), (1_048_576, "1.0 MiB"), (1_500_000_000, "1.40 GiB")],
)  # fmt: skip
def test_what_is_held_is_in_powers_of_1024_and_never_reads_as_zero(
    size_bytes: int, expected: str
) -> None:
    assert units.memory(size_bytes) == expected


def test_what_moves_is_in_powers_of_1000() -> None:
    assert [units.megabytes(size) for size in (0, 64, 49_999, 50_000, 1_048_576)] == [
        "0.0", "< 0.1", "< 0.1", "0.1", "1.0",
    ]  # fmt: skip
    assert units.megabytes(2_345_678_901) == "2,345.7"
    assert units.gigabytes_per_s(2_039e9) == "2,039.0"
    # A gigabyte in a tenth of a second: MB per ms are GB/s.
    moved_bytes, took_ns = 10**9, 10**8
    rate = float(units.megabytes(moved_bytes).replace(",", "")) / (took_ns / units.NS_PER_MS)
    assert units.gigabytes_per_s(moved_bytes / took_ns * units.NS_PER_S) == f"{rate:.1f}"


def test_figures_of_many_digits_are_grouped() -> None:
    assert units.whole(123_456_789_012_345_678) == "123,456,789,012,345,678"
    assert units.number(1234.56, 1) == "1,234.6"
    assert units.microseconds(1_234_567) == "1,234.6"
    assert units.microseconds(4_321, 2) == "4.32"
    assert units.teraflops(989.4e12) == "989.400"
    assert units.teraflops(4.9e8) == "< 0.001"
    assert units.teraflops(5e8) != "0.000"
    assert units.teraflops(0) == "0.000"


def test_what_somebody_set_reads_as_they_wrote_it() -> None:
    assert [units.limit_percent(each) for each in (0.01, 0.007, 0.0025, 0.1)] == [
        "1 %", "0.7 %", "0.25 %", "10 %",
    ]  # fmt: skip
    assert (units.limit_s(90.0), units.limit_s(0.5)) == ("90 s", "0.5 s")
    assert units.as_given(65536.0) == "65536"
    assert units.seconds_alone(125.4) == "125 s"
    assert units.seconds_alone(2.345, 1) == "2.3 s"
    assert units.reading(97.6, "%") == "98 %"
    assert units.tick(2_500_000) == "2.5"
    assert units.scientific(0.0000123) == "1.23e-05"


@pytest.mark.parametrize(
    ("energy_j", "expected"),
    [(0.6321, "0.632"), (2.345, "2.35"), (23.45, "23.4"), (234.5, "234"), (0.00012, "1.2e-04")],
)
def test_joules(energy_j: float, expected: str) -> None:
    assert units.joules(energy_j) == expected


def test_throughput_and_ratio_and_count() -> None:
    assert units.throughput_decimals([11.574, 123.4567]) == 1
    assert units.throughput_decimals([123456.7]) == 0
    assert units.throughput_decimals([1.5]) == 2
    assert units.throughput(1234.56, 1) == "1,234.6"
    assert units.ratio(1.3401) == "1.34x"
    assert units.count(1, "round") == "1 round"
    assert units.count(2, "process", "processes") == "2 processes"


def test_every_formatter_separates_thousands() -> None:
    """One screen has one rule: a count, a duration and a rate side by side read alike."""
    assert [
        units.whole(43_366),
        units.number(43_366.04, 1),
        units.count(43_366, "launch", "launches"),
        units.milliseconds(43_366_000_000, 3),
        units.microseconds(43_366_000, 1),
        units.duration(43_366_000_000),
        units.tick(43_366_000_000),
        units.seconds_alone(43_366.4),
        units.seconds(43_366 * 3600),
        units.reading(43_366, "MHz"),
        units.percent(433.66),
        units.plus_minus(433.66),
        units.ratio(43_366),
        units.throughput(43_366.04, 1),
        units.memory(43_366 * units.GIB),
        units.megabytes(43_366 * units.MB),
        units.gigabytes_per_s(43_366e9),
        units.teraflops(43_366e12),
        units.joules(43_366.0),
    ] == [
        "43,366", "43,366.0", "43,366 launches", "43,366.000", "43,366.0", "43,366 ms", "43,366",
        "43,366 s", "43,366 h 00 min", "43,366 MHz", "43,366.0 %", "± 43,366 %", "43,366.00x",
        "43,366.0", "43,366.00 GiB", "43,366.0", "43,366.0", "43,366.000", "43,366",
    ]  # fmt: skip
    # What somebody set is written as they did.
    assert [units.as_given(65_536), units.limit_s(43_200)] == ["65536", "43200 s"]


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [(0, "0 us"), (5, "0.005 us"), (1_728, "1.728 us"), (28_300, "28.30 us"),
     (999_900, "999.9 us"), (1_000_000, "1.000 ms"), (21_830_000, "21.83 ms"),
     (-8_000, "-8.000 us")],
)  # fmt: skip
def test_single_activities_are_told_in_the_unit_that_they_fill(duration_ns: int, text: str) -> None:
    assert units.fine(duration_ns) == text


def test_figures_beside_each_other_take_their_decimals_from_outside() -> None:
    assert units.duration_in(1_234_567.0, 2) == "1.23 ms"
    assert units.throughput_in(1234.56, 1) == "1,234.6 samples/s"
    assert units.memory_in(1.5 * units.GIB, units.memory_unit([units.GIB]), 3) == "1.500 GiB"
    assert units.energy(1.25, 3) == "1.250 J"


@pytest.mark.parametrize(
    ("energies_j", "places"),
    [([12.5, 3.0], 2), ([1.0], 3), ([0.5], 4), ([0.002, 0.001], 6), ([], 3)],
)
def test_energies_have_about_four_digits(energies_j: list[float], places: int) -> None:
    assert units.energy_decimals(energies_j) == places


def test_a_difference_of_shares_is_in_points() -> None:
    assert units.points(0.0217) == "2.2 points"
    assert units.points(-0.0) == "0.0 points"


def test_a_difference_has_its_sign() -> None:
    assert units.signed_milliseconds(1_250_000, 2) == "+1.25"
    assert units.signed_milliseconds(-1_234_500_000, 1) == "-1,234.5"
    assert units.signed_milliseconds(-0.0, 1) == "+0.0"
