import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.telemetry import columns, series
from annt_prof.telemetry.summary import TelemetrySummary

MS = 1_000_000
S = 1_000_000_000
T0 = 3_000_000 * S  # a month after the machine started


def write(path, rows, header=columns.COLUMNS):
    lines = [",".join(header)]
    lines += [",".join(str(row.get(name, "")) for name in header) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def sampled(tmp_path, num_rows=101, period_ns=40 * MS, **column_functions):
    """A file whose columns are functions of the time since ``T0``, in seconds."""
    rows = []
    for index in range(num_rows):
        seconds = index * period_ns / S
        row = {name: function(seconds) for name, function in column_functions.items()}
        rows.append({columns.TIME_NS: T0 + index * period_ns, **row})
    return series.read(write(tmp_path / "telemetry.csv", rows))


def window(start_s, end_s):
    return (T0 + round(start_s * S), T0 + round(end_s * S))


def test_energy_is_the_counter_interpolated_at_the_ends(tmp_path):
    read = sampled(tmp_path, gpu_energy_millijoules=lambda t: round(10_000 + 250_000 * t))
    # 250 W; the ends lie between samples.
    assert read.energy_j([window(1.013, 2.029)]) == pytest.approx(250 * 1.016, rel=1e-4)
    assert read.energy_j([window(0.5, 1), window(2, 3.5)]) == pytest.approx(500, rel=1e-4)


def test_a_counter_that_moves_every_100_ms_is_spread_evenly(tmp_path):
    read = sampled(tmp_path, gpu_energy_millijoules=lambda t: 30_000 * int(t * 10 + 1e-9))
    # 300 W. Steps are seen up to 40 ms late, so an end is off by that much at most.
    energy = read.energy_j([window(1.0, 1.25)])
    assert energy == pytest.approx(300 * 0.25, abs=300 * 0.04)
    assert read.energy_j([window(1.0, 3.0)]) == pytest.approx(600, abs=300 * 0.04)


def test_energy_by_power_is_the_trapezoid(tmp_path):
    read = sampled(tmp_path, gpu_power_milliwatts=lambda t: 100_000 + 50_000 * t)
    # The integral of 100 + 50 t from 1 to 3 is 200 + 200.
    assert read.energy_j([window(1, 3)]) == pytest.approx(400, rel=1e-6)
    assert read.energy_j([window(1.011, 1.017)]) == pytest.approx(0.006 * 150.7, rel=1e-4)


def test_the_counter_wins_over_power(tmp_path):
    read = sampled(
        tmp_path,
        gpu_energy_millijoules=lambda t: round(200_000 * t),
        gpu_power_milliwatts=lambda _: 999_000,
    )
    assert read.energy_j([window(1, 2)]) == pytest.approx(200, rel=1e-3)
    assert read.summary([window(1, 2)]).gpu_power_w == pytest.approx(200, rel=1e-3)


@pytest.mark.parametrize(
    ("start", "end", "known"),
    [(0, 4, True), (-0.2, 4.2, True), (-0.3, 1, False), (3, 4.3, False), (10, 11, False)],
)
def test_energy_is_known_only_where_it_was_sampled(tmp_path, start, end, known):
    read = sampled(tmp_path, gpu_power_milliwatts=lambda _: 100_000)
    energy = read.energy_j([window(start, end)])
    assert (energy is not None) == known
    if known:
        assert energy == pytest.approx(100 * (end - start))


def test_one_window_without_samples_makes_the_sum_unknown(tmp_path):
    """A sum over fewer windows than the samples it is divided by would be too small."""
    for name in ("gpu_power_milliwatts", "gpu_energy_millijoules"):
        read = sampled(tmp_path, **{name: lambda t: round(1_000 * (t + 1))})
        assert read.energy_j([window(1, 2)]) is not None
        assert read.energy_j([window(1, 2), window(9, 10)]) is None


def test_power_says_nothing_across_a_long_gap(tmp_path):
    rows = [
        {columns.TIME_NS: T0 + at * MS, columns.GPU_POWER_MILLIWATTS: 100_000}
        for at in (0, 40, 80, 1_200, 1_240)
    ]
    read = series.read(write(tmp_path / "t.csv", rows))
    assert read.energy_j([window(0.0, 0.08)]) == pytest.approx(8)
    assert read.energy_j([window(0.0, 1.2)]) is None


def test_no_energy_without_two_samples(tmp_path):
    assert sampled(tmp_path, num_rows=0).energy_j([window(0, 1)]) is None
    one = sampled(tmp_path, num_rows=1, gpu_power_milliwatts=lambda _: 5)
    assert one.energy_j([window(0, 0.01)]) is None
    stuck = sampled(tmp_path, gpu_energy_millijoules=lambda _: 5)
    assert stuck.energy_j([window(1, 2)]) is None
    assert sampled(tmp_path, tree_cpu_ns=lambda _: 1).energy_j([window(1, 2)]) is None


def test_no_windows_no_figures(tmp_path):
    read = sampled(tmp_path, gpu_power_milliwatts=lambda _: 5, tree_cpu_ns=lambda _: 5)
    assert read.energy_j([]) is None
    assert read.summary([]) == TelemetrySummary()


def test_means_are_over_the_windows_only(tmp_path):
    inside = lambda t: 1 <= t <= 2 or 3 <= t <= 3.5  # noqa: E731 - a column is a function
    read = sampled(
        tmp_path,
        gpu_utilisation_percent=lambda t: 90 if inside(t) else 10,
        gpu_memory_bytes=lambda t: 8 << 30 if inside(t) else 0,
        gpu_sm_clock_mhz=lambda t: 1_980 if inside(t) else 300,
        gpu_memory_clock_mhz=lambda t: 2_619 if inside(t) else 300,
        gpu_temperature_c=lambda t: 70 if inside(t) else 30,
        gpu_throttle_bits=lambda t: (0x4 if t < 1.5 else 0x20) if inside(t) else 0x8,
        tree_memory_bytes=lambda t: 3 << 30 if inside(t) else 0,
    )
    assert read.summary([window(1, 2), window(3, 3.5)]) == TelemetrySummary(
        gpu_utilisation_percent=90,
        gpu_memory_bytes=8 << 30,
        gpu_sm_clock_mhz=1_980,
        gpu_memory_clock_mhz=2_619,
        gpu_temperature_c=70,
        gpu_throttle_reasons=("software_power_cap", "software_thermal_slowdown"),
        host_memory_bytes=3 << 30,
        num_samples=26 + 13,
    )


def test_cpu_of_the_run_and_of_everything_else(tmp_path):
    read = sampled(
        tmp_path,
        tree_cpu_ns=lambda t: round(1.5 * t * S),
        # Sampled twice a second only.
        system_busy_ns=lambda t: round(1.9 * t * S) if round(t * 25) % 12 == 0 else "",
    )
    summary = read.summary([window(0.51, 0.93), window(2.2, 3.1)])
    assert summary.host_cpu_percent == pytest.approx(150)
    assert summary.host_other_cpu_percent == pytest.approx(40)


def test_pcie_from_byte_counters_or_from_rates(tmp_path):
    windows = [window(1, 2)]
    counted = sampled(
        tmp_path,
        gpu_pcie_rx_bytes=lambda t: round(12e9 * t),
        gpu_pcie_tx_bytes=lambda t: round(1e9 * t),
    ).summary(windows)
    assert counted.gpu_pcie_rx_bytes_per_s == pytest.approx(12e9)
    assert counted.gpu_pcie_tx_bytes_per_s == pytest.approx(1e9)
    rated = sampled(
        tmp_path,
        gpu_pcie_rx_bytes_per_s=lambda t: 7_000_000 if round(t * 25) % 10 == 0 else "",
    ).summary(windows)
    assert rated.gpu_pcie_rx_bytes_per_s == 7_000_000
    assert rated.gpu_pcie_tx_bytes_per_s is None


def test_what_a_crash_cut_off_is_left_out(tmp_path):
    rows = [{columns.TIME_NS: T0 + i * 40 * MS, columns.TREE_CPU_NS: i} for i in range(5)]
    path = write(tmp_path / "t.csv", rows)
    text = path.read_text()
    # A number cut in the middle looks whole: only the end of the line tells.
    for cut in range(1, 40):
        path.write_text(text[:-cut])
        read = series.read(path)
        assert 3 <= len(read.times_ns) <= 4
        assert list(read.samples[columns.TREE_CPU_NS].values) == list(range(len(read.times_ns)))


@pytest.mark.parametrize("text", ["", "time_ns", "time_ns\n"])
def test_a_file_that_hardly_began_is_an_empty_series(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    assert len(series.read(tmp_path / "t.csv").times_ns) == 0
    assert series.read(tmp_path / "t.csv").summary([window(0, 1)]) == TelemetrySummary()


def test_an_absent_file_is_an_empty_series(tmp_path):
    assert len(series.read(tmp_path / "none.csv").times_ns) == 0


def test_columns_of_another_version_do_no_harm(tmp_path):
    header = (columns.TIME_NS, "of_tomorrow", columns.TREE_MEMORY_BYTES)
    rows = [{columns.TIME_NS: T0, "of_tomorrow": 1, columns.TREE_MEMORY_BYTES: 7}]
    read = series.read(write(tmp_path / "t.csv", rows, header))
    assert read.summary([(T0, T0 + 1)]).host_memory_bytes == 7


@given(
    st.lists(st.integers(0, 50_000), min_size=3, max_size=60),
    st.lists(st.floats(0, 1), min_size=2, max_size=6, unique=True),
)
def test_growth_over_neighbouring_windows_adds_up(growths, cuts):
    values, total = [], 0
    for growth in growths:
        total += growth
        values.append(float(total))
    times = series.np.arange(len(values), dtype=series.np.int64) * 40 * MS + T0
    samples = series.Samples(times, series.np.array(values))
    read = series.Series(times, {columns.TREE_CPU_NS: samples})
    length = int(times[-1] - times[0])
    instants = sorted({T0 + round(cut * length) for cut in cuts})
    parts = list(itertools.pairwise(instants))
    if parts:
        whole = read._growth(columns.TREE_CPU_NS, [(instants[0], instants[-1])])
        assert read._growth(columns.TREE_CPU_NS, parts) == pytest.approx(whole, abs=1e-3)
        assert -1e-6 <= whole <= total + 1e-6


@pytest.mark.parametrize(
    "damaged",
    [
        b"12,oops\n",
        b"x,1\n",
        b"-5,1\n",
        b"1\n",
        b"1,2,3\n",
        b"\xff\xfe,1\n",
        b"99999999999999999999999999,1\n",
        b"\x00\x00,1\n",
        b"\n",
        b"150,7\n",  # earlier than the row before it
    ],
)
def test_a_damaged_row_is_left_out(tmp_path, damaged):
    path = tmp_path / "telemetry.csv"
    path.write_bytes(b"time_ns,gpu_power_milliwatts\n100,1\n200,2\n" + damaged + b"300,3\n")
    read = series.read(path)
    assert read.times_ns.tolist() == [100, 200, 300]
    assert read.samples["gpu_power_milliwatts"].values.tolist() == [1, 2, 3]


def test_a_cell_that_is_no_number_is_not_sampled(tmp_path):
    path = tmp_path / "telemetry.csv"
    path.write_bytes(b"time_ns,a\n100,nan\n200,inf\n300,3\n")
    assert series.read(path).samples["a"].values.tolist() == [3]


@pytest.mark.parametrize("foreign", [b"", b"\n", b"a,b\n1,2\n", b"\x89PNG\r\n\x1a\n", b"{}\n[]\n"])
def test_a_foreign_file_is_empty(tmp_path, foreign):
    path = tmp_path / "telemetry.csv"
    path.write_bytes(foreign)
    read = series.read(path)
    assert not len(read.times_ns)
    assert not read.samples
