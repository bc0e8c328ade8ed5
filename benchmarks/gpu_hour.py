"""Everything that annt-prof is owed on a CUDA device, in three commands of under ten minutes each.

    PYTHONPATH=. python3 benchmarks/gpu_hour.py --part 1 --out DIR
    PYTHONPATH=. python3 benchmarks/gpu_hour.py --part 2 --out DIR --sizing FILE
    PYTHONPATH=. python3 benchmarks/gpu_hour.py --part 3 --out DIR --sizing FILE

Part 1 looks whether everything runs and whether the clock is right, part 2 measures the shipped
scenarios, part 3 every technique. Each item has a process of its own and a time limit; it is
skipped where less time is left than it takes. DIR gets at most eight files: ``results.jsonl`` with
a line for each item as it ends, ``sizing.json``, and of each part the table that is printed last
and an archive of what the items kept. All are complete after each item, whatever ends the part.
FILE is the ``sizing.json`` that part 1 left, and may be omitted where it lies in DIR.

Nothing needs to be installed but the packages that annt-prof needs: where one is missing a part
ends at once and says how to bring it. ``--incomplete`` skips the items that need it instead.
``--dry-run`` rehearses on a CPU, with tiny sizes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.gpu_items import catalogue, executing, sizing
from benchmarks.gpu_items.archive import Archive
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import reading_of
from benchmarks.gpu_items.table import owed_lines, table
from benchmarks.gpu_items.values import PRODUCT_NEEDS, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE_S = 500.0
"""Three parts, and the minute or two that a machine takes to start for each, are under half an
hour."""

RESERVED_S = executing.GRACE_S + 4.0
"""At the end: what runs is told to end, then the last item is packed."""

STARTING_S = 5.0
"""At the beginning: the first import of torch, to look for a device."""

_WHEELS = {"PIL": "pillow", "markdown_it": "markdown-it-py", "pynvml": "nvidia-ml-py",
           "sklearn": "scikit-learn"}  # fmt: skip
"""Names of packages for pip where they are not those that are imported."""

_LANES = 6  # a process needs a core or two, and some GB of device memory


def main() -> int:
    """Run one part; the exit status is 1 where something failed or is off."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", type=int, choices=catalogue.PARTS, required=True)
    parser.add_argument("--deadline", type=float, default=DEADLINE_S, help="Seconds in all.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", metavar="ITEM", help="Run these items alone.")
    parser.add_argument("--sizing", type=Path, help="sizing.json of part 1, if not in --out.")
    parser.add_argument("--dry-run", action="store_true", help="On the CPU, with tiny sizes.")
    parser.add_argument("--lanes", type=int, default=min(_LANES, os.cpu_count() or 1))
    parser.add_argument("--incomplete", action="store_true", help="Though packages are missing.")
    parser.add_argument("--list", action="store_true", help="Name the items and run none.")
    given = parser.parse_args()
    began = time.monotonic()
    asked = _Ending()
    found = given.sizing or given.out / "sizing.json"
    if given.sizing and not found.exists():
        print(f"there is no {found}: budgets come from guesses", file=sys.stderr)
    items = catalogue.items(
        given.part, sizing.load(found), given.deadline - RESERVED_S - STARTING_S
    )
    if given.only:
        unknown = {*given.only} - {item.key for item in items}
        if unknown:
            parser.error(f"part {given.part} has no item {', '.join(sorted(unknown))}; see --list")
        items = tuple(item for item in items if item.key in given.only)
    if given.list:
        for item in items:
            print(f"{item.key:<36} {item.estimate_s:6.0f} s  {item.title}")
        return 0
    needs = [*PRODUCT_NEEDS, *(name for item in items for name in item.needs)]
    lacking = executing.missing(needs)
    if lacking and not (given.dry_run or given.incomplete):
        print(_to_bring(lacking), file=sys.stderr)
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gpu-hour-", ignore_cleanup_errors=True) as name:
        work = Path(name)
        written = work / "sizing.json"
        if found.exists():
            shutil.copy(found, written)
        plan = executing.Plan(
            part=given.part,
            deadline=began + given.deadline - RESERVED_S,
            dry_run=given.dry_run,
            has_device=not given.dry_run and _has_device(),
            lanes=given.lanes,
            work=work,
            sizing=written,
            ended=asked.reason,
        )
        told = _Told(given.part, given.out, work)
        outcomes = []
        for outcome in executing.run(items, plan):
            told.add(outcome)
            outcomes.append(outcome)
        print(told.table(), end="", flush=True)
    return int(any(each.status not in (Status.DONE, Status.SKIPPED) for each in outcomes))


def _to_bring(lacking: list[str]) -> str:
    """Say what is missing, and how it comes to a machine that reaches no index; one line."""
    wheels = " ".join(_WHEELS.get(name, name) for name in lacking)
    python = ".".join(map(str, sys.version_info[:2]))
    download = f"pip download --only-binary=:all: --python-version {python} -d wheels {wheels}"
    install = f"pip install --no-index --find-links wheels --target site {wheels}"
    return (
        f"not installed: {', '.join(lacking)}. Elsewhere: python3 -m {download}; here: python3 -m "
        f"{install}; then PYTHONPATH=.:site. Or --incomplete, which leaves out what needs them"
    )


class _Ending:
    """Notes that the process is told to end, which the items' loop asks for."""

    def __init__(self) -> None:
        self._reason: str | None = None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: object) -> None:
        self._reason = f"ended by {signal.Signals(number).name}"

    def reason(self) -> str | None:
        """Why it ends; None while it goes on."""
        return self._reason


def _has_device() -> bool:
    """Ask torch in a process of its own, so that this one takes no device memory."""
    script = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    return subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


class _Told:
    """What a part leaves in DIR: complete after each item, for who is killed before the next.

    Args:
        part: Of the three.
        out: DIR.
        work: Where items leave what they keep, and part 1 what it finds of the machine.
    """

    def __init__(self, part: int, out: Path, work: Path) -> None:
        self._part, self._out, self._work = part, out, work
        self._results = out / "results.jsonl"
        self._before = tuple(_read(self._results))
        self._outcomes: list[Outcome] = []
        self._archive = Archive(out / f"part{part}.tar.gz")
        self._parts = _parts()

    def add(self, outcome: Outcome) -> None:
        """Write an item's line, then everything else that it changes."""
        line = json.dumps(dataclasses.asdict(outcome), allow_nan=False) + "\n"
        with self._results.open("a") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        print(f"{outcome.key:<36} {outcome.status.value:<8} {outcome.seconds:6.1f} s  "
              f"{outcome.reason}", file=sys.stderr, flush=True)  # fmt: skip
        self._outcomes.append(outcome)
        kept, found = self._work / "keep" / outcome.key, self._work / "sizing.json"
        if kept.exists():
            self._archive.add(kept)
        if found.exists():
            _replace(self._out / "sizing.json", found.read_text())
        _replace(self._out / f"part{self._part}.txt", self.table())

    def table(self) -> str:
        """Return the table, then a line for each owed bullet.

        Of an item that was run before too, the later result counts, unless it was skipped.
        """
        latest: dict[str, Outcome] = {}
        for outcome in (*self._before, *self._outcomes):
            if outcome.key not in latest or outcome.status is not Status.SKIPPED:
                latest[outcome.key] = outcome
        owed = owed_lines(tuple(latest.values()), self._parts)
        lines = [f"part {self._part}", table(self._outcomes), "", owed]
        if self._archive.left_out:
            lines.append(f"too large for the archive: {', '.join(self._archive.left_out)}")
        return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    """Write a file that is whole at any moment."""
    written = path.with_suffix(".new")
    written.write_text(text)
    written.replace(path)


def _read(results: Path) -> Iterator[Outcome]:
    """Yield what was recorded before; of an item that was run twice, both."""
    for line in results.read_text().splitlines() if results.exists() else ():
        try:
            found = json.loads(line)
        except ValueError:  # whoever wrote it was killed meanwhile
            continue
        yield Outcome(
            **found
            | {
                "serves": tuple(Owed(each) for each in found["serves"]),
                "status": Status(found["status"]),
                "readings": tuple(reading_of(each) for each in found["readings"]),
            }
        )


def _parts() -> dict[Owed, tuple[int, ...]]:
    by_part = {part: catalogue.items(part, sizing.Sizing(), 600.0) for part in catalogue.PARTS}
    return {
        owed: tuple(p for p, items in by_part.items() if any(owed in i.serves for i in items))
        for owed in Owed
    }


if __name__ == "__main__":
    sys.exit(main())
