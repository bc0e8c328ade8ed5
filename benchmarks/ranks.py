"""How time and memory grow with the ranks of a run: many copies of one rank's trace.

    python benchmarks/ranks.py [TRACE] [--ranks 64] [--runs 5] [--processes 2]

Whole commands, in turn and in shuffled order, so that a busy moment strikes them alike: one rank,
a directory of as many as there are processes, and one of all. Printed are medians of the time for
each rank, the paired ratio to one rank with its 95 % t-interval on the logarithms, and the peak of
what all processes of a command held together: proportional set sizes, sampled, so that pages that
they share count once. Where the recorded trace is absent, one of the same size is made.
"""

import argparse
import gzip
import math
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from generate_trace import OPERATORS_PER_STEP, operator, step
from scipy import stats

TRACE = Path(__file__).parents[2] / "shared" / "traces" / "v100-allreduce-5steps.json.gz"
MADE_STEPS = 25
SAMPLED_EVERY_S = 0.02
HEADER = re.compile(rb'"distributedInfo"\s*:\s*\{[^}]*\}')


@dataclass
class Contender:
    """A command over some ranks, and what its processes took."""

    folder: Path
    num_ranks: int
    processes: int
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def run(self) -> None:
        """Run it once."""
        command = (sys.executable, "-m", "annt_prof", "analyze", str(self.folder), "--json")
        began = time.perf_counter()
        process = subprocess.Popen(
            (*command, "--processes", str(self.processes)), stdout=subprocess.DEVNULL
        )
        while process.poll() is None:
            self.peak_bytes = max(self.peak_bytes, held_bytes(process.pid))
            time.sleep(SAMPLED_EVERY_S)
        self.seconds.append(time.perf_counter() - began)
        if process.returncode:
            raise SystemExit(f"{command} failed")

    @property
    def seconds_per_rank(self) -> list[float]:
        """Of each run."""
        return [seconds / self.num_ranks for seconds in self.seconds]


def held_bytes(pid: int) -> int:
    """Return what a process and all that it started hold."""
    held = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                held += process.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        pass
    return held


def text_of(trace: Path) -> bytes:
    """Return a trace's text; one of 200,000 events where it is absent."""
    if trace.exists():
        return gzip.decompress(trace.read_bytes())
    parts = ['{"schemaVersion": 1, "distributedInfo": {}, "traceEvents": [\n']
    for number in range(MADE_STEPS):
        parts.append(step(number))
        first = number * OPERATORS_PER_STEP
        parts += map(operator, range(first, first + OPERATORS_PER_STEP))
    parts.append('{"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "ts": 0}\n]}\n')
    return "".join(parts).encode()


def write(text: bytes, folder: Path, num_ranks: int) -> Path:
    """Write copies of a trace, each with a rank of its own in its header."""
    folder.mkdir()
    for rank in range(num_ranks):
        told = (
            f'"distributedInfo": {{"backend": "nccl", "rank": {rank}, "world_size": {num_ranks}}}'
        )
        with gzip.open(folder / f"rank{rank}.json.gz", "wb", compresslevel=6) as file:
            file.write(HEADER.sub(told.encode(), text, count=1))
    return folder


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace", nargs="?", type=Path, default=TRACE)
    parser.add_argument("--ranks", type=int, default=64)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    text, processes = text_of(arguments.trace), arguments.processes
    with tempfile.TemporaryDirectory() as temporary:
        counts = sorted({1, processes, arguments.ranks})
        contenders = [
            Contender(write(text, Path(temporary) / str(count), count), count, processes)
            for count in counts
        ]
        for contender in contenders[:-1]:
            contender.run()  # the first run fills the caches
            contender.seconds.clear()
        for _ in range(arguments.runs):
            for contender in random.sample(contenders, len(contenders)):
                contender.run()
    made = "" if arguments.trace.exists() else " (made)"
    print(
        f"{arguments.trace.name}{made}, {len(text) / 1e6:.0f} MB, {arguments.runs} runs each, "
        f"{processes} processes on {os.cpu_count()} cores"
    )
    report(contenders)


def report(contenders: list[Contender]) -> None:
    """Print one line for each."""
    print(f"{'ranks':>5} {'seconds':>8} {'a rank':>7} {'over one rank':>20} {'peak MB':>8}")
    first = contenders[0].seconds_per_rank
    for contender in contenders:
        own = contender.seconds_per_rank
        ratio = "1"
        if contender is not contenders[0]:
            logs = [math.log(a / b) for a, b in zip(own, first, strict=True)]
            middle = statistics.mean(logs)
            half = 0.0
            if len(logs) > 1:
                half = stats.sem(logs) * stats.t.ppf(0.975, len(logs) - 1)
            low, high = math.exp(middle - half), math.exp(middle + half)
            ratio = f"{math.exp(middle):.2f} [{low:.2f}, {high:.2f}]"
        print(
            f"{contender.num_ranks:5d} {statistics.median(contender.seconds):8.2f} "
            f"{statistics.median(own):7.2f} {ratio:>20} {contender.peak_bytes / 1e6:8.0f}"
        )


if __name__ == "__main__":
    main()
