"""``check`` leaves its result with the run, for the dashboard."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from annt_prof.check import kept
from annt_prof.check.result import CheckResult
from annt_prof.cli import check
from annt_prof.runs import store
from hand_made import run, variant

SCENARIO = """\
model: {source: torchvision, name: resnet18}
dataset: {name: cifar10, batch_size: 4}
optimizer: {name: sgd, lr: 0.1}
budgets:
  peak_memory: {max: 64 GiB, variant: baseline}
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = store.create(tmp_path, "vit_amp", SCENARIO)
    store.write(made, run(variant("baseline", [10.0] * 6)))
    return made


def test_a_run_has_the_result_of_its_last_check(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    done = CliRunner().invoke(check.command, [str(directory), "--result", str(file)])
    told = msgspec.json.decode(file.read_bytes(), type=CheckResult)
    assert kept.kept(directory) == told
    assert len(told.checked) == 1
    assert "not kept" not in done.stderr


def test_a_run_that_nothing_can_be_written_to_is_checked_all_the_same(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = CliRunner().invoke(check.command, [str(directory)])

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kept, "write_atomically", refuse)
    done = CliRunner().invoke(check.command, [str(directory)])
    assert (done.exit_code, done.stdout) == (before.exit_code, before.stdout)
    assert "the result is not kept with its run" in done.stderr
    assert "cannot be written: Permission denied" in done.stderr


def test_what_cannot_be_checked_leaves_nothing(directory: Path, tmp_path: Path) -> None:
    budgets = tmp_path / "budgets.yaml"
    budgets.write_text("budgets: {step_time: {max: 0 ms}}\n")
    done = CliRunner().invoke(check.command, [str(directory), "--budgets", str(budgets)])
    assert done.exit_code
    assert kept.kept(directory) is None


def test_what_was_told_is_not_lost_to_a_check_that_finds_nothing_to_tell(directory: Path) -> None:
    """As after a failed run was accepted: it is no baseline of itself."""

    def ended(limit: str) -> int:
        budget = f"step_time: {{{limit}"
        scenario = SCENARIO.replace("peak_memory: {max: 64 GiB", budget)
        (directory / "scenario.yaml").write_text(scenario)
        return CliRunner().invoke(check.command, [str(directory)]).exit_code

    assert ended("max_ratio: 1.05, to: reference") == 5
    assert ended("max: 1 ms") == 1
    failed = kept.kept(directory)
    assert ended("max_ratio: 1.05, to: reference") == 5
    assert kept.kept(directory) == failed
    assert ended("max: 90 ms") == 0
    assert kept.kept(directory) != failed
