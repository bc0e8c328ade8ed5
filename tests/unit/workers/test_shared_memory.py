"""Whether the batches of all variants' loaders find room, and what is said where they may not."""

import pytest

from annt_prof.doctor.scenario import loaders_check
from annt_prof.errors import UserError
from annt_prof.machine.machine import Machine
from annt_prof.plan import plan
from annt_prof.runner import recording
from annt_prof.runner.job import Job
from annt_prof.runs.events import Warned
from annt_prof.scenario.schema import Scenario
from annt_prof.techniques.observed import Observed
from annt_prof.workers.shared_memory import demand, held_batches, remedy, shortage

GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True)
MIB = 2**20
BATCH = 74 * MIB  # 128 images of 3 x 224 x 224 in float32


def scenario(workers, **techniques):
    return Scenario.model_validate(
        {
            "model": {"source": "torchvision", "name": "resnet18"},
            "dataset": {"name": "digits", "batch_size": 128, "workers": workers},
            "techniques": techniques,
        }
    )


@pytest.mark.parametrize(
    ("workers", "techniques", "batches"),
    [
        (0, {"amp": {}}, 0),
        (4, {"amp": {}}, 12),
        (0, {"dataloader_workers": {"workers": 2, "prefetch_factor": 5}}, 12),
        (4, {"dataset_on_device": {}}, 0),
        (4, {"dataset_on_device": {}, "dataloader_workers": {}}, 0),
    ],
)
def test_what_a_loader_may_hold_is_told_from_its_variant(workers, techniques, batches):
    assert held_batches(scenario(workers, **techniques).techniques, workers) == batches


def test_room_for_all_variants_at_once_is_asked_for():
    needed = demand([12, 12, 0, 12], BATCH)
    assert (needed.variants, needed.batches) == (3, 36)
    assert shortage(needed, 36 * BATCH) is None
    assert shortage(needed, None) is None
    said = shortage(needed, 36 * BATCH - 1)
    assert "the loader processes of 3 variants may hold 36 batches" in said
    assert "--shm-size=3g" in remedy(needed)


def test_a_batch_that_never_fits_is_an_error():
    """As in a container with docker's 64 MiB."""
    with pytest.raises(UserError) as raised:
        shortage(demand([12], BATCH), 64 * MIB)
    assert "/dev/shm" in raised.value.message
    assert "--shm-size=1g" in raised.value.hint
    assert raised.value.where == "dataset.workers"


def test_without_loader_processes_nothing_is_asked_for():
    assert shortage(demand([0, 0], BATCH), 0) is None


def observed():
    return Observed("cuda", frozenset(), frozenset(), None, frozenset({4}), 9, BATCH, False)


def test_a_run_warns_before_it_starts(monkeypatch, tmp_path):
    monkeypatch.setattr(recording, "free_bytes", lambda: 100 * MIB)
    asked = scenario(4, gradient_clipping={})
    job = Job(asked, plan(asked), GPU, None, tmp_path, tmp_path, observed=observed())
    said = []
    remarks = recording._room_for_batches(job, said.append)
    assert said == [Warned(remarks[0])]
    assert "2 variants" in remarks[0]
    monkeypatch.setattr(recording, "free_bytes", lambda: 100 * 2**30)
    assert recording._room_for_batches(job, said.append) == ()


@pytest.mark.parametrize(
    ("workers", "free", "status"),
    [(4, 100 * 2**30, "ok"), (4, 80 * MIB, "warning"), (4, MIB, "problem"), (0, MIB, "ok")],
)
def test_doctor_looks_at_the_loaders_of_a_scenario(workers, free, status):
    asked = scenario(workers, gradient_clipping={})
    asked = asked.model_copy(
        update={"dataset": asked.dataset.model_copy(update={"image_size": 224})}
    )
    check = loaders_check(asked, free, accelerated=True)
    assert check.status == status
    assert bool(check.remedy) is (status != "ok")
