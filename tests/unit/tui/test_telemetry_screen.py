"""Telemetry: one cursor and one view for all charts."""

from __future__ import annotations

import pytest
from driving import drive, said
from textual.pilot import Pilot

from annt_prof.telemetry.columns import COLUMNS
from annt_prof.tui.app import Dashboard
from annt_prof.tui.settings import Settings
from annt_prof.tui.widgets.chart_block import ChartBlock
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource

TELEMETRY = Settings(first=Screen.TELEMETRY)


@pytest.fixture
def sampled(gpu: RunSource) -> RunSource:
    lines = [",".join(COLUMNS)]
    for index in range(1000):
        row = {
            "time_ns": 9_000_000_000 + index * 40_000_000,
            "gpu_power_milliwatts": 400_000,
            "gpu_utilisation_percent": index % 100,
            "gpu_temperature_c": 50,
        }
        lines.append(",".join(str(row.get(column, "")) for column in COLUMNS))
    (gpu.directory / "telemetry.csv").write_text("\n".join(lines) + "\n")
    return gpu


def charts(app: Dashboard) -> list[ChartBlock]:
    return list(app.screen.query(ChartBlock))


def test_one_cursor_goes_over_all_charts_and_is_read_in_one_line(sampled: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert "Tab goes to a chart" in said(app)
        charts(app)[1].focus()
        await pilot.press("right", "right")
        await pilot.pause()
        assert len({chart.cursor for chart in charts(app)}) == 1
        assert len(charts(app)) == 3
        assert ": GPU " in said(app)
        assert "400 W, 50 °C" in said(app)
        charts(app)[0].put_cursor(1.2)
        charts(app)[0].action_move(0)
        await pilot.pause()
        # The baseline's window began before it, and its switch-in is still going on then.
        assert "1.20 s, amp: GPU 30 %, 400 W, 50 °C" in said(app)
        baseline = sampled.run.variants[0].windows[1]
        charts(app)[0].put_cursor((baseline.ended_ns - 9_000_000_000) / 1e9 - 0.02)
        charts(app)[0].action_move(0)
        await pilot.pause()
        assert " s, baseline: GPU " in said(app)

    drive(sampled, act, TELEMETRY)


def test_one_view_is_of_all_charts(sampled: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        charts(app)[0].focus()
        await pilot.press("plus")
        await pilot.pause()
        ((start, end),) = {chart.view for chart in charts(app)}
        assert end - start == pytest.approx(0.7 * 39.96)
        await pilot.press("backspace")
        await pilot.pause()
        assert {chart.view for chart in charts(app)} == {(0.0, 39.96)}

    drive(sampled, act, TELEMETRY)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_size_shows_the_limits_and_the_means(
    sampled: RunSource, size: tuple[int, int], ascii_only: bool
) -> None:
    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "Means over the timed windows" in said(app)
        shown = [chart for chart in charts(app) if chart.display]
        assert bool(shown) == (size[0] >= 80)
        assert ("charts need 80 columns" in said(app)) == (size[0] < 80)

    drive(sampled, act, Settings(first=Screen.TELEMETRY, ascii_only=ascii_only), size)


def test_a_run_without_telemetry_says_so(cpu: RunSource) -> None:
    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "no telemetry was kept with this run" in said(app)

    drive(cpu, act, TELEMETRY)
