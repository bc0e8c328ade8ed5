"""The last minute as small graphs: of the device, or of the host where there is none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from annt_prof.telemetry.columns import COLUMNS
from annt_prof.telemetry.series import Series
from annt_prof.tui.telemetry_tail import TelemetryTail
from annt_prof.views.page import Strip
from annt_prof.views.recent_telemetry import PLACES, build_recent

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
    return {strip.name: strip for strip in build_recent(series).strips}


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
    assert build_recent(series).notes == (said,)


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
