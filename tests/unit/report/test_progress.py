"""What is said of a run while it goes on, and drawn beside it."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from annt_prof.report.text.progress import RunProgress
from annt_prof.report.text.reading_progress import ReadingProgress
from annt_prof.runs.events import (
    Activity,
    Estimated,
    MeasuringEnded,
    Paused,
    Planned,
    Resumed,
    RunEnded,
    Started,
    TechniqueLeftOut,
    VariantInapplicable,
    VariantLost,
    VariantSkipped,
    VariantsWithheld,
    Warned,
    WindowEnded,
)

STARTED = Started(("baseline", "amp"), 10, 60.0, "alone")
_CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def shown(*events, terminal=True, width=200):
    """Return the lines on a screen, bars and all, without what moves the cursor."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=width, color_system=None)
    with RunProgress(console) as progress:
        for event in events:
            progress(event)
    text = _CODES.sub("", screen.getvalue()).replace("\r", "\n")
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def drawn(*events):
    """Return the last line that was drawn, without the spinner and the time since the start."""
    last = shown(*events)[-1]
    return re.sub(r" +\d:\d\d:\d\d$", "", last[1:].strip())


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ("sampled", "plan: sampled (sets along a few random orders, not all of them), 2 variants"),
        ("factorial", "plan: factorial, 2 variants"),
    ],
)
def test_the_plan_says_where_not_all_sets_are_measured(design, said):
    screen = io.StringIO()
    with RunProgress(Console(file=screen, force_terminal=True, width=200)) as progress:
        progress(Started(("baseline", "amp"), 10, 60.0, design))
    assert said in screen.getvalue()


def test_the_whole_plan():
    assert (
        "plan: alone, 2 variants, at most 10 rounds or 20 windows; measuring ends before a round "
        "that would exceed 1 min 00 s, but not before the first one is done" in shown(STARTED)
    )


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            Estimated(71.0, 23_400_000.0, 6, 5, 44),
            "a step of the first variant takes 23.40 ms; about 1 min 11 s to go; the time budget "
            "holds about 6 launches",
        ),
        (
            Estimated(72.0, 23_400_000.0, 1, 5, 44),
            "a step of the first variant takes 23.40 ms; about 1 min 12 s to go; the time budget "
            "holds about 1 launch, where narrow intervals need 5: window.time_budget_s=44 would "
            "hold them",
        ),
        (
            Planned(12, 3, True, 1.5, 7, 5, 44),
            "each window is whole epochs, 12 iterations; a round of all variants takes 1,500.0 ms; "
            "the time budget holds about 7 launches",
        ),
        (
            Planned(13, 3, False, 1.7, 7, 5, 44),
            "each window is 13 iterations; a round of all variants takes 1,700.0 ms; the time "
            "budget holds about 7 launches",
        ),
        (
            Planned(10, 3, False, 64.525, 1, 5, 400),
            "each window is 10 iterations; a round of all variants takes 1 min 05 s; the time "
            "budget holds about 1 launch, where narrow intervals need 5: "
            "window.time_budget_s=400 would hold them",
        ),
        (
            Estimated(72.0, 12e9, 6, 5, 44),
            "a step of the first variant takes 12 s; about 1 min 12 s to go; the time budget "
            "holds about 6 launches",
        ),
        (Warned("little room"), "warning: little room"),
    ],
)
def test_what_a_run_takes_is_told_on_a_terminal_and_off_it(event, said, terminal):
    assert said in shown(STARTED, event, terminal=terminal)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (VariantLost("amp", "out of memory"), "amp is lost: out of memory"),
        (VariantInapplicable("sdpa", "no kernel"), "sdpa is not applicable: no kernel"),
        (TechniqueLeftOut("sdpa", ("all",), "no kernel"), "all goes on without sdpa: no kernel"),
        (
            VariantsWithheld(("all",), "there is no baseline"),
            "all is not measured: there is no baseline",
        ),
        (
            VariantsWithheld(("amp", "all"), "there is no baseline"),
            "amp and all are not measured: there is no baseline",
        ),
        (
            TechniqueLeftOut("sdpa", ("all", "all-amp", "b"), "no kernel"),
            "all, all-amp and b go on without sdpa: no kernel",
        ),
        (VariantSkipped("amp", 4), "amp is skipped after 4 rounds"),
        (
            MeasuringEnded("time_budget", "the budget is spent"),
            "measuring ended: the budget is spent",
        ),
    ],
)
def test_what_happens_is_told_on_a_terminal_alone(event, said):
    assert said in shown(STARTED, event)
    assert shown(STARTED, event, terminal=False) == []


def test_the_display_says_what_is_done_how_fast_and_how_long_yet():
    timing = Activity("timing", "amp", 2)
    window = WindowEnded("baseline", 2, 88.84, 45.0)
    line = drawn(STARTED, Activity("timing", "baseline", 2), window, timing)
    doing, bar, rest = re.split(r" (━+) +", line)
    assert doing == "timing amp, round 3 of at most 10"
    assert rest == "at most 15 s of measuring left baseline 88.8 samples/s"
    assert len(bar) == 15  # of 20: three quarters of the budget


def test_the_display_says_that_a_run_is_paused():
    timing = Activity("timing", "amp", 2)
    assert drawn(STARTED, timing, Paused()).startswith("paused until it is resumed")
    assert "paused" not in drawn(STARTED, timing, Paused(), Resumed())


def test_no_bound_is_told_while_the_first_round_takes_longer_than_the_budget():
    planned = Planned(10, 3, False, 64.525, 1, 5, 400)
    first = [STARTED, planned, Activity("timing", "baseline", 0)]
    assert "left" not in drawn(*first)
    assert "left" not in drawn(*first, WindowEnded("baseline", 0, 88.84, 31.0))


def test_clock_and_spinner_go_on_once_the_time_budget_is_used_up():
    clock = {"now_s": 0.0}
    screen = io.StringIO()
    console = Console(
        file=screen,
        force_terminal=True,
        width=200,
        color_system=None,
        get_time=lambda: clock["now_s"],
    )
    with RunProgress(console) as progress:
        for now_s, event in (
            (0.0, STARTED),
            (94.0, Activity("timing", "amp", 0)),
            (94.0, WindowEnded("amp", 0, 88.84, 64.5)),
            (240.0, MeasuringEnded("time_budget", "it is spent")),
            (240.0, Activity("tracing", "amp")),
        ):
            clock["now_s"] = now_s
            progress(event)
    last = _CODES.sub("", screen.getvalue()).replace("\r", "\n").strip().splitlines()[-1]
    assert last.endswith(" 0:04:00")
    assert not last.startswith(" ")
    assert " ━━" in last


def test_the_clock_runs_from_where_the_run_began():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=200, get_time=lambda: 3700.0)
    with RunProgress(console, 100.0) as progress:
        progress(STARTED)
    assert "1:00:00" in screen.getvalue()


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (14, "tim…"),
        (50, "timing gradient_accumulation, round 3 o…"),
        (80, "timing gradient_accumulation, round 3 … at most 15 s of measuring left"),
        (100, "timing gradient_accumulation, round 3 of at most 10 at most 15 s of measuring left"),
        (
            120,
            "timing gradient_accumulation, round 3 of at most 10 at most 15 s of measuring left "
            "baseline 88.8 samples/s",
        ),
    ],
)
def test_on_a_short_line_the_clock_is_whole_and_what_goes_on_is_cut(width, said):
    window = WindowEnded("baseline", 2, 88.84, 45.0)
    line = shown(STARTED, window, Activity("timing", "gradient_accumulation", 2), width=width)[-1]
    assert len(line) <= width
    assert re.fullmatch(r". (.*?) +\d:\d\d:\d\d", line)[1] == said


def test_the_display_follows_a_screen_that_becomes_smaller():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=200, color_system=None)
    with RunProgress(console) as progress:
        progress(STARTED)
        console.width = 80
        progress(WindowEnded("baseline", 2, 88.84, 45.0))
        progress(Activity("timing", "amp", 2))
    last = _CODES.sub("", screen.getvalue()).replace("\r", "\n").strip().splitlines()[-1]
    assert re.search(r" \d:\d\d:\d\d$", last)
    assert "timing amp, round 3 of at most 10 at most 15 s of measuring left " in last


def test_what_is_interrupted_is_written_and_nothing_is_said_twice():
    """The answer says that it is incomplete, and why."""
    events = [STARTED, Activity("timing", "amp", 2), Activity("writing")]
    assert drawn(*events) == "writing what was measured"
    ended = [*events, RunEnded("interrupted", "interrupted")]
    assert drawn(*ended) == "writing the answer"
    assert not [line for line in shown(*ended) if "interrupted" in line]


def test_before_measuring_the_display_counts_variants():
    line = drawn(STARTED, Activity("preparing", "baseline"), Activity("preparing", "amp"))
    assert line.startswith("preparing amp ")
    assert line.endswith("variant 2 of 2, then measuring")


def read(num_read, size, *, terminal=True):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=terminal, width=120, color_system=None)
    with ReadingProgress(console) as progress:
        progress(Path("folder") / "a[b].json", num_read, size)
    text = _CODES.sub("", screen.getvalue()).replace("\r", "\n")
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_reading_shows_the_file_and_its_share():
    line = read(30, 40)[-1]
    assert line.startswith("reading a[b].json ━")
    assert " 75%" in line
    assert line.count("━") == 15
    assert re.search(r"-?\d*:\d\d|-:--:--", line)


def test_what_is_read_is_analysed():
    assert read(40, 40)[-1].startswith("analysing a[b].json ")


def test_off_a_terminal_nothing_is_drawn():
    assert read(30, 40, terminal=False) == []
