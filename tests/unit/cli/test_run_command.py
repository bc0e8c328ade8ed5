"""``annt-prof run`` prints what is measured even where it cannot be written for TensorBoard."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from annt_prof.cli.run import command
from annt_prof.errors import UserError
from hand_made import cpu_run


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_the_answer_is_printed_before_the_disk_is_said_to_be_full(option, monkeypatch, tmp_path):
    recorded = SimpleNamespace(run=cpu_run(), directory=tmp_path)
    monkeypatch.setattr("annt_prof.runner.recording.record_run", lambda *_: recorded)

    def full(*_):
        raise UserError("the TensorBoard log cannot be written: No space left on device")

    monkeypatch.setattr("annt_prof.tensorboard.log.write", full)
    scenario = tmp_path / "small.yaml"
    scenario.write_text(
        "model: {source: torchvision, name: resnet18}\n"
        "dataset: {name: digits, batch_size: 4}\n"
        "optimizer: {name: sgd, lr: 0.1}\n"
    )
    result = CliRunner().invoke(command, [str(scenario), *option])
    assert isinstance(result.exception, UserError)
    assert "No space left" in result.exception.message
    if option:
        assert json.loads(result.stdout)["variants"]
    else:
        assert "Where the step goes" in result.stdout
