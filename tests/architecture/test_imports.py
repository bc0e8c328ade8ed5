"""What the process of each command imports, seen from a process of its own."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from annt_prof.categories import Phase
from annt_prof.cli import COMMANDS
from annt_prof.runs import store
from annt_prof.testing import TraceBuilder
from annt_prof.workload.datasets.cifar_files import CIFAR
from hand_made import cpu_run, run, variant

TORCH = {"torch", "torchvision", "timm", "transformers"}
UNWANTED = TORCH | {"pandas"}  # in any command's own process, whatever it does
HEAVY = UNWANTED | {"scipy", "sklearn", "textual", "tensorboard"}
STARTUP = HEAVY | {"numpy", "pydantic", "rich", "ruamel", "msgspec"}

PROBE = """
import sys
{before}
from annt_prof.cli import main
try:
    status = main(sys.argv[1:])
except SystemExit as end:
    status = end.code or 0
sys.stdout.flush()
print(status, *sorted({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
"""


def start(*arguments: str, status: int = 0, before: str = "") -> set[str]:
    """Run one command in a fresh interpreter and return the packages it imported.

    Args:
        arguments: Of the command line.
        status: That it must end with.
        before: What the interpreter runs first.
    """
    program = PROBE.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    ended, *modules = done.stderr.splitlines()[-1].split()
    assert int(ended) == status, done.stderr
    assert done.stdout or status
    return set(modules)


@pytest.fixture(autouse=True)
def nothing_of_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def directory(tmp_path: Path) -> str:
    made = store.create(tmp_path, "vit_amp", "")
    store.write(made, cpu_run())
    return str(made)


@pytest.fixture
def trace(tmp_path: Path) -> str:
    return str(traced(0).write(tmp_path / "trace.json.gz"))


@pytest.fixture
def ranks(tmp_path: Path) -> str:
    folder = tmp_path / "ranks"
    folder.mkdir()
    for rank in (0, 1):
        text = traced(100 * rank).json().replace('"rank": 0', f'"rank": {rank}')
        (folder / f"rank{rank}.json").write_text(text)
    return str(folder)


def traced(late_ns: int) -> TraceBuilder:
    """A step on a device, of which two ranks reduce their gradients together."""
    builder = TraceBuilder(world_size=2).step(0, 10_000)
    builder.phase(Phase.BACKWARD, 0, 8000)
    builder.operator("aten::mm", 100, 400)
    builder.kernel("gemm", 1000, 4000 + late_ns, launch_ns=200)
    builder.kernel("ncclDevKernel_AllReduce_Sum_f32_RING_LL", 4500, 7000, launch_ns=300, stream=20)
    return builder


SCENARIO = """\
model: {source: torchvision, name: resnet18}
dataset: {name: cifar10, batch_size: 4}
optimizer: {name: sgd, lr: 0.1}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO)
    return str(path)


@pytest.fixture
def data(tmp_path: Path) -> str:
    """CIFAR-10 as its author's archive extracts, of one image a file."""
    described = CIFAR["cifar10"]
    folder = tmp_path / "data" / described.folder
    folder.mkdir(parents=True)
    batch = {"data": np.zeros((1, 3072), np.uint8), described.label_key: [0]}
    for name in (*described.train, *described.test):
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))
    return str(folder.parent)


SCRIPT = """\
import torch

model = torch.nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    model(torch.ones(4, 8)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return str(path)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["completion", "zsh"]])
def test_help_imports_next_to_nothing(arguments: list[str]) -> None:
    assert not start(*arguments) & STARTUP


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_imports_nothing_heavy(name: str) -> None:
    assert not start(name, "--help") & (STARTUP - {"msgspec"})


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_show_needs_no_torch(directory: str, form: list[str]) -> None:
    assert not start("show", directory, *form) & (HEAVY | {"numpy", "pydantic"})


@pytest.mark.parametrize("arguments", [[], ["amp"], ["--json"]])
def test_techniques_needs_no_torch(arguments: list[str]) -> None:
    assert not start("techniques", *arguments) & (HEAVY | {"numpy", "pydantic"})


def test_schema_needs_no_torch() -> None:
    assert not start("schema") & HEAVY


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_explaining_needs_no_torch(directory: str, form: list[str]) -> None:
    assert not start("explain", directory, *form) & UNWANTED
    assert not start("explain", "amp") & HEAVY


def test_baselines_need_no_torch(tmp_path: Path) -> None:
    launches = variant("baseline", [10.0] * 5)
    made = store.create(tmp_path, "vit_amp", "")
    store.write(made, run(launches))
    kept = ["--baselines", str(tmp_path / "baselines")]
    light = HEAVY | {"numpy", "pydantic"}
    assert not start("baseline", "accept", str(made), *kept) & light
    for arguments in (["list"], ["show"], ["show", "--json"]):
        assert not start("baseline", *arguments, *kept) & light


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_comparing_and_history_need_no_torch(directory: str, form: list[str]) -> None:
    assert not start("compare", f"{directory}:baseline", ":amp", *form) & UNWANTED
    root = str(Path(directory).parent)
    assert not start("history", "--runs-dir", root, *form) & (UNWANTED | {"ruptures"})


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_advice_needs_no_torch(directory: str, trace: str, form: list[str]) -> None:
    for source in (directory, trace):
        assert not start("advise", source, *form) & UNWANTED


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_analysing_needs_no_torch(trace: str, ranks: str, form: list[str]) -> None:
    for path in (trace, ranks):
        assert not start("analyze", path, *form) & UNWANTED


def test_a_script_is_inspected_in_a_process_of_its_own(script: str, tmp_path: Path) -> None:
    assert not start("inspect", script) & HEAVY
    nothing = tmp_path / "nothing.py"
    nothing.touch()
    assert not start("inspect", "--json", str(nothing), status=2) & HEAVY


def test_a_data_set_is_fetched_without_torch(scenario: str, data: str) -> None:
    """The weights of a model are not: only its library knows where they are published."""
    assert not start("fetch", scenario, "--data-dir", data) & UNWANTED


def test_tensorboard_runs_in_a_process_of_its_own(directory: str) -> None:
    """What is seen is the command's process until the server has ended, here as it starts."""
    before = "sys.executable = '/bin/false'"
    assert not start("tensorboard", directory, before=before, status=2) & UNWANTED
    assert list(Path(directory).rglob("*tfevents*"))


def test_the_doctor_asks_torch_in_a_process_of_its_own(scenario: str) -> None:
    assert not start("doctor", scenario) & UNWANTED


def test_a_bad_scenario_is_refused_without_torch(tmp_path: Path) -> None:
    scenario = tmp_path / "bad.yaml"
    scenario.write_text("name: 1\n")
    assert not start("run", str(scenario), status=2) & UNWANTED


def test_a_run_imports_torch_in_its_workers_alone(scenario: str, tmp_path: Path) -> None:
    """It ends as soon as the first of them has tried to build the model."""
    asked = ("--set", "model.name=resnet19", "--set", "dataset.name=digits", "--device", "cpu")
    imported = start("run", scenario, *asked, "--runs-dir", str(tmp_path / "runs"), status=2)
    assert not imported & UNWANTED
    assert "multiprocessing" in imported
