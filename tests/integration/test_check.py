"""``annt-prof check`` as a pipeline calls it: real processes, a real repository, its whole life."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from conftest import Outcome, Workbench

yaml = YAML(typ="safe", pure=True)

# Steps that sleep take as long on a busy machine, so that the verdicts here are no matter of luck.
MODULE = """\
import time

import torch

FETCH_S, FORWARD_S = 0.004, 0.004


class Samples(torch.utils.data.Dataset):
    num_classes = 10

    def __len__(self):
        return 512

    def __getitem__(self, index):
        time.sleep(FETCH_S)
        return torch.full((3, 8, 8), float(index % 7)), index % 10


class Net(torch.nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.linear = torch.nn.Linear(192, num_classes)

    def forward(self, inputs):
        time.sleep(FORWARD_S)
        return self.linear(inputs.flatten(1))


def samples():
    return Samples()
"""
SCENARIO = """\
name: ci
model: {source: python, name: paced:Net}
dataset: {name: paced:samples, batch_size: 1}
window:
  warmup: 2
  iterations: 6
  switch_in: 1
  rounds_per_launch: 2
  min_launches: 5
  time_budget_s: 60
  traced_iterations: 4
budgets:
  step_time:
    - {max_ratio: 1.5, to: baseline}
    - {max_ratio: 1.5, to: reference}
"""
SCENARIO_FILE = "scenarios/ci.yaml"
DOCS = Path(__file__).parents[2] / "docs" / "ci.md"
INJECTED = {
    "data_loading": ("FETCH_S, FORWARD_S = 0.004, 0.004", "FETCH_S, FORWARD_S = 0.025, 0.004"),
    "forward": ("FETCH_S, FORWARD_S = 0.004, 0.004", "FETCH_S, FORWARD_S = 0.004, 0.025"),
}


class Project(Workbench):
    """A repository with a scenario, its code and its budgets."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "scenarios").mkdir()
        self.code = folder / "scenarios" / "paced.py"
        self.code.write_text(MODULE)
        (folder / SCENARIO_FILE).write_text(SCENARIO)
        (folder / ".gitignore").write_text("runs/\n__pycache__/\n")
        self.git("init", "-q", "-b", "main")
        self.commit("a step of 8 ms")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(self.folder), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def slower(self, category: str) -> None:
        """Commit a change that makes a category slower."""
        before, after = INJECTED[category]
        self.code.write_text(self.code.read_text().replace(before, after))
        self.commit(f"make {category} slower")

    def revert(self) -> None:
        self.git("revert", "--no-edit", "HEAD")

    def check(self, *arguments: str) -> Outcome:
        return self.run("check", SCENARIO_FILE, "--device", "cpu", *arguments)

    def as_documented(self, variables: dict[str, str]) -> tuple[int, str]:
        """Run the command that the documented workflow runs, as it is written there."""
        workflows = [yaml.load(text) for text in _yaml_blocks(DOCS.read_text())]
        steps = [
            step
            for workflow in workflows
            if "jobs" in workflow
            for step in workflow["jobs"]["check"]["steps"]
            if "annt-prof check" in step.get("run", "")
        ]
        (step,) = steps
        assert set(step["env"]) == set(variables)
        path = f"{Path(sys.executable).parent}:{self.environment['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.folder,
            env={**self.environment, **variables, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def newest(self) -> Path:
        return max(p for p in (self.folder / "runs").iterdir() if p.is_dir())


def _yaml_blocks(text: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def grown(outcome: Outcome, kind: str = "category") -> list[str]:
    """The names of what grew, most first, of the first budget that failed."""
    document = json.loads(outcome.stdout)
    failed = next(b for b in document["budgets"] if b["outcome"] == "fail")
    return [g["name"] for g in failed["where"]["grown"] if g["kind"] == kind]


@pytest.mark.slow
def test_a_pipelines_life_with_a_stored_baseline(project: Project) -> None:
    nothing = project.check("--set", "window.time_budget_s=1")
    assert nothing.status == 5, nothing.stderr  # no baseline yet: not green, and no regression
    assert "skipped" in nothing.stdout

    assert project.run("run", SCENARIO_FILE, "--device", "cpu").status == 0
    accepted = project.run("baseline", "accept", str(project.newest))
    assert accepted.status == 0, accepted.stderr
    project.commit("accept a baseline")
    files = [str(p.relative_to(project.folder)) for p in project.folder.glob("reports/**/*.json")]
    assert len(files) == 1

    project.slower("data_loading")
    failed = project.check("--json")
    assert failed.status == 1, failed.stdout + failed.stderr
    assert grown(failed)[0] == "data_loading"

    project.revert()
    passed = project.check()
    assert passed.status == 0, passed.stdout + passed.stderr
    assert project.git("status", "--porcelain") == ""  # a check changes no file of the project


@pytest.mark.slow
def test_a_pipelines_life_with_a_worktree_as_reference(project: Project) -> None:
    project.slower("forward")
    failed = project.check("--reference-worktree", "HEAD~1", "--json", "--junit", "out/junit.xml")
    assert failed.status == 1, failed.stdout + failed.stderr
    assert grown(failed)[0] == "forward"
    assert "<failure" in (project.folder / "out" / "junit.xml").read_text()

    project.revert()
    status, said = project.as_documented({"BASE": "HEAD~2"})
    assert status == 0, said
    assert "::error" not in said
    assert len(project.git("worktree", "list").splitlines()) == 1
    project.git("checkout", "-q", "--", ".")
    assert project.git("branch", "--list").split() == ["*", "main"]


@pytest.mark.slow
def test_another_python_is_a_reference_too(project: Project) -> None:
    compared = project.check("--reference-python", sys.executable, "--json")
    assert compared.status == 0, compared.stdout + compared.stderr
    assert "with the same packages" in json.loads(compared.stdout)["reference"]


def test_a_worktree_that_cannot_be_made_changes_nothing(project: Project) -> None:
    before = project.git("status", "--porcelain"), project.git("worktree", "list")
    outcome = project.check("--reference-worktree", "no-such-branch")
    assert outcome.status == 2
    assert "no-such-branch" in outcome.stderr
    assert outcome.stderr.count("\n") < 15
    assert (project.git("status", "--porcelain"), project.git("worktree", "list")) == before
    assert not (project.folder / "runs").exists()


def test_code_that_comes_from_the_checkout_itself_is_no_reference(project: Project) -> None:
    """A module that a path of its own finds: both sides would run it, and nobody would see."""
    (project.folder / "elsewhere").mkdir()
    (project.folder / "elsewhere" / "shared_part.py").write_text("VALUE = 1\n")
    code = "import sys\nsys.path.insert(0, {!r})\nimport shared_part\n"
    here = code.format(str(project.folder / "elsewhere"))
    project.code.write_text(here + project.code.read_text())
    project.commit("a path within the checkout")
    outcome = project.check("--reference-worktree", "HEAD")
    assert outcome.status == 2, outcome.stdout
    assert "shared_part" in outcome.stderr
    assert "both sides would run the same code" in outcome.stderr
