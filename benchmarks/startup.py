"""How long the commands that need no torch take to start, beside a bare interpreter.

    python benchmarks/startup.py [--runs 20]

Each command runs as a process of its own, all of them in turn, so that a busy moment strikes
them alike. The limits are those of an idle machine; past one, the exit status is 1.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

LIMITS_S = {"--help": 0.1, "show": 0.25, "techniques": 0.25}


def main() -> int:
    """Print the medians and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="Times each command is started.")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        _store_a_run(Path(folder))
        program = [sys.executable, "-m", "annt_prof"]
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "--help": [*program, "--help"],
            "show": [*program, "show", "--runs-dir", folder],
            "techniques": [*program, "techniques"],
        }
        return _report(_measure(commands, runs))


def _store_a_run(root: Path) -> None:
    from annt_prof.runs import store
    from hand_made import cpu_run

    store.write(store.create(root, "startup", ""), cpu_run())


def _measure(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Return wall seconds; one start of each beforehand fills the caches and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for index in range(runs + 1):
        for name, command in commands.items():
            taken = _start(command)
            if index:
                seconds[name].append(taken)
    return seconds


def _start(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=os.environ)
    return time.perf_counter() - began


def _report(seconds: dict[str, list[float]]) -> int:
    bare = statistics.median(seconds["python -c pass"])
    late = 0
    print(f"{'command':16}{'median ms':>10}{'fastest ms':>12}{'x bare':>8}{'limit ms':>10}")
    for name, taken in seconds.items():
        median, limit = statistics.median(taken), LIMITS_S.get(name)
        late += limit is not None and median > limit
        shown = "" if limit is None else f"{limit * 1e3:.0f}"
        print(
            f"{name:16}{median * 1e3:10.0f}{min(taken) * 1e3:12.0f}{median / bare:8.1f}{shown:>10}"
        )
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
