"""``annt-prof run``, the real command on a tiny scenario."""

from __future__ import annotations

import contextlib
import csv
import json
import multiprocessing
import os
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from conftest import wait_until
from interruptible import ignore_interrupts

if TYPE_CHECKING:
    from conftest import Outcome, Workbench

FLAKY = """\
import fcntl
from pathlib import Path

from tiny_work import Net

COUNT = Path(__file__).with_name("count")


def net(num_classes):
    with COUNT.open("a+") as count:
        fcntl.flock(count, fcntl.LOCK_EX)  # processes of two variants are built at once
        count.write(".")
        built = count.tell()
    if built > 5:
        raise RuntimeError("the factory is tired")
    return Net(num_classes)
"""


ODD = """\
import torch
from tiny_work import Net, samples


class Output(dict):
    pass


class Wrapping(Net):
    def forward(self, inputs):
        return Output(logits=super().forward(inputs))


class Dicts(torch.utils.data.TensorDataset):
    num_classes = 10

    def __init__(self):
        super().__init__(*samples().tensors)

    def __getitem__(self, index):
        inputs, label = super().__getitem__(index)
        return {"inputs": inputs}, label
"""


def test_every_variant_is_measured_and_the_inapplicable_is_named(finished: Outcome) -> None:
    assert finished.status == 0, finished.stderr
    assert finished.answer["schema_version"] == 3
    status = {name: variant["status"] for name, variant in finished.variants.items()}
    assert status == {
        "baseline": "measured",
        "amp": "measured",
        "gradient_accumulation": "measured",
        "pin_memory": "not_applicable",
        "all": "measured",
    }
    assert finished.variants["pin_memory"]["reason"] == "no accelerator to copy to"
    assert finished.variants["all"]["techniques"] == ["amp", "gradient_accumulation"]
    assert finished.variants["all"]["left_out"] == {"pin_memory": "no accelerator to copy to"}


def test_figures_of_a_variant_agree_with_each_other(finished: Outcome) -> None:
    for variant in finished.variants.values():
        if variant["status"] != "measured":
            continue
        step = variant["step_time_ns"]
        assert step["p05"] <= step["p95"]
        assert step["n"] >= 2
        assert variant["throughput"] == pytest.approx(4 / (step["mean"] / 1e9))
        assert sum(variant["breakdown_ns"].values()) == variant["breakdown_step_ns"]
        expected = variant["breakdown_step_ns"] / (step["mean"] - step["epoch_start"]) - 1
        assert variant["profiler_inflation"] == pytest.approx(expected)
        assert variant["peak_memory_bytes"] > 0
        speedup = variant["speedup"]
        assert speedup["low"] <= speedup["ratio"] <= speedup["high"]


def test_stdout_holds_the_document_alone_and_stderr_what_the_run_will_take(
    finished: Outcome,
) -> None:
    assert finished.stdout.startswith("{")
    first, second = finished.stderr.splitlines()
    assert first.startswith("a step of the first variant takes ")
    assert second.startswith("each window is ")


def test_what_goes_wrong_after_measuring_costs_no_figure(workbench: Workbench) -> None:
    """Counting operations comes last; a worker that dies there has been measured."""
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu", "--set", "model.arguments.trouble=counting"
    )
    assert outcome.status == 0, outcome.stderr
    for name in ("baseline", "amp", "all"):
        variant = outcome.variants[name]
        assert variant["status"] == "measured"
        assert variant["breakdown_ns"]
        assert variant["numerics"] is None
        assert any("numbers were not looked at: killed" in text for text in variant["remarks"])


def test_rounds_are_interleaved(finished: Outcome) -> None:
    record = json.loads((finished.run_directory / "run.json").read_text())
    windows = [
        (window["started_ns"], window["ended_ns"], window["round"])
        for variant in record["variants"]
        for window in variant["windows"]
    ]
    windows.sort()
    rounds = [round_ for _, _, round_ in windows]
    assert rounds == sorted(rounds)
    assert all(ended <= started for (_, ended, _), (started, _, _) in pairwise(windows))


def test_fresh_processes_take_over_after_a_few_rounds(finished: Outcome) -> None:
    record = json.loads((finished.run_directory / "run.json").read_text())
    baseline = record["variants"][0]
    assert [window["launch"] for window in baseline["windows"]] == [0, 1, 2]
    assert finished.variants["amp"]["speedup"]["launches"] == 3


def test_the_run_directory_is_complete(finished: Outcome) -> None:
    directory = finished.run_directory
    assert (directory / "scenario.yaml").read_text() == (finished.folder / "tiny.yaml").read_text()
    assert (directory / "telemetry.csv").exists()
    with (directory / "step_times.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["variant"] for row in rows} == {"baseline", "amp", "gradient_accumulation", "all"}
    for variant in ("baseline", "amp", "gradient_accumulation", "all"):
        folder = directory / "tensorboard" / variant
        assert (folder / "kineto.json.gz").exists()
        assert list(folder.glob("*.pt.trace.json.gz"))
        assert list(folder.glob("events.out.tfevents.*"))


def test_show_prints_the_same_answer(finished: Outcome, workbench: Workbench) -> None:
    shown = workbench.run("show", str(finished.run_directory), "--json")
    assert shown.status == 0
    assert shown.answer == finished.answer


@pytest.mark.parametrize(
    ("trouble", "status", "reason"),
    [
        ("raise", "crashed", "RuntimeError: the dog ate [bold]the[/bold] weights"),
        ("memory", "out_of_memory", "tried to allocate 3.00 TiB"),
        ("kill", "crashed", "killed by SIGKILL"),
    ],
)
def test_a_lost_worker_costs_its_own_variant_only(
    workbench: Workbench, trouble: str, status: str, reason: str
) -> None:
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu",
        "--set", f"model.arguments.trouble={trouble}",
    )  # fmt: skip
    assert outcome.status == 3, outcome.stderr
    assert outcome.variants["amp"]["status"] == status
    assert reason in outcome.variants["amp"]["reason"]
    assert outcome.variants["gradient_accumulation"]["status"] == "measured"
    assert outcome.variants["gradient_accumulation"]["speedup"]["ratio"] > 0
    assert outcome.variants["amp"]["log"] == "logs/amp.log"
    assert outcome.variants["baseline"]["log"] is None
    log = outcome.run_directory / "logs" / "amp.log"
    assert "about to go wrong" in log.read_text()

    shown = workbench.run("show")
    assert shown.status == 0
    assert str(log.relative_to(workbench.folder)) in shown.stdout
    wanted = "out of memory" if trouble == "memory" else "crashed"
    assert wanted in shown.stdout


CORRUPT = """\
import os

import torch
from tiny_work import samples


class Corrupt(torch.utils.data.TensorDataset):
    num_classes = 10

    def __init__(self, how):
        super().__init__(*samples().tensors)
        self.how = how

    def __getitem__(self, index):
        if torch.utils.data.get_worker_info() is not None:
            if self.how == "raise":
                raise ValueError("corrupt image 57.jpg")
            os._exit(9)
        return super().__getitem__(index)
"""


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", "ValueError: corrupt image 57.jpg (in DataLoader worker process "),
        ("exit", "DataLoader worker (pid"),
    ],
)
def test_a_loader_process_that_fails_is_told_once_with_its_own_text_and_log(
    workbench: Workbench, how: str, reason: str
) -> None:
    (workbench.folder / "corrupt.py").write_text(CORRUPT)
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu", "--set", "dataset.workers=2",
        "--set", "dataset.name=corrupt:Corrupt", "--set", f"dataset.arguments.how={how}",
    )  # fmt: skip
    assert outcome.status == 3, outcome.stderr
    baseline, *others = outcome.variants.values()
    assert baseline["status"] == "crashed"
    assert reason in baseline["reason"]
    log = outcome.run_directory / baseline["log"]
    assert "Traceback" in log.read_text()
    assert {each["status"] for each in others} == {"not_measured", "not_applicable"}
    assert not any(reason in each["reason"] for each in others)
    shown = workbench.run("show")
    assert str(log.relative_to(workbench.folder)) in shown.stdout
    assert "annt-prof explain" not in shown.stdout


def test_a_technique_that_the_model_refuses_is_a_result(workbench: Workbench) -> None:
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu",
        "--set", "techniques.activation_checkpointing.preserve_rng_state=true",
    )  # fmt: skip
    assert outcome.status == 0, outcome.stderr
    refused = outcome.variants["activation_checkpointing"]
    assert refused["status"] == "not_applicable"
    assert "no blocks are found in the model" in refused["reason"]
    assert outcome.variants["all"]["techniques"] == ["amp", "gradient_accumulation"]
    assert "activation_checkpointing" in outcome.variants["all"]["left_out"]
    assert outcome.variants["all"]["speedup"]["ratio"] > 0


def test_a_technique_that_finds_nothing_to_act_on_is_a_result(workbench: Workbench) -> None:
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu",
        "--set", "techniques.sdpa.kernel=math",
        "--set", "techniques.gradient_accumulation.steps=32", "--set", "window.iterations=32",
        "--set", "window.traced_iterations=32",
    )  # fmt: skip
    assert outcome.status == 0, outcome.stderr
    reasons = {
        "sdpa": "it did not act: the model ran no scaled dot-product attention",
        "gradient_accumulation": "it did not act: an epoch has 16 batches, so groups of 32 were "
        "never reached",
        "pin_memory": "no accelerator to copy to",
    }
    for name, reason in reasons.items():
        idle = outcome.variants[name]
        assert (idle["status"], idle["reason"]) == ("not_applicable", reason)
    assert outcome.variants["amp"]["status"] == "measured"
    assert outcome.variants["all"]["left_out"] == reasons
    shown = workbench.run("show").stdout.replace("\n", " ")
    assert "not applicable: it did not act: the model ran no" in shown


def test_a_factory_that_fails_later_on_costs_no_answer(workbench: Workbench) -> None:
    (workbench.folder / "flaky.py").write_text(FLAKY)
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu", "--set", "model.name=flaky:net"
    )
    assert outcome.status == 3, outcome.stderr
    crashed = [v for v in outcome.variants.values() if v["status"] == "crashed"]
    assert crashed
    assert all("the factory is tired" in variant["reason"] for variant in crashed)
    assert outcome.answer["complete"]


def test_loader_processes_start_as_in_the_users_own_program(workbench: Workbench) -> None:
    """By fork, where that is the interpreter's default: nothing is pickled, nothing left over."""
    before = set(Path("/dev/shm").iterdir())
    outcome = workbench.run(
        "run", "tiny.yaml", "--json", "--device", "cpu",
        "--set", "dataset.name=tiny_work:Unpicklable", "--set", "dataset.workers=2",
    )  # fmt: skip
    if multiprocessing.get_start_method() != "fork":
        pytest.skip("this interpreter starts processes another way by default")
    assert outcome.status == 0, outcome.stderr
    assert outcome.variants["amp"]["status"] == "measured"
    left = {place.name for place in set(Path("/dev/shm").iterdir()) - before}
    assert not [name for name in left if name.startswith("sem.")]


@pytest.mark.parametrize(
    ("override", "wanted"),
    [
        ("model.name=tiny_work:Nett", "Nett"),
        ("model.name=no_such_module:Net", "no_such_module"),
        ("dataset.batch_size=0", "dataset.batch_size"),
        ("dataset.batch_size=65", "64"),
        ("model.name=odd_work:Wrapping", "a model must return a tensor of logits; got Output"),
        ("dataset.name=odd_work:Dicts", "(inputs, targets); got (dict, Tensor)"),
    ],
)
def test_what_cannot_be_built_is_one_message_and_no_run_directory(
    workbench: Workbench, override: str, wanted: str
) -> None:
    (workbench.folder / "odd_work.py").write_text(ODD)
    outcome = workbench.run("run", "tiny.yaml", "--device", "cpu", "--set", override)
    assert outcome.status == 2
    assert wanted in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert outcome.stdout == ""
    assert not (workbench.folder / "runs").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("whole_group", [True, False], ids=["every process", "the command"])
def test_an_interrupt_keeps_what_is_measured_and_leaves_no_process(
    workbench: Workbench, number: signal.Signals, whole_group: bool
) -> None:
    process = _measuring(workbench)
    children = psutil.Process(process.pid).children(recursive=True)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    answer = json.loads(stdout)
    baseline = answer["variants"][0]
    assert baseline["status"] == "measured"
    assert baseline["step_time_ns"]["n"] >= 1
    assert answer["stop"] == "interrupted"
    assert not [v for v in answer["variants"] if v["status"] == "crashed"]
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive


def test_an_interrupt_that_is_repeated_does_not_end_the_answer(workbench: Workbench) -> None:
    """A closed terminal or a scheduler sends several, some while the record is being written."""
    process = _measuring(workbench)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        for number in (signal.SIGTERM, signal.SIGHUP):
            process.send_signal(number)
        time.sleep(0.01)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert json.loads(stdout)["stop"] == "interrupted"


@pytest.mark.parametrize("after_s", [0.0, 0.5, 1.5])
def test_ctrl_c_before_anything_is_measured_is_one_word(
    workbench: Workbench, after_s: float
) -> None:
    """While the fork server imports torch, too, which takes seconds."""
    process = workbench.start("run", "tiny.yaml", "--device", "cpu")
    wait_until(lambda: _has_fork_server(process), process)
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout, stderr.strip()) == (130, "", "interrupted")


def test_what_is_started_with_ctrl_c_ignored_goes_on(workbench: Workbench) -> None:
    process = workbench.start(
        "run", "tiny.yaml", "--json", "--device", "cpu", prepare=ignore_interrupts
    )
    wait_until(lambda: _measured_rounds(workbench), process)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["complete"]


def _measuring(workbench: Workbench) -> subprocess.Popen[str]:
    """Start a run that would not end by itself, and wait until it has measured something."""
    process = workbench.start(
        "run", "tiny.yaml", "--json", "--device", "cpu",
        "--set", "window.rounds=100000", "--set", "window.time_budget_s=200",
        "--set", "window.precision=0.0000001",
    )  # fmt: skip
    wait_until(lambda: _measured_rounds(workbench), process)
    return process


def _has_fork_server(process: subprocess.Popen[str]) -> bool:
    for child in psutil.Process(process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if "forkserver" in " ".join(child.cmdline()):
                return True
    return False


def _measured_rounds(workbench: Workbench) -> int:
    for path in (workbench.folder / "runs").glob("*/run.json"):
        record = json.loads(path.read_text())
        return len(record["variants"][0]["windows"])
    return 0


def test_a_killed_run_leaves_a_readable_directory_that_says_so(workbench: Workbench) -> None:
    process = _measuring(workbench)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait(timeout=30)
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive
    shown = workbench.run("show", "--json")
    assert shown.status == 0
    assert shown.variants["baseline"]["step_time_ns"]["n"] >= 1
