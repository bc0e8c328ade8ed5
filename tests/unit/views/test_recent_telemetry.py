"""The last minute as small graphs: of the device, or of the host where there is none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from annt_prof.telemetry.columns import COLUMNS
from annt_prof.telemetry.series import Series
from annt_prof.tui.telemetry_tail import TelemetryTail
from annt_prof.views.page import Strip, Strips
from annt_prof.views.recent_telemetry import PLACES, Recent, build_recent

MS = 1_000_000


def line(index: int, **cells: int) -> str:
    row = {"time_ns": 10**12 + index * 40 * MS, **cells}
    return ",".join(str(row.get(column, "")) for column in COLUMNS) + "\n"


def read(tmp_path: Path, lines: list[str]) -> Series:
    path = tmp_path / "telemetry.csv"
    path.write_text(",".join(COLUMNS) + "\n" + "".join(lines))
    series = TelemetryTail(path).poll()
    assert series is not None
    return series


def strips(series: Series) -> dict[str, Strip]:
    return {strip.name: strip for strip in build_recent(Recent(series)).strips}


def device(index: int) -> str:
    return line(
        index,
        gpu_utilisation_percent=index % 100,
        gpu_power_milliwatts=500_000 + 1000 * index,
        gpu_throttle_bits=4 if index < 1900 else 1,
        tree_cpu_ns=index * 40 * MS,
    )


def test_each_place_has_the_least_and_the_greatest_of_half_a_second(tmp_path: Path) -> None:
    found = strips(read(tmp_path, [device(index) for index in range(2000)]))
    power = found["GPU power"]
    assert len(power.lows) == len(power.highs) == PLACES
    assert (power.highs[-1], power.lows[-1]) == (2499.0, 2487.0)
    assert (power.text, power.range_text) == ("2,499 W", "0 to 2,499")
    assert all(math.isfinite(low) for low in power.lows)
    assert found["GPU utilisation"].most == 100.0
    assert "host CPU of the run" not in found


def test_what_is_not_known_yet_is_empty(tmp_path: Path) -> None:
    power = strips(read(tmp_path, [device(index) for index in range(50)]))["GPU power"]
    assert math.isnan(power.lows[0])
    assert math.isfinite(power.lows[-1])


def test_without_a_device_it_is_the_host(tmp_path: Path) -> None:
    lines = [line(i, tree_cpu_ns=i * 60 * MS, tree_memory_bytes=2**30) for i in range(200)]
    found = strips(read(tmp_path, lines))
    assert found["host CPU of the run"].text == "150 % of a core"
    assert found["host memory of the run"].text == "1.00 GiB"


@pytest.mark.parametrize(
    ("num", "said"),
    [
        (1000, "now: clocks limited by software power cap"),
        (2000, "not now, but within this time: clocks limited by software power cap"),
        (4000, "nothing limits the clocks"),
    ],
)
def test_throttling_is_in_words(tmp_path: Path, num: int, said: str) -> None:
    series = read(tmp_path, [device(index) for index in range(num)])
    assert build_recent(Recent(series)).notes == (said,)


def later(series: Series, seconds: float) -> Strips:
    """What is shown so long after the last row."""
    return build_recent(Recent(series, int(series.times_ns[-1] + seconds * 1000 * MS)))


def test_what_is_older_than_the_longest_gap_is_no_current_value(tmp_path: Path) -> None:
    series = read(tmp_path, [device(index) for index in range(1500)])
    current = later(series, 1.0)
    assert current.strips[0].text == "99 %"
    assert current.notes == ("now: clocks limited by software power cap",)
    stale = later(series, 12.0)
    assert {strip.text for strip in stale.strips} == {"last 12 s ago"}
    assert stale.notes == ("within this time: clocks limited by software power cap",)


def test_a_device_that_is_silent_while_the_host_is_not_is_no_current_value(tmp_path: Path) -> None:
    host = [line(index, tree_memory_bytes=2**30) for index in range(1500, 2875)]
    series = read(tmp_path, [*(device(index) for index in range(1500)), *host])
    found = build_recent(Recent(series))
    assert {strip.text for strip in found.strips} == {"last 55 s ago"}
    assert found.notes == ("within this time: clocks limited by software power cap",)


def test_graphs_move_on_while_nothing_is_sampled_until_nothing_is_left(tmp_path: Path) -> None:
    series = read(tmp_path, [device(index) for index in range(2000)])
    (power,) = (strip for strip in later(series, 10.0).strips if strip.name == "GPU power")
    assert all(math.isnan(low) for low in power.lows[-20:])
    assert (power.lows[-21], power.highs[-21]) == (2487.0, 2499.0)
    gone = later(series, 61.0)
    assert (gone.strips, gone.notes) == ((), ())
    assert gone.empty == "nothing was sampled in this time"


def test_a_clock_behind_the_last_row_is_not_believed(tmp_path: Path) -> None:
    series = read(tmp_path, [device(index) for index in range(2000)])
    assert later(series, -30.0) == build_recent(Recent(series))


def test_only_what_was_appended_is_read(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.csv"
    tail = TelemetryTail(path)
    assert tail.poll() is None
    path.write_text(",".join(COLUMNS) + "\n" + device(0) + device(1)[:10])
    first = tail.poll()
    assert first is not None
    assert len(first.times_ns) == 1
    assert tail.poll() is None
    with path.open("a") as file:
        file.write(device(1)[10:] + "damaged\n" + device(1) + device(2))
    second = tail.poll()
    assert second is not None
    assert len(second.times_ns) == 3
