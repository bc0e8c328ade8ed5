"""What a large trace costs: in one line or in many, with one process or with several.

    python benchmarks/large_traces.py layout [--megabytes 200] [--runs 7] [--before CHECKOUT]
    python benchmarks/large_traces.py processes [--megabytes 1000] [--most 2] [--runs 5] [--gz]
    python benchmarks/large_traces.py least [--runs 7]

``layout`` analyses the same events with line breaks and as ``json.dump`` writes them, in one
process. ``processes`` reads and analyses one file with one process and with several. ``least``
reads ever larger files, from which it is told above which size a second process pays.

Whole processes in shuffled order, after a first round that fills the caches. Printed are medians
of seconds, of CPU seconds and of the peak memory of all processes together (shared pages counted
once), and the paired ratios to the first line, with their 95 % t-intervals on the logarithms.
Files are written to ``--folder`` and kept, so that a second run finds them.
"""

import argparse
import gzip
import json
import math
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from intervals import interval

BYTES_PER_ENTRY = 210
SAMPLE_S = 0.05
READ = """
import os, sys
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the command does
from pathlib import Path
from annt_prof.trace import large, reading
large.LEAST_SHARED_BYTES = int(sys.argv[3])
reading.read(Path(sys.argv[1]), processes=int(sys.argv[2]))
"""


@dataclass
class Contender:
    """A command, and what its processes took, a figure for each run."""

    command: list[str]
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    peak_bytes: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Run it once, and look at all its processes meanwhile."""
        cpu: dict[int, float] = {}
        peak = 0
        began = time.perf_counter()
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, look(watched, cpu))
            time.sleep(SAMPLE_S)
        self.seconds.append(time.perf_counter() - began)
        self.cpu_seconds.append(sum(cpu.values()))
        self.peak_bytes.append(peak)
        if process.returncode:
            raise SystemExit(f"{self.command}: exit status {process.returncode}")

    def forget(self) -> None:
        """Begin anew."""
        for figures in (self.seconds, self.cpu_seconds, self.peak_bytes):
            figures.clear()


def look(process: psutil.Process, cpu: dict[int, float]) -> int:
    """Note the CPU seconds of a process and those it started, and return their memory."""
    num_bytes = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for each in family:
        try:
            times = each.cpu_times()
            cpu[each.pid] = times.user + times.system
            num_bytes += each.memory_full_info().pss
        except psutil.Error:
            continue
    return num_bytes


def compare(contenders: dict[str, Contender], runs: int) -> None:
    """Run all of them in turn, and print a line for each."""
    for contender in contenders.values():
        contender.run()
        contender.forget()
    for _ in range(runs):
        for contender in random.sample(list(contenders.values()), len(contenders)):
            contender.run()
    first = next(iter(contenders.values()))
    titles = ("seconds", "CPU s", "peak MB")
    print(f"{'':<24}" + "".join(f"{title:>10} {'ratio':>18}" for title in titles))
    for name, contender in contenders.items():
        line = f"{name:<24}"
        for figures, base, scale in (
            (contender.seconds, first.seconds, 1),
            (contender.cpu_seconds, first.cpu_seconds, 1),
            (contender.peak_bytes, first.peak_bytes, 1e6),
        ):
            ratio = "1"
            if contender is not first and runs > 1:
                logs = [math.log(a / b) for a, b in zip(figures, base, strict=True)]
                ratio = "{:.2f} [{:.2f}, {:.2f}]".format(*interval(logs))
            line += f"{statistics.median(figures) / scale:10.2f} {ratio:>18}"
        print(line, flush=True)


def generated(folder: Path, megabytes: int) -> Path:
    """Return a trace of about this size with line breaks, made if it is not there."""
    path = folder / f"{megabytes}.json"
    if not path.exists():
        maker = Path(__file__).with_name("generate_trace.py")
        events = megabytes * 1_000_000 // BYTES_PER_ENTRY
        subprocess.run([sys.executable, maker, path, "--events", str(events)], check=True)
    return path


def in_one_line(path: Path) -> Path:
    """Return the same events as ``json.dump`` writes them."""
    other = path.with_name(f"{path.stem}-one-line.json")
    if not other.exists():
        with path.open() as file, other.open("w") as out:
            json.dump(json.load(file), out)
    return other


def compressed(path: Path) -> Path:
    """Return the file, compressed."""
    other = path.with_name(f"{path.name}.gz")
    if not other.exists():
        with path.open("rb") as file, gzip.open(other, "wb", compresslevel=6) as out:
            shutil.copyfileobj(file, out, 2**20)
    return other


def analysing(path: Path, processes: int | None, checkout: Path | None = None) -> Contender:
    """Return the whole command."""
    command = [sys.executable, "-m", "annt_prof", "analyze", "--json", str(path)]
    if processes is not None:
        command += ["--processes", str(processes)]
    if checkout is not None:
        command = ["env", "PYTHONSAFEPATH=1", f"PYTHONPATH={checkout.resolve()}", *command]
    return Contender(command)


def on_one_core(contender: Contender) -> Contender:
    """Return the same on the first core alone."""
    return Contender(["taskset", "--cpu-list", "0", *contender.command])


def reading(path: Path, processes: int, least_bytes: int = 0) -> Contender:
    """Return the reading alone."""
    return Contender([sys.executable, "-c", READ, str(path), str(processes), str(least_bytes)])


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["layout", "processes", "least"])
    parser.add_argument("--megabytes", type=int)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--most", type=int, default=2, help="Processes at most; powers of two.")
    parser.add_argument("--gz", action="store_true", help="Compress the file.")
    parser.add_argument("--before", type=Path, help="Checkout of an older version.")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "annt-prof-large-traces"
    )
    arguments = parser.parse_args()
    arguments.folder.mkdir(exist_ok=True)
    print(f"{arguments.what}, {arguments.runs} runs each, {psutil.cpu_count()} cores")
    if arguments.what == "least":
        for megabytes in (8, 16, 32, 64, 128):
            path = generated(arguments.folder, megabytes)
            named = {f"{megabytes} MB, {n} processes": reading(path, n) for n in (1, 2)}
            compare(named, arguments.runs)
        return
    if arguments.what == "layout":
        path = generated(arguments.folder, arguments.megabytes or 200)
        contenders = {
            "line breaks": analysing(path, 1),
            "one line": analysing(in_one_line(path), 1),
        }
        if arguments.before:
            contenders["before, line breaks"] = analysing(path, None, arguments.before)
            contenders["before, one line"] = analysing(in_one_line(path), None, arguments.before)
        compare(contenders, arguments.runs)
        return
    path = generated(arguments.folder, arguments.megabytes or 1_000)
    path = compressed(path) if arguments.gz else path
    numbers = [2**power for power in range(arguments.most.bit_length())]
    compare({f"read, {n} processes": reading(path, n) for n in numbers}, arguments.runs)
    whole = {f"analyze, {n} processes": analysing(path, n) for n in numbers}
    whole = {"analyze, one core": on_one_core(analysing(path, None)), **whole}
    if arguments.before:
        whole["analyze, before"] = analysing(path, None, arguments.before)
    compare(whole, arguments.runs)


if __name__ == "__main__":
    main()
