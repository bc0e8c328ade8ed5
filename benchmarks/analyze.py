"""How long annt-prof takes to analyse a trace, beside the tools that people use.

    python benchmarks/analyze.py [TRACE] [--runs 7] [--others PYTHON] [--before CHECKOUT]

Whole processes, all of them in turn in shuffled order, so that a busy moment strikes them alike;
printed are medians, the paired ratio to ``annt-prof analyze --json`` with its 95 % t-interval on
the logarithms, and peak memory. The floor is a bare process that decompresses the file and decodes
it with msgspec into typed structs.

The others need an environment of their own, whose interpreter ``--others`` names:

    pip install HolisticTraceAnalysis==0.5.0 torch-tb-profiler==0.4.3

What is missing there is listed as skipped. ``--before`` names a checkout of an older version of
annt-prof, which takes its turns with the others.
"""

import argparse
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from scipy import stats

TRACE = Path(__file__).parents[2] / "shared" / "traces" / "v100-allreduce-5steps.json.gz"

FLOOR = """
import gzip, sys
import msgspec
class Arguments(msgspec.Struct, gc=False):
    correlation: int | None = None
    device: int | None = None
    stream: int | None = None
class Event(msgspec.Struct, gc=False):
    ph: str
    ts: float = 0
    dur: float = 0
    name: str | int | None = None
    cat: str | None = None
    pid: int | str | None = None
    tid: int | str | None = None
    args: Arguments | None = None
class Document(msgspec.Struct):
    traceEvents: list[Event]
with gzip.open(sys.argv[1]) as file:
    msgspec.json.decode(file.read(), type=Document)
"""
JSON = "import gzip, json, sys; json.loads(gzip.open(sys.argv[1]).read())"
HTA = """
import sys
from hta.trace_analysis import TraceAnalysis
TraceAnalysis(trace_files={0: sys.argv[1]}).get_temporal_breakdown(visualize=False)
"""
PLUGIN = """
import sys
from torch_tb_profiler.profiler.data import RunProfileData
RunProfileData.parse("worker", "1", sys.argv[1], "/tmp").process()
"""


@dataclass
class Contender:
    """A command, and what its processes took."""

    command: list[str]
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    def run(self) -> bool:
        """Run it once; tell whether it ended well."""
        began = time.perf_counter()
        process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
        )
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds.append(time.perf_counter() - began)
        self.peak_bytes = max(self.peak_bytes, usage.ru_maxrss * 1024)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode == 0


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trace", nargs="?", type=Path, default=TRACE)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--others", help="Interpreter of an environment with the other tools.")
    parser.add_argument("--before", type=Path, help="Checkout of an older version.")
    arguments = parser.parse_args()
    file = str(arguments.trace)
    contenders = {
        "annt-prof": [sys.executable, "-m", "annt_prof", "analyze", file, "--json"],
        "floor": [sys.executable, "-c", FLOOR, file],
        "json.loads": [sys.executable, "-c", JSON, file],
    }
    if arguments.before:
        # A safe path leaves out the working directory, which may be that of the new version.
        older = ("env", "PYTHONSAFEPATH=1", f"PYTHONPATH={arguments.before.resolve()}")
        contenders["before"] = [*older, *contenders["annt-prof"]]
    if arguments.others:
        contenders["HTA 0.5"] = [arguments.others, "-c", HTA, file]
        contenders["tb-profiler"] = [arguments.others, "-c", PLUGIN, file]
    found = {name: Contender(command) for name, command in contenders.items()}
    skipped = [name for name, contender in found.items() if not contender.run()]
    for name in skipped:
        del found[name]
    for contender in found.values():
        contender.seconds.clear()  # the first run fills the caches
    for _ in range(arguments.runs):
        for contender in random.sample(list(found.values()), len(found)):
            contender.run()
    report(arguments.trace, found, skipped)


def report(trace: Path, found: dict[str, Contender], skipped: list[str]) -> None:
    """Print one line for each."""
    ours = found["annt-prof"].seconds
    print(f"{trace.name}, {len(ours)} runs each, {os.cpu_count()} cores")
    print(f"{'':<12} {'seconds':>8} {'over annt-prof':>24} {'peak MB':>8}")
    for name, contender in found.items():
        logs = [math.log(a / b) for a, b in zip(contender.seconds, ours, strict=True)]
        ratio = "1"
        if name != "annt-prof":
            middle = statistics.mean(logs)
            half = stats.sem(logs) * stats.t.ppf(0.975, len(logs) - 1)
            low, high = math.exp(middle - half), math.exp(middle + half)
            ratio = f"{math.exp(middle):.2f} [{low:.2f}, {high:.2f}]"
        median = statistics.median(contender.seconds)
        print(f"{name:<12} {median:8.2f} {ratio:>24} {contender.peak_bytes / 1e6:8.0f}")
    for name in skipped:
        print(f"{name:<12} skipped: it does not run here")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
