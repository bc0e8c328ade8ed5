"""How often ``annt-prof check`` cries wolf, and how often it sees what is there.

    python benchmarks/check_errors.py measure --out FOLDER [--minutes 60] [--quiet]
    python benchmarks/check_errors.py tell FOLDER

``measure`` runs real checks, one after the other, until its time is up; called again it goes on
where it was. Each holds a training step to at most 1.05 times a reference's that is launched in
turns with it: the same step, or one with 3, 5 or 10 % less of it. Meanwhile another process keeps
one core loaded, unless ``--quiet``. The step is 170 products of matrices and what else a step has,
which takes as long as about 30 more, so that 2 products more are 1 % of it; what the injected work
takes in truth is told beside the results, from all launches of all runs together.

``tell`` prints what came of them for each of the three kinds of limits.

- *reference, real*: the verdicts of the real checks, with the exact 95 % interval of the share that
  failed (Clopper and Pearson). They are what counts.
- *reference, replayed*: further ones whose launches are drawn with replacement from all launches of
  all real checks, each as far from its own check's mean as it was (times the square root of
  n / (n - 1), which that mean takes away) and moved to the mean of its kind. They have no loud and
  quiet minutes, as real ones have, and end after as many launches as real ones that could not be
  told.
- *stored* and *milliseconds*: the same launches held to other checks' reference sides, drawn at
  random, as baselines (of one run, or of six), and to 1.05 times another check's mean. They end
  with the launches that the real check took, which are few where that was told soon, so that more
  of them cannot be told than if they went on.
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
from itertools import combinations
from pathlib import Path
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, NamedTuple

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for benchmarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from annt_prof.check.question import Question

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
    from scipy.special import stdtrit  # slow to import, and every worker imports this module

    seconds = [record.seconds for record in records]
    print(f"{len(records)} real checks, {median(seconds):.0f} s each in the middle")
    for percent in sorted(set(MIX)):
        own = [record for record in records if record.percent == percent]
        # Launches of one check share its minutes: what is known of the mean is told from checks.
        means = [fmean(map(math.log, record.ratios)) for record in own]
        if len(means) > 1:
            error = stdev(means) / math.sqrt(len(means))
            within = 100 * float(stdtrit(len(means) - 1, 0.975)) * error
            spread = stdev(each for record in own for each in _residuals(record))
            print(
                f"  +{percent} % of work: {100 * math.expm1(fmean(means)):+.2f} % of time "
                f"(95 % ± {within:.2f}, {len(means)} checks), launches differ by "
                f"{100 * spread:.1f} %"
            )
    print(f"\nlimit {LIMIT}x{'':24}fail   pass  cannot tell       of  launches")
    for percent in sorted(set(MIX)):
        own = [record for record in records if record.percent == percent]
        if own:
            _tell_one(percent, own, records)


def _tell_one(percent: int, own: Sequence[Record], records: Sequence[Record]) -> None:
    from scipy.stats import binomtest

    launches = f"{fmean(record.launches for record in own):.1f}"
    _line(f"+{percent} %  reference, real", [r.outcome for r in own], launches)
    failed = sum(record.outcome == "fail" for record in own)
    low, high = binomtest(failed, len(own)).proportion_ci(0.95, method="exact")
    print(f"{'':32}{100 * low:.1f} to {100 * high:.1f} % fail (95 %)")
    replayed = list(_replayed(own, records))
    took = f"{fmean(n for _, n in replayed):.1f}"
    _line("       reference, replayed", [outcome for outcome, _ in replayed], took)
    for label, outcomes in (
        ("       stored, 1 run", _stored(own, records, 1)),
        (f"       stored, {HISTORY} runs", _stored(own, records, HISTORY)),
        ("       milliseconds", _absolute(own, records)),
    ):
        _line(label, list(outcomes), "")
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


def _looked_at(ask: Callable[[int], Question], most: int) -> tuple[str, int]:
    """Return the outcome and the launches of a check that is looked at as it grows.

    Args:
        ask: Given how many launches there are.
        most: Launches that it has at last.
    """
    from annt_prof.check.looks import planned
    from annt_prof.check.verdicts import decide
    from annt_prof.runner.gate import MOST_LAUNCHES

    plan, verdicts = planned(MOST_LAUNCHES), ()
    for n in dict.fromkeys(min(look, most) for look in plan.launches):
        verdicts = decide([ask(n)], plan.level, verdicts)
        if verdicts[0].is_settled:
            break
    return verdicts[0].outcome.value, n


def _replayed(own: Sequence[Record], records: Sequence[Record]) -> Iterator[tuple[str, int]]:
    """Yield outcome and launches of checks whose launches are drawn from those of all real ones."""
    from annt_prof.check.question import Question

    generator = random.Random(1)
    centre = fmean(math.log(ratio) for record in own for ratio in record.ratios)
    residuals = [each for record in records for each in _residuals(record)]
    lengths = [r.launches for r in records if r.outcome == "inconclusive"]
    lengths = lengths or [max(r.launches for r in records)]
    for _ in range(REPLAYED):
        most = generator.choice(lengths)
        drawn = [math.exp(centre + generator.choice(residuals)) for _ in range(most)]
        yield _looked_at(
            lambda n, d=drawn: Question(tuple(d[:n]), LIMIT, True, (1.0,) * n, paired=True), most
        )


def _residuals(record: Record) -> list[float]:
    logs = [math.log(ratio) for ratio in record.ratios]
    centre, n = fmean(logs), len(logs)
    return [math.sqrt(n / (n - 1)) * (each - centre) for each in logs] if n > 1 else []


def _stored(own: Sequence[Record], records: Sequence[Record], runs: int) -> Iterator[str]:
    """Yield the outcome of each check against the reference sides of others."""
    from annt_prof.check.noise import noise_of
    from annt_prof.check.question import Question

    generator = random.Random(2)
    for record in own:
        others = [each.reference_ns for each in records if each is not record]
        if len(others) < runs:
            continue
        before = generator.sample(others, runs)
        middles = [fmean(map(math.log, values)) for values in before]
        reference = tuple(ns for values in before for ns in values)
        noise = noise_of([a - b for a, b in combinations(middles, 2)])
        yield _looked_at(
            lambda n, r=record, ns=reference, noise=noise: Question(
                tuple(r.checked_ns[:n]), LIMIT, True, reference=ns, noise=noise
            ),
            len(record.checked_ns),
        )[0]


def _absolute(own: Sequence[Record], records: Sequence[Record]) -> Iterator[str]:
    """Yield the outcome of each check against a limit that was set on another's reference."""
    from annt_prof.check.question import Question

    generator = random.Random(3)
    for record in own:
        others = [each for each in records if each is not record]
        if not others:
            continue
        limit_ns = LIMIT * fmean(generator.choice(others).reference_ns)
        yield _looked_at(
            lambda n, r=record, ns=limit_ns: Question(tuple(r.checked_ns[:n]), ns, True),
            len(record.checked_ns),
        )[0]


if __name__ == "__main__":
    main()
