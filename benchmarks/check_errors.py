"""How often ``annt-prof check`` cries wolf, and how often it sees what is there.

    python benchmarks/check_errors.py measure --out FOLDER [--minutes 60] [--quiet]
    python benchmarks/check_errors.py tell FOLDER

``measure`` runs real checks, one after the other, until its time is up; called again it goes on
where it was. Each holds a training step to at most 1.05 times a reference's that is launched in
turns with it: the same step, or one with 3, 5 or 10 % less of it. Meanwhile another process keeps
one core loaded, unless ``--quiet``. The step is 170 products of matrices and what else a step has,
which takes as long as about 30 more, so that 2 products more are 1 % of it; what the injected work
takes in truth is told beside the results, from all launches of all runs together.

``tell`` prints what came of them for each of the three kinds of limits. A limit against a
reference: the verdicts of the real checks, and of further ones whose launches are drawn with
replacement from those of one real check each. A limit against a stored baseline, and one in
milliseconds: from the same launches, the baseline being the reference side of an earlier check.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, NamedTuple

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for benchmarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODULE = """
import torch


class Net(torch.nn.Module):
    def __init__(self, num_classes, products):
        super().__init__()
        self.linear = torch.nn.Linear(3, num_classes)
        self.register_buffer("matrix", torch.eye(64))
        self.products = products

    def forward(self, inputs):
        product = self.matrix
        for _ in range(self.products):
            product = torch.mm(product, self.matrix)
        return self.linear(inputs) + product[0, 1]


def samples():
    return torch.utils.data.TensorDataset(torch.zeros(4096, 3), torch.arange(4096) % 10)
"""
SCENARIO = """\
name: products
model: {{source: python, name: errors_work:Net, arguments: {{products: {products}}}}}
dataset: {{name: errors_work:samples, batch_size: 8}}
window: {{warmup: 5, iterations: 10, switch_in: 2, rounds_per_launch: 20, time_budget_s: 90}}
budgets:
  step_time: {{max_ratio: {limit}, to: reference}}
"""
PRODUCTS, PRODUCTS_PER_PERCENT = 170, 2
LIMIT = 1.05
MIX = (0,) * 16 + (3,) + (5,) + (10,) * 2  # percent, of twenty checks
HISTORY = 6  # runs of the same code that a stored baseline has
REPLAYED = 300
RECORDS = "checks.jsonl"


class Record(NamedTuple):
    """One real check.

    Attributes:
        percent: Injected.
        outcome: Of its one budget.
        launches: Of each side.
        ratios: Checked over reference by launch.
        checked_ns, reference_ns: Per iteration, by launch.
        first: Category and operator that grew most; empty where it did not fail.
        seconds: That it took.
    """

    percent: int
    outcome: str
    launches: int
    ratios: list[float]
    checked_ns: list[float]
    reference_ns: list[float]
    first: list[str]
    seconds: float


def main() -> None:
    """Measure, or tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("--out", type=Path, required=True)
    measuring.add_argument("--minutes", type=float, default=60.0)
    measuring.add_argument("--quiet", action="store_true")
    measuring.add_argument("--seed", type=int, default=0)
    telling = commands.add_parser("tell")
    telling.add_argument("folder", type=Path)
    asked = parser.parse_args()
    if asked.command == "tell":
        tell(read(asked.folder / RECORDS))
        return
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported, by the server of workers
    asked.out.mkdir(parents=True, exist_ok=True)
    neighbour = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
    if not asked.quiet:
        neighbour.start()
    try:
        measure(asked.out, asked.minutes * 60, asked.seed)
    finally:
        if not asked.quiet:
            neighbour.kill()


def _spin() -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # it ends with a benchmark that is killed
        pass


def measure(out: Path, lasting_s: float, seed: int) -> None:
    """Run checks and append what came of each."""
    work = out / "work"
    work.mkdir(exist_ok=True)
    (work / "errors_work.py").write_text(MODULE)
    for percent in set(MIX):
        products = PRODUCTS + PRODUCTS_PER_PERCENT * percent
        (work / f"plus_{percent}.yaml").write_text(SCENARIO.format(products=products, limit=LIMIT))
    records = out / RECORDS
    done = len(read(records)) if records.exists() else 0
    generator = random.Random(seed + done)
    began = time.monotonic()
    while time.monotonic() - began < lasting_s:
        for percent in generator.sample(MIX, k=len(MIX)):
            record = _check(work, percent, out / "runs")
            with records.open("a") as file:
                file.write(json.dumps(record._asdict()) + "\n")
            print(percent, record.outcome, record.launches, f"{record.seconds:.1f} s", flush=True)


def _check(work: Path, percent: int, runs: Path) -> Record:
    """Run one real check as the command does."""
    from annt_prof.check.launch_figures import figures, log_ratios
    from annt_prof.cli.holding import Asked, hold
    from annt_prof.cli.references import Named

    began = time.monotonic()
    held = hold(
        Asked(
            what=str(work / f"plus_{percent}.yaml"),
            budgets=None,
            baseline=None,
            baselines=work / "baselines",
            reference=Named(work / "plus_0.yaml", None, None),
            overrides=(),
            device="cpu",
            data_dir=None,
            runs_dir=runs,
            again=(),
        )
    )
    reference, checked = held.run.variants
    (told,) = held.result.checked
    first = {}
    for grown in told.where.grown if told.where is not None else ():
        first.setdefault(grown.kind.value, grown.name)
    return Record(
        percent,
        told.outcome.value,
        held.result.launches,
        [math.exp(log) for log in log_ratios(held.run, checked, reference, "step_time")],
        list(figures(held.run, checked, "step_time").values),
        list(figures(held.run, reference, "step_time").values),
        [first.get("category", ""), first.get("operator", "")] if first else [],
        time.monotonic() - began,
    )


def read(file: Path) -> list[Record]:
    """Return the checks that are in a file."""
    return [Record(**json.loads(line)) for line in file.read_text().splitlines()]


def tell(records: Sequence[Record]) -> None:
    """Print the shares of outcomes, for each kind of limit and each injected change."""
    seconds = [record.seconds for record in records]
    print(f"{len(records)} real checks, {median(seconds):.0f} s each in the middle")
    for percent in sorted(set(MIX)):
        ratios = [
            math.log(r) for record in records if record.percent == percent for r in record.ratios
        ]
        if len(ratios) > 1:
            middle, error = fmean(ratios), stdev(ratios) / math.sqrt(len(ratios))
            print(
                f"  +{percent} % of work: {100 * math.expm1(middle):+.2f} % of time "
                f"(± {196 * error:.2f}), launches differ by {100 * stdev(ratios):.1f} %"
            )
    print(f"\nlimit {LIMIT}x{'':24}fail   pass  cannot tell       of  launches")
    for percent in sorted(set(MIX)):
        own = [record for record in records if record.percent == percent]
        if own:
            _tell_one(percent, own, records)


def _tell_one(percent: int, own: Sequence[Record], records: Sequence[Record]) -> None:
    launches = f"{fmean(record.launches for record in own):.1f}"
    _line(f"+{percent} %  reference, real", [r.outcome for r in own], launches)
    replayed = list(_replayed(own))
    _line(
        "       reference, replayed",
        [o for o, _ in replayed],
        f"{fmean(n for _, n in replayed):.1f}",
    )
    _line("       stored, 1 run", list(_stored(percent, records, 1)), "")
    _line(f"       stored, {HISTORY} runs", list(_stored(percent, records, HISTORY)), "")
    _line("       milliseconds", list(_absolute(percent, records)), "")
    named = [record.first for record in own if record.outcome == "fail"]
    if named:
        right = sum(first == ["forward", "aten::mm"] for first in named)
        print(
            f"       of the real failures, {right} of {len(named)} named forward and aten::mm first"
        )


def _line(label: str, outcomes: Sequence[str], launches: str) -> None:
    counts, n = Counter(outcomes), len(outcomes)
    if not n:
        print(f"{label:32} too few checks")
        return
    shares = [f"{100 * counts[o] / n:5.1f} %" for o in ("fail", "pass", "inconclusive")]
    print(f"{label:32}{shares[0]}{shares[1]}{shares[2]:>13}{n:9}{launches:>10}")


def _replayed(own: Sequence[Record]) -> Iterator[tuple[str, int]]:
    """Yield outcome and launches of checks whose launches are drawn from those of a real one."""
    from annt_prof.check.looks import planned
    from annt_prof.check.question import Question
    from annt_prof.check.verdicts import decide

    generator, plan = random.Random(1), planned(28)
    for _ in range(REPLAYED):
        pool = generator.choice(own).ratios
        drawn = [generator.choice(pool) for _ in range(28)]
        verdicts: tuple = ()
        for n in plan.launches:
            question = Question(tuple(drawn[:n]), LIMIT, True, reference=(1.0,) * n, paired=True)
            verdicts = decide([question], plan.level, verdicts)
            if verdicts[0].is_settled:
                break
        yield verdicts[0].outcome.value, n


def _stored(percent: int, records: Sequence[Record], runs: int) -> Iterator[str]:
    """Yield the outcome of each check against the reference sides of those before it."""
    from itertools import combinations

    from annt_prof.check.looks import at_once
    from annt_prof.check.noise import noise_of
    from annt_prof.check.question import Question
    from annt_prof.check.verdicts import decide

    for place, record in enumerate(records):
        before = [r.reference_ns for r in records[max(0, place - runs) : place]]
        if record.percent != percent or len(before) < runs:
            continue
        middles = [fmean(map(math.log, values)) for values in before]
        question = Question(
            tuple(record.checked_ns),
            LIMIT,
            True,
            reference=tuple(ns for values in before for ns in values),
            noise=noise_of([a - b for a, b in combinations(middles, 2)]),
        )
        yield decide([question], at_once(len(record.checked_ns)).level)[0].outcome.value


def _absolute(percent: int, records: Sequence[Record]) -> Iterator[str]:
    """Yield the outcome of each check against a limit that was set on the first one's reference."""
    from annt_prof.check.looks import at_once
    from annt_prof.check.question import Question
    from annt_prof.check.verdicts import decide

    limit_ns = LIMIT * fmean(records[0].reference_ns)
    for record in records[1:]:
        if record.percent == percent:
            question = Question(tuple(record.checked_ns), limit_ns, True)
            yield decide([question], at_once(len(record.checked_ns)).level)[0].outcome.value


if __name__ == "__main__":
    main()
