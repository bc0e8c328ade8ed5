"""How quick the dashboard is, in a terminal of its own, and what it costs a run beside it.

    python benchmarks/dashboard.py paint --trace v100-allreduce-5steps.json.gz
    python benchmarks/dashboard.py live
    python benchmarks/dashboard.py beside --pairs 20

`paint` makes a run directory of one trace and times the first useful paint, keys, the zoom of the
timeline, and the memory after a visit to every screen. `live` appends to the log of a run that goes
on, and tells the share of a core that watching it takes. `beside` holds the dashboard that watches
a run, and lets it go on, in turns, and gives the ratio of the run's throughputs, pair by pair of
one launch.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import msgspec
import psutil
from intervals import interval

from annt_prof.runs import store
from annt_prof.runs.controls import Stop, ask
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import Activity, Planned, Progressed, Started, WindowEnded
from annt_prof.runs.layout import EVENTS_FILE, TELEMETRY_FILE, trace_path
from annt_prof.telemetry.columns import COLUMNS
from hand_made import gpu_run, variant, window
from terminal import Terminal

if TYPE_CHECKING:
    from annt_prof.runs.record import TimedWindow

FIRST_PAINT_S, KEY_S, ZOOM_S = 0.8, 0.05, 0.1
LIVE_SHARE, MEMORY_BYTES = 0.05, 300e6
SETTLED_S = 0.3  # without a byte drawn
STRETCH_S = 5.0
"""With the dashboard or without, beside a run."""


def main() -> None:
    """Print the figures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    paint = commands.add_parser("paint")
    paint.add_argument("--trace", type=Path, required=True)
    paint.add_argument("--runs", type=int, default=7)
    paint.set_defaults(act=lambda given: measure_paint(given.trace, given.runs))
    live = commands.add_parser("live")
    live.add_argument("--seconds", type=float, default=30.0)
    live.set_defaults(act=lambda given: measure_live(given.seconds))
    beside = commands.add_parser("beside")
    beside.add_argument("--pairs", type=int, default=20)
    beside.add_argument("--scenario", type=Path, default=Path("scenarios/resnet50_digits.yaml"))
    beside.set_defaults(act=lambda given: measure_beside(given.scenario, given.pairs))
    given = parser.parse_args()
    given.act(given)


def told(name: str, value: float, limit: float, unit: str, scale: float = 1.0) -> None:
    """Print a figure beside its limit."""
    verdict = "" if value <= limit else "  PAST THE LIMIT"
    print(f"  {name:<44} {value * scale:8.3f} {unit}, limit {limit * scale:g}{verdict}")


def measure_paint(trace: Path, runs: int) -> None:
    """Time the first paint, keys and zoom on a run whose traces are this one."""
    with tempfile.TemporaryDirectory() as folder:
        directory = _run_of(trace, Path(folder))
        paints = [_first_paint(directory) for _ in range(runs + 1)][1:]  # the first fills caches
        print(f"a run with traces of {trace.name}, {os.cpu_count()} cores, median of {runs}")
        told("first useful paint (slowest of them below)", statistics.median(paints), 0.8, "s")
        told("", max(paints), FIRST_PAINT_S, "s")
        _keys(directory)


def _run_of(trace: Path, folder: Path) -> Path:
    directory = store.create(folder, "dashboard", "")
    recorded = gpu_run()
    kept = []
    for each in recorded.variants:
        place = trace_path(directory, each.name)
        place.parent.mkdir(parents=True)
        shutil.copy(trace, place)
        kept.append(msgspec.structs.replace(each, trace=str(place.relative_to(directory))))
    store.write(directory, msgspec.structs.replace(recorded, variants=tuple(kept)))
    return directory


def _first_paint(directory: Path) -> float:
    began = time.perf_counter()
    with Terminal(["dash", str(directory)], columns=120, rows=40) as terminal:
        terminal.wait_for("Variants")
        taken = time.perf_counter() - began
        terminal.press("q")
        terminal.wait()
    return taken


def _keys(directory: Path) -> None:
    with Terminal(["dash", str(directory)], columns=120, rows=40) as terminal:
        terminal.wait_for("Variants")
        _settle(terminal)
        downs = [_answered(terminal, key) for key in ("\x1b[B", "\x1b[A") * 20]
        told("key to repaint in a table, p95", _p95(downs), KEY_S, "ms", 1e3)
        began = time.perf_counter()
        terminal.press("4")
        terminal.wait_for("baseline")
        _settle(terminal)
        terminal.press("\r")  # the timeline of the variant at the cursor
        _settle(terminal)
        print(
            f"  the steps, its trace read for the first time  {time.perf_counter() - began:8.3f} s"
        )
        zooms = [_answered(terminal, key) for key in ("+", "-") * 20]
        told("zoom of the timeline, p95", _p95(zooms), ZOOM_S, "ms", 1e3)
        for key in "567823145":
            terminal.press(key)
            _settle(terminal, 2.0)
        used = psutil.Process(terminal.process.pid).memory_info().rss
        told("memory after a visit to every screen", used, MEMORY_BYTES, "MB", 1e-6)
        terminal.press("q")
        terminal.wait()


def _answered(terminal: Terminal, key: str) -> float:
    """Return the seconds from a key until the first byte that is drawn for it."""
    _settle(terminal)
    began = time.perf_counter()
    terminal.press(key)
    while not terminal.read(5.0):
        pass
    return time.perf_counter() - began


def _settle(terminal: Terminal, quiet_s: float = SETTLED_S) -> None:
    """Read until nothing was drawn for a while."""
    while terminal.read(quiet_s):
        pass


def _read_for(terminal: Terminal, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        terminal.read(0.1)


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def measure_live(seconds: float) -> None:
    """Tell what share of a core a dashboard takes that watches a run of 8 variants, 1000 rounds."""
    names = ("baseline", *(f"technique_{number}" for number in range(7)))
    with tempfile.TemporaryDirectory() as folder:
        directory = store.create(Path(folder), "live", "")
        log = EventLog(directory / EVENTS_FILE)
        log.append(Started(names, 100_000, 36_000.0, "alone"))
        log.append(Planned(5, 1, False, 1.0, 100, 5, 60))
        for number in range(1000):
            _round(log, names, number)
        with (directory / TELEMETRY_FILE).open("w") as telemetry:
            telemetry.write(",".join(COLUMNS) + "\n")
            with Terminal(["dash", str(directory)], columns=120, rows=40) as terminal:
                terminal.wait_for("Variants so far")
                _read_for(terminal, 5.0)  # it draws every second, and is never quiet
                watched = psutil.Process(terminal.process.pid)
                before, began = watched.cpu_times(), time.monotonic()
                number = 1000
                while (now := time.monotonic()) < began + seconds:
                    if now > began + (number - 1000):  # a round a second
                        _round(log, names, number)
                        number += 1
                    telemetry.write(_sample())
                    telemetry.flush()
                    terminal.read(0.04)
                after, wall = watched.cpu_times(), time.monotonic() - began
                share = (after.user + after.system - before.user - before.system) / wall
                print(f"a run of 8 variants, after 1000 rounds, a round a second, {wall:.0f} s")
                told("share of a core", share, LIVE_SHARE, "%", 100)
                terminal.press("q")


def _round(log: EventLog, names: tuple[str, ...], number: int) -> None:
    for name in names:
        log.append(Activity("timing", name, number))
        made = window(number, 10.0, launch=number // 20)
        log.append(WindowEnded(name, number, 800.0, float(number), made))
    log.append(Progressed(tuple(variant(name, []) for name in names)))


def _sample() -> str:
    cells = [str(time.monotonic_ns()), *("1" for _ in COLUMNS[1:])]
    return ",".join(cells) + "\n"


def measure_beside(scenario: Path, pairs: int) -> None:
    """Time the steps of one run while its dashboard lives and while it is stopped, in turns.

    A neighbour slows both by a fifth for seconds, so the turns are short: the dashboard's process
    is held by SIGSTOP and goes on at SIGCONT, when it also catches up.
    """
    asked = [
        "--set", f"window.time_budget_s={pairs * 2 * STRETCH_S + 60}",
        "--set", "window.rounds_per_launch=100000", "--set", "window.rounds=100000",
        "--set", "window.min_launches=2", "--set", "techniques={}", "--device", "cpu",
        "--set", "model.name=resnet18", "--set", "dataset.batch_size=2",
    ]  # fmt: skip
    stretches: list[dict[bool, tuple[int, int]]] = []
    with tempfile.TemporaryDirectory() as folder:
        measuring = subprocess.Popen(
            [sys.executable, "-m", "annt_prof", "run", str(scenario), *asked, "--runs-dir", folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        directory = _measured_in(Path(folder))
        with Terminal(["dash", str(directory)], columns=120, rows=40) as terminal:
            terminal.wait_for("Variants so far")
            _read_for(terminal, 5.0)
            watching = psutil.Process(terminal.process.pid)
            before = watching.cpu_times()
            for number in range(pairs):
                order = (number % 2 == 0, number % 2 != 0)
                stretches.append({dash: _stretch(terminal, watching, dash) for dash in order})
            after = watching.cpu_times()
            watching.resume()
            watching.terminate()  # Textual's thread of keys does not outlive being held
            terminal.wait()
        ask(directory, Stop())
        measuring.wait()
        windows = store.load(directory).variants[0].windows
    logs = []
    for pair in stretches:
        with_one, without = (_within(windows, pair[dash]) for dash in (True, False))
        if with_one and without and len({w.launch for w in (*with_one, *without)}) == 1:
            with_ns, without_ns = _step_ns(with_one), _step_ns(without)
            logs.append(math.log(without_ns / with_ns))
            print(f"  a step with {with_ns / 1e6:.1f} ms, without {without_ns / 1e6:.1f} ms")
    used = after.user + after.system - before.user - before.system
    ratio, low, high = interval(logs)
    print(
        f"throughput with the dashboard / without, {len(logs)} pairs of {STRETCH_S:.0f} s: "
        f"{ratio:.4f}  95 % [{low:.4f}, {high:.4f}]"
    )
    told("share of a core meanwhile", used / (pairs * STRETCH_S), LIVE_SHARE, "%", 100)


def _stretch(terminal: Terminal, watching: psutil.Process, dash: bool) -> tuple[int, int]:
    """Let the dashboard live, or hold it, for a while; return from when to when."""
    (watching.resume if dash else watching.suspend)()
    began = time.monotonic_ns()
    _read_for(terminal, STRETCH_S)
    return began, time.monotonic_ns()


def _measured_in(folder: Path) -> Path:
    """Return the directory of the run, once it has timed a few windows."""
    while True:
        time.sleep(0.5)
        for directory in folder.iterdir():
            log = directory / EVENTS_FILE
            if log.exists() and log.read_text().count('"WindowEnded"') > 3:
                return directory


def _within(windows: tuple[TimedWindow, ...], stretch: tuple[int, int]) -> list[TimedWindow]:
    return [w for w in windows if stretch[0] <= w.started_ns and w.ended_ns <= stretch[1]]


def _step_ns(windows: list[TimedWindow]) -> float:
    return sum(w.wall_ns for w in windows) / sum(w.iterations for w in windows)


if __name__ == "__main__":
    main()
