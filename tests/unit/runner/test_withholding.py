"""Which failures of the baseline keep every other variant from being launched."""

import pytest

from annt_prof.machine.machine import Machine
from annt_prof.plan import plan
from annt_prof.runner.crew import Crew
from annt_prof.runner.job import Job
from annt_prof.runner.variant_state import make_states
from annt_prof.runner.withholding import costs_every_variant
from annt_prof.runs.events import VariantLost, VariantsWithheld
from annt_prof.runs.record import TimedWindow
from annt_prof.scenario.schema import Scenario
from annt_prof.workers.messages import Failure

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
CRASHED = Failure("crashed", "ValueError: corrupt image 57.jpg")
SCENARIO = Scenario.model_validate(
    {
        "model": {"source": "torchvision", "name": "resnet18"},
        "dataset": {"name": "digits", "batch_size": 4},
        "techniques": {"amp": {}, "pin_memory": {}, "gradient_clipping": {}},
    }
)


def job(tmp_path):
    return Job(SCENARIO, plan(SCENARIO), CPU, None, tmp_path, tmp_path)


def records(crew):
    return [state.record for state in crew.states]


class Ending:
    def __init__(self):
        self.killed = False

    def kill(self):
        self.killed = True


def test_a_baseline_that_crashes_in_its_first_window_ends_the_others(tmp_path):
    crew = Crew(None, job(tmp_path), lambda _event: None)
    baseline, amp, *_ = crew.states
    amp.worker = worker = Ending()
    crew.lose(baseline, CRASHED)
    assert worker.killed
    assert amp.worker is None


def test_a_baseline_that_crashes_is_said_once_and_nothing_else_is_launched(tmp_path):
    said = []
    crew = Crew(None, job(tmp_path), said.append)
    baseline = crew.states[0]
    crew.lose(baseline, CRASHED)
    assert [(each.name, each.status) for each in records(crew)] == [
        ("baseline", "crashed"),
        ("amp", "not_measured"),
        ("pin_memory", "not_applicable"),
        ("gradient_clipping", "not_measured"),
        ("all", "not_measured"),
    ]
    reasons = {each.reason for each in records(crew)[1:] if each.status == "not_measured"}
    assert reasons == {"the baseline crashed, so there is nothing to compare with"}
    (withheld,) = [each for each in said if isinstance(each, VariantsWithheld)]
    assert reasons == {withheld.reason}
    assert [each.variant for each in said if isinstance(each, VariantLost)] == ["baseline"]


@pytest.mark.parametrize(
    "failure",
    [
        Failure("out_of_memory", "CUDA out of memory"),
        Failure("crashed", "killed by SIGKILL", signal="SIGKILL"),
    ],
    ids=["out of memory", "killed"],
)
def test_what_a_technique_may_save_costs_the_baseline_alone(tmp_path, failure):
    baseline, *_ = make_states(job(tmp_path))
    assert costs_every_variant(baseline, CRASHED)
    assert costs_every_variant(baseline, Failure("crashed", "SIGSEGV", signal="SIGSEGV"))
    assert not costs_every_variant(baseline, failure)


def test_a_baseline_that_was_measured_once_takes_none_with_it(tmp_path):
    baseline, *_ = make_states(job(tmp_path))
    baseline.change(first_step_s=0.1)
    assert costs_every_variant(baseline, CRASHED)
    baseline.change(windows=(TimedWindow(0, 0, 0, 1, (1,), 1, 4, 1),))
    assert not costs_every_variant(baseline, CRASHED)
