"""The telemetry screen: every figure from a hand-made file."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest

from annt_prof.runs import store
from annt_prof.telemetry.columns import COLUMNS
from annt_prof.views.page import Chart, Lines, Sheet
from annt_prof.views.screens.source import RunSource
from annt_prof.views.screens.telemetry import build_telemetry_page
from hand_made import cpu_run, gpu_run

MS = 1_000_000
T0 = 5_000 * MS  # windows of hand-made runs begin at 0, 10, 20 s ...


def rows(num: int = 500) -> list[dict[str, int]]:
    """25 Hz of a device at 400 W and 2 GB/s; a run on a core and a half, others on half a core."""
    made = []
    for index in range(num):
        made.append(
            {
                "time_ns": T0 + index * 40 * MS,
                "gpu_power_milliwatts": 400_000,
                "gpu_utilisation_percent": 97,
                "gpu_memory_bytes": 3 * 1024**3,
                "gpu_throttle_bits": 4 if 100 <= index < 150 else 1,
                "gpu_pcie_rx_bytes": index * 80_000_000,
                "tree_cpu_ns": index * 60 * MS,
            }
        )
        if index % 13 == 0:
            made[-1]["system_busy_ns"] = index * 80 * MS
    return made


def write(directory: Path, made: list[dict[str, int]]) -> None:
    lines = [",".join(COLUMNS), *(",".join(str(r.get(c, "")) for c in COLUMNS) for r in made)]
    (directory / "telemetry.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def source(tmp_path: Path) -> RunSource:
    made = store.create(tmp_path, "sampled", "")
    store.write(made, gpu_run())
    write(made, rows())
    return RunSource(made)


def block(source: RunSource, key: str) -> object:
    return next(b for b in build_telemetry_page(source).blocks if b.key == key)


def chart(source: RunSource, key: str) -> Chart:
    found = block(source, key)
    assert isinstance(found, Chart)
    return found


def said(source: RunSource, key: str) -> dict[str, str]:
    found = block(source, key)
    assert isinstance(found, Lines)
    return {line.label: line.text for line in found.lines}


def test_momentary_quantities_are_in_their_units_over_seconds(source: RunSource) -> None:
    memory = chart(source, "gpu_memory_gib")
    (curve,) = memory.curves
    assert curve.xs[:2] == (0.0, 0.04)
    assert len(curve.xs) == 500
    assert set(curve.ys) == {3.0}
    assert (curve.last, memory.y_unit, memory.least) == ("3.00 GiB", "GiB", 0.0)
    assert set(chart(source, "gpu_power_w").curves[0].ys) == {400.0}
    assert chart(source, "gpu_utilisation_percent").most == 100.0


def test_rates_come_from_what_is_counted(source: RunSource) -> None:
    assert chart(source, "gpu_pcie_rx_gb_per_s").curves[0].ys == pytest.approx([2.0] * 41, rel=1e-6)
    cpu = chart(source, "host_cpu_percent").curves[0].ys
    assert cpu == pytest.approx([150.0] * len(cpu))
    others = chart(source, "host_other_cpu_percent").curves[0].ys
    assert others == pytest.approx([50.0] * len(others))


def test_power_comes_from_energy_where_nothing_else_tells(source: RunSource) -> None:
    made = [{"time_ns": T0 + i * 40 * MS, "gpu_energy_millijoules": i * 12_000} for i in range(100)]
    write(source.directory, made)
    assert chart(source, "gpu_power_w").curves[0].ys == pytest.approx([300.0] * 8)


def test_a_gap_breaks_a_curve(source: RunSource) -> None:
    write(source.directory, [row for row in rows() if not 6e9 < row["time_ns"] - T0 < 9e9])
    ys = chart(source, "gpu_power_w").curves[0].ys
    assert sum(math.isnan(y) for y in ys) == 1


def test_windows_are_spans_by_variant(source: RunSource) -> None:
    spans = chart(source, "gpu_power_w").spans
    assert {span.name for span in spans} == {"baseline", "amp"}
    first = min(span.start for span in spans)
    seconds = [v.windows[1] for v in source.run.variants if v.windows]  # those at 0 s were before
    timed_ns = min(w.ended_ns - w.wall_ns for w in seconds)  # their switch-in is in no mean
    assert first == pytest.approx((timed_ns - T0) / 1e9)


def test_limits_are_told_with_when_and_how_long(source: RunSource) -> None:
    text = said(source, "throttling")[""]
    assert text == (
        "software power cap: in 10.0 % of the samples, 2.0 s in 1 stretch: 4.0 to 6.0 s"
    )


def test_no_limit_is_told_too(source: RunSource) -> None:
    write(source.directory, [{**row, "gpu_throttle_bits": 1} for row in rows()])
    assert said(source, "throttling")[""].startswith("none was seen")


def test_what_the_machine_does_not_tell_is_named_and_not_shown(source: RunSource) -> None:
    missing = said(source, "sampled")["not shown"]
    assert missing.startswith("SM clock, GPU memory clock, GPU temperature, PCIe from the device")
    keys = {b.key for b in build_telemetry_page(source).blocks}
    assert "gpu_sm_clock_mhz" not in keys
    assert said(source, "sampled")["sampled"] == source.run.telemetry_note
    assert said(source, "sampled")["extent"].startswith("500 samples in 20 s")


def test_means_are_the_records(source: RunSource) -> None:
    sheet = block(source, "means")
    assert isinstance(sheet, Sheet)
    cells = dict(zip([c.key for c in sheet.columns], sheet.rows[0].cells, strict=True))
    assert cells["gpu_power_w"].text == "612"
    assert cells["host_cpu_percent"].value == 104.0
    assert cells["limits"].text == "sw power cap"
    assert cells["samples"].text == "400"
    assert all(column.meaning for column in sheet.columns)


def test_a_run_without_telemetry_says_so(tmp_path: Path) -> None:
    made = store.create(tmp_path, "bare", "")
    store.write(made, cpu_run())
    page = build_telemetry_page(RunSource(made))
    assert [b.key for b in page.blocks] == ["sampled", "means"]
    assert said(RunSource(made), "sampled")[""].startswith("no telemetry was kept with this run")


def test_clocks_of_another_boot_have_no_spans(source: RunSource) -> None:
    write(source.directory, [{**row, "time_ns": row["time_ns"] + 10**15} for row in rows()])
    assert chart(source, "gpu_power_w").spans == ()


def test_the_page_encodes(source: RunSource) -> None:
    assert msgspec.json.encode(build_telemetry_page(source))
