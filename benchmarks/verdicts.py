"""How often a technique that does nothing, and one worth 3 %, are called what they are.

    python benchmarks/verdicts.py [--runs 20] [--busy] [--device {cpu,cuda}]

Each run is a real one of ``annt-prof run`` with the default window on a model whose step is work
of a known length: ``identity`` changes nothing, ``three_percent`` takes 3 % of it away, and the
baseline is measured twice. ``--busy`` keeps one core loaded by another process meanwhile. Printed
are the verdicts' counts and how often an interval of identity or of the baseline against itself
leaves out 1, which a 95 % interval does once in twenty. On a device the work is there, in
products that are large enough for it to wait for them and not for the host.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for benchmarks

from benchmarks.answers import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = """
from dataclasses import dataclass, field

import torch

from annt_prof.categories import Category
from annt_prof.techniques.technique import Signature, Technique

SHARE = {"of": 1.0}  # each variant has a process of its own


class Net(torch.nn.Module):
    def __init__(self, num_classes, side, products):
        super().__init__()
        self.linear = torch.nn.Linear(3, num_classes)
        self.register_buffer("matrix", torch.eye(side))
        self.products = products

    def forward(self, inputs):
        product = self.matrix
        for _ in range(round(self.products * SHARE["of"])):
            product = product @ self.matrix
        return self.linear(inputs) + product[0, 1]


def samples():
    return torch.utils.data.TensorDataset(torch.zeros(64, 3), torch.zeros(64, dtype=torch.long))


@dataclass(frozen=True)
class Identity:
    on: bool = field(default=True, metadata={"description": "Does nothing either way."})

    def apply(self, setup):
        pass


@dataclass(frozen=True)
class ThreePercent:
    on: bool = field(default=True, metadata={"description": "Takes 3 % of the work away."})

    def apply(self, setup):
        SHARE["of"] = 0.97


def technique(name, options):
    return Technique(
        name=name, summary=name, options=options, obstacle=lambda options, machine: None,
        signature=Signature((Category.FORWARD,), (), (), "it cannot save more than forward"),
        mathematics="nothing", source="benchmarks/verdicts.py",
    )


IDENTITY = technique("identity", Identity)
THREE_PERCENT = technique("three_percent", ThreePercent)
"""
ENTRY_POINTS = """\
[annt_prof.techniques]
identity = known_work:IDENTITY
three_percent = known_work:THREE_PERCENT
"""
SCENARIO = """\
name: verdicts
model: {source: python, name: "known_work:Net", arguments: {side: SIDE, products: PRODUCTS}}
dataset: {name: "known_work:samples", batch_size: 1}
techniques: {identity: , three_percent: }
design: alone
"""
SIZES = {"cpu": (96, 400), "cuda": (1024, 300)}
"""Side of the matrices and how many products a step has: some 14 ms on two cores, and on a device
that multiplies 2 GFLOP of float32 in 50 us."""


def prepare(folder: Path, device: str) -> dict[str, str]:
    """Install the plug-in in the folder and return the environment to run in."""
    side, products = SIZES[device]
    (folder / "known_work.py").write_text(MODULE)
    scenario = SCENARIO.replace("SIDE", str(side)).replace("PRODUCTS", str(products))
    (folder / "verdicts.yaml").write_text(scenario)
    info = folder / "known_work-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: known-work\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def explained(
    folder: Path, environment: dict[str, str], seed: int, device: str, overrides: Sequence[str] = ()
) -> dict:
    """Run once and return the explanation.

    Raises:
        SystemExit: A command failed, or the run lost a variant, for the reasons that are told.
    """
    program = [sys.executable, "-m", "annt_prof"]
    measuring = [*program, "run", "verdicts.yaml", "--device", device, "--aa", "--json"]
    sets = [part for each in (f"seed={seed}", *overrides) for part in ("--set", each)]
    answer([*measuring, *sets], folder, environment)
    return answer([*program, "explain", "--json"], folder, environment)


def spin() -> None:
    """Keep a core busy."""
    while True:
        pass


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--device", choices=tuple(SIZES), default="cpu")
    parser.add_argument("--verbose", action="store_true", help="Print each interval.")
    arguments = parser.parse_args()
    if arguments.busy:
        multiprocessing.Process(target=spin, daemon=True).start()
    verdicts = {"identity": Counter(), "three_percent": Counter()}
    outside = Counter()
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = prepare(folder, arguments.device)
        for seed in range(arguments.runs):
            explanation = explained(folder, environment, seed, arguments.device)
            found = {each["name"]: each for each in explanation["techniques"]}
            for technique, counts in verdicts.items():
                counts[found[technique]["verdict"]] += 1
            rounds.append(found["identity"]["speedup"]["rounds"])
            again, identity = explanation["baseline_again"], found["identity"]["speedup"]
            for label, speedup in (("baseline again", again), ("identity", identity)):
                outside[label] += not speedup["low"] <= 1 <= speedup["high"]
                if arguments.verbose:
                    interval = f"{speedup['low']:.4f} to {speedup['high']:.4f}"
                    print(f"{label:<14} {speedup['ratio']:.4f} ({interval}), "
                          f"{speedup['rounds']} rounds", flush=True)  # fmt: skip
    busy = "one core busy" if arguments.busy else "idle"
    print(f"{arguments.runs} runs on {arguments.device}, {busy}, rounds "
          f"{min(rounds)} to {max(rounds)}")  # fmt: skip
    for technique, counts in verdicts.items():
        print(f"  {technique:<14} {dict(counts)}")
    for label, count in outside.items():
        print(f"  {label:<14} interval without 1: {count} of {arguments.runs}")


if __name__ == "__main__":
    main()
