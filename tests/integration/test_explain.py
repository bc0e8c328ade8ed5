"""Known worth put into a real run: waits that two plug-in techniques take away."""

from __future__ import annotations

import itertools
import json
import os
from typing import TYPE_CHECKING

import pytest

from conftest import Workbench

if TYPE_CHECKING:
    from pathlib import Path

SLOWER_NS = 0.2e6  # the step around a longer wait is up to 1 % slower, which is measured too
# Three intervals of 95 % leave out the truth once in eight runs. What is attributed wrongly is so
# in every run.
TRIES = 3

MODULE = """\
import time
from dataclasses import dataclass, field

import torch
from torch.optim.optimizer import register_optimizer_step_pre_hook

from annt_prof.categories import Category
from annt_prof.techniques.technique import Signature, Technique

ON = set()  # each variant has a process of its own


def sleeping(loading_ms, updating_ms):
    # Alone A saves 5 ms of loading and B 3 ms of updating; together 9 ms.
    both = 0.5 * ({"a", "b"} <= ON)
    return (
        (loading_ms - 5 * ("a" in ON) - both) / 1000,
        (updating_ms - 3 * ("b" in ON) - both) / 1000,
    )


def pause(seconds):
    # Spun, not slept: a core that slept longer is slower afterwards, which is worth measuring
    # but was not put in.
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


class Samples(torch.utils.data.Dataset):
    num_classes = 2

    def __len__(self):
        return 64

    def __getitem__(self, index):
        pause(sleeping(10, 6)[0])
        return torch.zeros(3), 0


def samples():
    return Samples()


def net(num_classes):
    def update(_optimizer, _arguments, _keywords):
        pause(sleeping(10, 6)[1])

    register_optimizer_step_pre_hook(update)
    return torch.nn.Linear(3, num_classes)


class Switch:
    def apply(self, setup):
        if self.on:
            ON.add(self.letter)


@dataclass(frozen=True)
class OptionsA(Switch):
    on: bool = field(default=True, metadata={"description": "Whether to act at all."})
    letter = "a"


@dataclass(frozen=True)
class OptionsB(Switch):
    on: bool = field(default=True, metadata={"description": "Whether to act at all."})
    letter = "b"


@dataclass(frozen=True)
class OptionsC(Switch):
    on: bool = field(default=True, metadata={"description": "Whether to act at all."})
    letter = "c"


def technique(options, moved):
    return Technique(
        name=f"technique_{options.letter}",
        summary="takes a wait away",
        options=options,
        obstacle=lambda options, machine: None,
        signature=Signature((moved,), (), (Category.FORWARD,), "it cannot save more than it does"),
        mathematics="nothing at all",
        source="this test",
    )


A = technique(OptionsA, Category.DATA_LOADING)
B = technique(OptionsB, Category.OPTIMIZER)
IDENTITY = technique(OptionsC, Category.FORWARD)
"""

ENTRY_POINTS = """\
[annt_prof.techniques]
technique_a = injected_worth:A
technique_b = injected_worth:B
technique_c = injected_worth:IDENTITY
"""

SCENARIO = """\
name: injected
model: {source: python, name: "injected_worth:net"}
dataset: {name: "injected_worth:samples", batch_size: 1}
techniques: {technique_a: , technique_b: , technique_c: }
design: factorial
window: {warmup: 2, iterations: 8, switch_in: 1, rounds: 10, min_launches: 5, traced_iterations: 20}
"""


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return measured(tmp_path_factory.mktemp("injected"))


def measured(folder: Path) -> dict:
    folder.mkdir(exist_ok=True)
    bench = Workbench(folder)
    (folder / "injected_worth.py").write_text(MODULE)
    (folder / "injected.yaml").write_text(SCENARIO)
    info = folder / "injected_worth-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: injected-worth\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    bench.environment["PYTHONPATH"] = os.pathsep.join(
        [str(folder), *filter(None, [bench.environment.get("PYTHONPATH")])]
    )
    ran = bench.run("run", "injected.yaml", "--device", "cpu", "--aa", "--json")
    assert ran.status == 0, ran.stderr
    shown = bench.run("explain", "--json")
    assert shown.status == 0, shown.stderr
    assert bench.run("explain").status == 0
    return json.loads(shown.stdout)


def outside(explained: dict) -> list[str]:
    """The techniques whose interval does not hold what was put in."""
    found = {
        each["name"]: each["shapley_interval_ns_per_sample"] for each in explained["techniques"]
    }
    put_in = {"technique_a": 5.5e6, "technique_b": 3.5e6, "technique_c": 0}
    return [
        name
        for name, ns in put_in.items()
        if not found[name]["low"] - SLOWER_NS <= ns <= found[name]["high"] + SLOWER_NS
    ]


def needs_quiet(explained: dict, ns: float) -> None:
    total = explained["total_saving_interval_ns_per_sample"]
    if total["high"] - total["low"] > ns:
        pytest.skip(f"other programs keep this machine too busy to see {ns / 1e6:g} ms")


def test_the_shares_are_what_was_put_in(explained: dict, tmp_path: Path) -> None:
    again = (measured(tmp_path / str(number)) for number in range(1, TRIES))
    missed = []
    for tried in itertools.chain([explained], again):
        missed.append(outside(tried))
        if not missed[-1]:
            break
    assert not missed[-1], missed
    shares = [each["shapley_ns_per_sample"] for each in explained["techniques"]]
    assert sum(shares) == explained["total_saving_ns_per_sample"]


def test_the_verdicts_name_the_categories(explained: dict) -> None:
    needs_quiet(explained, 2e6)
    found = {each["name"]: each for each in explained["techniques"]}
    assert found["technique_a"]["verdict"] == found["technique_b"]["verdict"] == "helps"
    for name, category in (("technique_a", "data_loading"), ("technique_b", "optimizer")):
        moved = found[name]["saving_by_category_ns_per_sample"]
        assert max(moved, key=lambda key: moved[key]) == category
        assert category in found[name]["reason"]
        (movement,) = [m for m in found[name]["signature"] if m["expected"] == "falls"]
        assert (movement["mover"], movement["seen"]) == (category, "fell")


def test_the_interaction_is_named(explained: dict) -> None:
    needs_quiet(explained, 0.3e6)
    pairs = {tuple(each["techniques"]): each["extra"]["ns"] for each in explained["interactions"]}
    assert pairs[("technique_a", "technique_b")] == pytest.approx(1e6, abs=0.4e6)


def test_two_scenarios_are_one_question(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    first = (tmp_path / "tiny.yaml").read_text()
    head, _, window = first.partition("techniques:")
    without = head.replace("lr: 0.01}", "lr: 0.01, clipping: {kind: value, limit: 0.01}}")
    window = "window:" + window.partition("window:")[2]
    (tmp_path / "without.yaml").write_text(f"{without}techniques: {{}}\n{window}")
    (tmp_path / "with.yaml").write_text(
        f"{head}techniques: {{gradient_accumulation: {{steps: 2}}}}\n{window}"
    )
    done = bench.run("explain", "without.yaml", "with.yaml", "--json", "--device", "cpu")
    assert done.status == 0, done.stderr
    found = {each["name"]: each for each in done.answer["techniques"]}
    assert set(found) == {"gradient_accumulation", "optimizer.clipping"}
    assert any("pin_memory: false" in line for line in done.answer["same_in_both"])
    assert "limit: 0.01 -> none" in " ".join(done.answer["differences"])
    shares = [each["shapley_ns_per_sample"] for each in found.values()]
    assert sum(shares) == done.answer["total_saving_ns_per_sample"]
    (path,) = tmp_path.glob("runs/*/run.json")
    traced = {v["name"]: v["breakdown"] for v in json.loads(path.read_text())["variants"]}
    assert traced["baseline"]["by_category_ns"]["grad_clipping"] > 0
    assert traced["optimizer.clipping"]["by_category_ns"]["grad_clipping"] == 0


def test_ceilings_are_measured_and_kept(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    bench.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    done = bench.run("doctor", "--calibrate", "--json")
    assert done.status == 0, done.stderr
    assert done.answer["matrix_flops"]["float32"] > 1e9
    assert done.answer["memory_bytes_per_s"] > 1e8
    assert done.answer["collective_bytes_per_s"] > 1e6, done.answer["no_collective"]
    assert done.answer["collective_ranks"] == 2
    assert (tmp_path / "cache" / "annt_prof" / "ceilings.json").exists()
