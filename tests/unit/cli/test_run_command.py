"""``annt-prof run`` prints what is measured even where it cannot be written for TensorBoard."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from annt_prof.cli.run import command
from annt_prof.errors import UserError
from hand_made import cpu_run

SCENARIO = """\
model: {source: torchvision, name: resnet18}
dataset: {name: digits, batch_size: 4}
optimizer: {name: sgd, lr: 0.1}
"""


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_the_answer_is_printed_before_the_disk_is_said_to_be_full(option, monkeypatch, tmp_path):
    recorded = SimpleNamespace(run=cpu_run(), directory=tmp_path)
    monkeypatch.setattr("annt_prof.runner.recording.record_run", lambda *_: recorded)

    def full(*_):
        raise UserError("the TensorBoard log cannot be written: No space left on device")

    monkeypatch.setattr("annt_prof.tensorboard.log.write", full)
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO)
    result = CliRunner().invoke(command, [str(scenario), *option])
    assert isinstance(result.exception, UserError)
    assert "No space left" in result.exception.message
    if option:
        assert json.loads(result.stdout)["variants"]
    else:
        assert "Where the step goes" in result.stdout


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_run_in_somebodys_directory_prints_nothing_and_writes_there(
    option, monkeypatch, tmp_path
):
    asked = []

    def record(request, _notify):
        asked.append(request)
        return SimpleNamespace(run=cpu_run(), directory=request.directory)

    monkeypatch.setattr("annt_prof.runner.recording.record_run", record)
    monkeypatch.setattr("annt_prof.tensorboard.log.write", lambda *_: None)
    scenario = tmp_path / "small.yaml"
    scenario.write_text(SCENARIO)
    result = CliRunner().invoke(command, [str(scenario), "--into", str(tmp_path), *option])
    assert (result.exit_code, result.stdout) == (0, "")
    assert [request.directory for request in asked] == [tmp_path]


def test_a_directory_of_somebodys_is_there_already(tmp_path):
    gone = str(tmp_path / "gone")
    result = CliRunner().invoke(command, ["small.yaml", "--into", gone])
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_help_does_not_speak_of_what_is_ours_alone():
    assert "--into" not in CliRunner().invoke(command, ["--help"]).output
