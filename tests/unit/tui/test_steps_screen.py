"""The steps screen, driven by keys and by the mouse."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from annt_prof.analysis.lanes.lanes import ItemKind
from annt_prof.categories import Phase
from annt_prof.runs import store
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.steps import StepsScreen
from annt_prof.tui.settings import Settings
from annt_prof.tui.widgets.lines_block import LinesBlock
from annt_prof.tui.widgets.step_strips import StepStripsBlock
from annt_prof.tui.widgets.timeline import Timeline
from annt_prof.views.page import Sheet
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from hand_made import run, variant

US = 1_000


def written(
    path: Path, kernel_us: int = 200, kernel: str = "sm80_xmma_fprop_implicit_gemm"
) -> Path:
    builder = TraceBuilder()
    for begin in (5_000 * US, 6_000 * US):
        builder.step(begin, begin + 1_000 * US)
        builder.phase(Phase.DATA_LOADING, begin, begin + 200 * US)
        builder.phase(Phase.FORWARD, begin + 200 * US, begin + 1_000 * US)
        builder.operator("aten::conv2d[bold]\x1b[31m", begin + 210 * US, begin + 300 * US)
        builder.kernel(
            kernel, begin + 300 * US, begin + (300 + kernel_us) * US,
            launch_ns=begin + 230 * US,
        )  # fmt: skip
        builder.operator("aten::add", begin + 610 * US, begin + 650 * US, thread=AUTOGRAD_THREAD)
        builder.kernel(
            "elementwise_kernel", begin + 630 * US, begin + 930 * US,
            launch_ns=begin + 620 * US, thread=AUTOGRAD_THREAD,
        )  # fmt: skip
        builder.runtime("cudaDeviceSynchronize", begin + 700 * US, begin + 940 * US)
    path.parent.mkdir(parents=True, exist_ok=True)
    return builder.write(path)


def made_run(folder: Path) -> RunSource:
    variants = []
    for name, kernel_us in (("baseline", 200), ("amp", 100)):
        written(folder / name / "kineto.json", kernel_us)
        variants.append(
            variant(name, [10.0, 11.0, 12.0, 13.0], rounds_per_launch=2,
                    trace=f"{name}/kineto.json")
        )  # fmt: skip
    variants.append(variant("all", [9.0, 9.0]))
    lost_trace = msgspec.structs.replace(variant("tf32", [9.0]), trace="tf32/kineto.json")
    store.write(folder, run(*variants, lost_trace))
    return RunSource(folder)


class Seen:
    """What a test looks at."""

    def __init__(self, app: Dashboard, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> StepsScreen:
        found = self.app.screen
        assert isinstance(found, StepsScreen)
        return found

    @property
    def timeline(self) -> Timeline:
        return self.screen.query_one(Timeline)

    @property
    def is_open(self) -> bool:
        return bool(self.screen.query_one("#timeline").display)

    @property
    def name(self) -> str:
        panel, item = self.timeline.panel, self.timeline.item
        assert panel is not None
        return "" if item is None else panel.lanes.names[panel.lanes.name[item]]

    @property
    def kind(self) -> ItemKind | None:
        panel, item = self.timeline.panel, self.timeline.item
        return None if panel is None or item is None else ItemKind(int(panel.lanes.kind[item]))

    @property
    def text(self) -> str:
        height = self.timeline.size.height
        return "\n".join(self.timeline.render_line(y).text.rstrip() for y in range(height))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(400):
            await self.pilot.pause()
            if holds():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.text)

    async def opened(self, *keys: str) -> None:
        await self.press(*keys, "enter")
        await self.until(lambda: self.is_open)
        await self.pilot.pause()


Test = Callable[[Seen], Awaitable[None]]


def drive(
    source: RunSource | TraceSource, test: Test, size: tuple[int, int] = (120, 40), **how: bool
) -> None:
    async def see() -> None:
        app = Dashboard(source, Settings(first=Screen.STEPS, **how))
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await test(Seen(app, pilot))

    asyncio.run(see())


def test_a_row_that_is_entered_opens_its_timeline_and_escape_goes_back(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        assert not seen.is_open
        assert seen.screen.query_one(StepStripsBlock).display
        await seen.opened()
        assert not seen.screen.query_one("#blocks").display
        assert not seen.screen.query_one(StepStripsBlock).display
        lines = seen.text.splitlines()
        assert lines[0].startswith("ms of the step")
        assert lines[1] == "baseline: ProfilerStep#0, 1 of 2 steps, 1.000 ms"
        titles = [line[:20].strip(" \N{BOX DRAWINGS LIGHT VERTICAL}") for line in lines[2:10]]
        assert titles == [
            "main thread 100", "operators", "calls", "thread 200", "calls", "critical path",
            "device idle", "stream 7",
        ]  # fmt: skip
        await seen.press("escape")
        assert not seen.is_open
        await seen.press("enter")
        assert seen.is_open

    drive(made_run(tmp_path), test)


def test_the_cursor_moves_and_zooms(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        assert seen.name == "data_loading"
        await seen.press(*["right"] * 30)
        assert seen.name == "forward"
        place = seen.timeline.place
        assert place is not None
        await seen.press("plus", "plus")
        closer = seen.timeline.place
        assert closer is not None
        assert closer.end_ns - closer.start_ns == pytest.approx(
            (place.end_ns - place.start_ns) / 4, rel=0.01
        )
        assert closer.cursor_ns == place.cursor_ns
        await seen.press("minus", "minus", "0")
        again = seen.timeline.place
        assert again is not None
        assert (again.start_ns, again.end_ns) == (place.start_ns, place.end_ns)
        await seen.press("up")
        assert seen.name == "forward"  # there is no row above
        await seen.press(*["down"] * 20)
        panel = seen.timeline.panel
        assert panel is not None
        assert panel.rows[-1].title == "stream 7"

    drive(made_run(tmp_path), test)


def test_jumps_go_to_the_longest_gap_and_kernel_and_then_to_the_next(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        await seen.press("g")
        assert (seen.kind, seen.name) == (ItemKind.GAP, "data_loading")
        await seen.press("k")
        assert (seen.kind, seen.name) == (ItemKind.KERNEL, "elementwise_kernel")
        await seen.press("k")
        assert seen.name == "sm80_xmma_fprop_implicit_gemm"
        await seen.press("k")
        assert seen.name == "elementwise_kernel"

    drive(made_run(tmp_path), test)


def test_steps_follow_one_another_and_end(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        await seen.press("right_square_bracket")
        assert "ProfilerStep#1, 2 of 2 steps" in seen.text
        await seen.press("right_square_bracket")
        assert "ProfilerStep#1, 2 of 2 steps" in seen.text
        await seen.press("left_square_bracket")
        assert "ProfilerStep#0, 1 of 2 steps" in seen.text

    drive(made_run(tmp_path), test)


def test_a_search_goes_to_what_bears_the_name_in_any_step(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        await seen.press("slash", *"elementwise", "enter")
        assert seen.name == "elementwise_kernel"
        assert "ProfilerStep#0" in seen.text
        await seen.press("n")
        assert seen.name == "elementwise_kernel"
        assert "ProfilerStep#1" in seen.text
        await seen.press("N")
        assert "ProfilerStep#0" in seen.text
        await seen.press("slash", *"nowhere", "escape")
        assert not seen.screen.query_one("#search", Input).display
        assert seen.is_open

    drive(made_run(tmp_path), test)


def test_two_variants_stand_on_one_scale(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        await seen.press("v")
        await seen.until(lambda: len(seen.timeline.panels) == 2)
        assert [panel.title for panel in seen.timeline.panels] == ["baseline", "amp"]
        assert "amp: ProfilerStep#0, 1 of 2 steps, 1.000 ms, on one scale" in seen.text
        await seen.press("right_square_bracket")
        assert [panel.step for panel in seen.timeline.panels] == [1, 1]
        await seen.press("v")
        await seen.until(lambda: len(seen.timeline.panels) == 1)
        await seen.until(lambda: seen.screen.why_none("tf32") is not None)
        await seen.press("v")
        assert len(seen.timeline.panels) == 1
        assert seen.screen.why_none("tf32") is None

    drive(made_run(tmp_path), test)


def test_a_narrow_terminal_has_one_lane_set_and_no_strips(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        assert not seen.screen.query_one(StepStripsBlock).display
        await seen.opened()
        await seen.press("v")
        assert len(seen.timeline.panels) == 1
        assert all(len(line) <= 70 for line in seen.text.splitlines())

    drive(made_run(tmp_path), test, size=(70, 20))


def test_a_click_selects_and_the_wheel_zooms(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        lines = seen.text.splitlines()
        row = next(i for i, line in enumerate(lines) if line.startswith("stream 7"))
        column = lines[row].index("E")
        await seen.pilot.click(Timeline, offset=(column + 3, row))
        await seen.pilot.pause()
        assert seen.name == "elementwise_kernel"
        before = seen.timeline.place
        assert before is not None
        await seen.pilot._post_mouse_events(
            [__import__("textual.events").events.MouseScrollUp],
            Timeline,
            offset=(60, row),
            button=0,
        )
        await seen.pilot.pause()
        after = seen.timeline.place
        assert after is not None
        assert after.end_ns - after.start_ns < before.end_ns - before.start_ns

    drive(made_run(tmp_path), test)


def test_what_is_at_the_cursor_is_said(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        await seen.press("slash", *"conv2d", "enter")
        block = seen.screen.query_one("#timeline LinesBlock", LinesBlock)
        said = str(block.visual)
        assert seen.name == "aten::conv2d[bold]\x1b[31m"
        assert "\x1b" not in seen.text
        assert said

    drive(made_run(tmp_path), test)


def test_the_path_is_marked_and_unmarked(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        row = next(i for i, t in enumerate(seen.text.splitlines()) if t.startswith("stream 7"))

        def underlined() -> int:
            strip = seen.timeline.render_line(row)
            return sum(len(s.text) for s in strip if s.style is not None and s.style.underline)

        marked = underlined()
        assert 20 < marked < 40  # 300 of 1,040 us in 99 cells: the other kernel is not on it
        await seen.press("p")
        assert underlined() == 0

    drive(made_run(tmp_path), test)


@pytest.mark.parametrize("size", [(70, 20), (80, 24), (120, 40), (200, 60)])
def test_ascii_and_no_colour_have_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def test(seen: Seen) -> None:
        await seen.opened()
        assert seen.text.isascii()
        stream = next(line for line in seen.text.splitlines() if line.startswith("stream 7"))
        assert "Csm80" in stream
        assert "Eelem" in stream
        idle = next(line for line in seen.text.splitlines() if line.startswith("device idle"))
        assert "d" in idle[21:]

    drive(made_run(tmp_path), test, size=size, ascii_only=True)


def test_a_variant_whose_trace_is_gone_or_that_has_none_says_so(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        sheet = seen.screen.page.blocks[0] if seen.screen.page else None
        assert isinstance(sheet, Sheet)
        place = [row.key for row in sheet.rows].index("tf32/0")
        await seen.press(*["down"] * place, "enter")
        await seen.until(lambda: seen.screen.why_none("tf32") is not None)
        assert not seen.is_open
        await seen.press("up", "enter")
        await seen.until(lambda: seen.screen.why_none("all") is not None)
        assert not seen.is_open

    drive(made_run(tmp_path), test)


def test_a_trace_shows_its_steps_and_opens_the_one_that_is_entered(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.until(lambda: bool(seen.screen.page and seen.screen.page.blocks))
        await seen.opened("down")
        assert "ProfilerStep#1, 2 of 2 steps" in seen.text
        await seen.press("escape", "up", "enter")
        await seen.until(lambda: "ProfilerStep#0, 1 of 2 steps" in seen.text)

    drive(TraceSource(written(tmp_path / "trace.json")), test)


def test_two_steps_of_one_name_are_two_rows_and_open_each_its_own(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.until(lambda: bool(seen.screen.page and seen.screen.page.blocks))
        await seen.opened("down")
        assert "ProfilerStep#0, 2 of 2 steps" in seen.text
        await seen.press("escape", "up", "enter")
        await seen.until(lambda: "ProfilerStep#0, 1 of 2 steps" in seen.text)

    path = written(tmp_path / "trace.json")
    path.write_text(path.read_text().replace("ProfilerStep#1", "ProfilerStep#0"))
    drive(TraceSource(path), test)


def test_what_was_opened_is_so_after_another_screen(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        await seen.opened()
        await seen.press("k", "2")
        await seen.press("4")
        assert seen.is_open
        assert seen.name == "elementwise_kernel"

    drive(made_run(tmp_path), test)


def test_launches_are_numbered_from_1_below_a_strip(tmp_path: Path) -> None:
    async def test(seen: Seen) -> None:
        strips = seen.screen.query_one(StepStripsBlock)
        lines = ["".join(s.text for s in strips.render_line(y)) for y in range(strips.size.height)]
        numbers = [re.findall(r"\|([0-9]+)", line) for line in lines]
        assert ["1", "2"] in numbers
        assert not any("0" in found for found in numbers)

    drive(made_run(tmp_path), test)


@pytest.mark.parametrize(("size", "label"), [((80, 24), "begins"), ((120, 40), "in full")])
def test_a_long_name_is_in_full_or_says_that_it_goes_on(
    tmp_path: Path, size: tuple[int, int], label: str
) -> None:
    name = ("void at::native::(anonymous namespace)::" + "Functor<float, 4>, " * 50)[:700].strip()
    written(tmp_path / "baseline" / "kineto.json", kernel_us=700, kernel=name)
    traced = variant("baseline", [10.0], trace="baseline/kineto.json")
    store.write(tmp_path, run(traced))

    async def test(seen: Seen) -> None:
        await seen.opened("k")
        await seen.press("k")
        assert seen.name == name
        await seen.pilot.pause()
        block = seen.screen.query_one("#timeline LinesBlock", LinesBlock)
        drawn = [block.render_line(y).text for y in range(block.size.height)]
        place = next(y for y, line in enumerate(drawn) if line.strip().startswith(label))
        told = "".join(line.strip().removeprefix(label).strip() for line in drawn[place:])
        told = told.replace(" ", "")
        whole = name.replace(" ", "")
        assert told == whole if label == "in full" else whole.startswith(told.removesuffix("..."))
        assert label == "in full" or told.endswith("...")

    drive(RunSource(tmp_path), test, size=size)
