"""``annt-prof advise`` and ``explain`` on what lies on the disk."""

import json

import pytest
from click.testing import CliRunner

from annt_prof.categories import Phase
from annt_prof.cli import advise, explain
from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.techniques import registry
from annt_prof.testing import TraceBuilder
from hand_made import cpu_run, run


def called(command, *arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    directory = store.create(tmp_path / "runs", "made", "name: made\n")
    store.write(directory, cpu_run())
    return directory


def test_advice_of_a_run_and_of_a_trace(recorded, tmp_path):
    found = json.loads(called(advise.command, "--json", recorded))
    assert found["calibrated"] is False
    assert {each["name"] for each in found["techniques"]} == set(registry.names())
    assert "it cannot save more than" in " ".join(called(advise.command, recorded).split())

    builder = TraceBuilder().step(0, 1000).phase(Phase.OPTIMIZER, 0, 600)
    builder.phase(Phase.FORWARD, 600, 1000)
    path = builder.kernel("adam", 100, 900, launch_ns=50).write(tmp_path / "trace.json")
    found = json.loads(called(advise.command, "--json", path))
    by_name = {each["name"]: each["predicted_ns"] for each in found["techniques"]}
    assert found["step_ns"] == 1000
    # The host never waits, so it decides the step: of it the optimizer has 600 ns.
    assert by_name["fused_optimizer"]["high"] == 600


def test_a_trace_is_not_asked_to_be_calibrated(recorded, tmp_path):
    path = TraceBuilder().step(0, 1000).kernel("gemm", 100, 900).write(tmp_path / "trace.json")
    assert "--calibrate" in called(advise.command, recorded)
    assert "--calibrate" not in called(advise.command, path)


@pytest.mark.parametrize(
    ("device", "launch_ns", "applies"),
    [
        ({"name": "Tesla V100", "computeMajor": 7}, None, False),
        ({"name": "NVIDIA A100", "computeMajor": 8}, None, True),
        ({"name": "AMD Instinct MI250", "computeMajor": 9}, None, False),
        # What CUDA's runtime launched may be NVIDIA's, whatever its name.
        ({"name": "a device that tells nothing more"}, 50, True),
        ({"name": "a device that tells nothing more"}, None, False),
        ({}, None, True),
    ],
)
def test_tf32_is_promised_only_where_it_can_act(tmp_path, device, launch_ns, applies):
    builder = TraceBuilder().step(0, 1000).kernel("sgemm", 100, 900, launch_ns=launch_ns)
    path = builder.write(tmp_path / "trace.json")
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"deviceProperties": [device]}))
    found = json.loads(called(advise.command, "--json", path))
    (tf32,) = [each for each in found["techniques"] if each["name"] == "tf32"]
    assert (tf32["predicted_ns"]["high"] is not None) is applies


def test_an_explanation_of_a_run(recorded):
    found = json.loads(called(explain.command, "--json", recorded))
    assert {"total_saving_ns_per_sample", "techniques"} <= set(found)
    for each in found["techniques"]:
        assert each["verdict"] in {
            "helps", "no_measurable_effect", "hurts", "not_applicable", "inconclusive",
        }  # fmt: skip
        assert {
            "name", "reason", "speedup", "shapley_ns_per_sample", "pitfalls",
            "saving_by_category_ns_per_sample", "bound_ns_per_sample", "predicted_ns_per_sample",
        } <= set(each)  # fmt: skip
    assert "What each technique is worth" in called(explain.command, recorded)


def test_a_technique_is_explained_by_name():
    assert "When it does nothing" in called(explain.command, "amp")


def test_two_things_that_are_no_scenarios():
    with pytest.raises(UserError, match="one run, or two scenario files"):
        called(explain.command, "one", "two")


def test_a_run_that_was_not_traced_advises_nothing(tmp_path):
    directory = store.create(tmp_path / "runs", "made", "name: made\n")
    store.write(directory, run())
    with pytest.raises(UserError, match="not traced"):
        called(advise.command, directory)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("nsys.sqlite", b"SQLite format 3\x00" + bytes(84) + b"NVTX_EVENTS", "Nsight Systems"),
        ("snapshot.pickle", b"\x80\x04\x95\x00device_traces segments", "snapshot of CUDA's memory"),
        ("report", b"<!DOCTYPE html><html></html>", "an HTML page"),
    ],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path, name, content, what):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"not a PyTorch trace: this is .*{what}"):
        called(advise.command, path)


def test_a_trace_needs_no_name_of_its_own(tmp_path):
    path = TraceBuilder().step(0, 1000).kernel("gemm", 100, 900).write(tmp_path / "trace.pt")
    assert json.loads(called(advise.command, "--json", path))["step_ns"] == 1000


def test_a_record_of_a_run_is_one_by_its_own_path_too(recorded):
    of_directory = called(advise.command, "--json", recorded)
    assert called(advise.command, "--json", recorded / "run.json") == of_directory
