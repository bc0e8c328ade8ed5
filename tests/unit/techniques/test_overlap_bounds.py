"""Bounds of what frees the host, against pipelines whose true saving is known."""

import dataclasses
import random

import pytest

from annt_prof.categories import Category, Phase
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline, Evidence
from annt_prof.techniques.shipped.pin_memory import PinMemoryOptions
from pipeline import Kernel, Pipeline

ITERATIONS = 8
US = 1000


def pinned(base):
    return dataclasses.replace(base, blocking=False, staging_ns=0)


def prefetched(base):
    return dataclasses.replace(base, blocking=False, staging_ns=0, ahead=True)


def pinned_and_blocking(base):
    return dataclasses.replace(base, copy_ns=base.copy_ns // 4, staging_ns=0)


def augmented(base):
    """A fifth of the loading is left and a quarter of the bytes; one small kernel more."""
    extra = Kernel(2 * US, 5 * US, Phase.FORWARD)
    return dataclasses.replace(
        base,
        loads_ns=[ns // 5 for ns in base.loads_ns],
        copy_ns=base.copy_ns // 4,
        kernels=[extra, *base.kernels],
    )


def on_device(base):
    nothing = {"loads_ns": [0], "copy_ns": 0, "staging_ns": 0, "blocking": False}
    return dataclasses.replace(base, **nothing)


def loaded_ahead(base):
    return dataclasses.replace(base, loads_ns=[0])


def captured(base):
    kernels = [kernel._replace(launch_ns=0) for kernel in base.kernels]
    return dataclasses.replace(base, kernels=kernels)


TECHNIQUES = {
    "pin_memory": (pinned, PinMemoryOptions()),
    "pin_memory, blocking": (pinned_and_blocking, PinMemoryOptions(non_blocking=False)),
    "device_prefetch": (prefetched, None),
    "gpu_augmentation": (augmented, None),
    "dataset_on_device": (on_device, None),
    "dataloader_workers": (loaded_ahead, None),
    "cuda_graphs": (captured, None),
}


def drawn(seed):
    """A pipeline at random: launches, kernels and loading each from negligible to dominant."""
    generator = random.Random(seed)

    def size(most_us):
        return round(generator.random() ** 3 * most_us * US)

    launch_us, run_us, load_us = (generator.choice((5, 50, 500)) for _ in range(3))
    phases = (Phase.FORWARD,) * 3 + (Phase.BACKWARD,) * 3 + (Phase.OPTIMIZER,)
    kernels = [Kernel(size(launch_us), size(run_us), phase) for phase in phases]
    loads = [size(7 * load_us) for _ in range(generator.choice((1, 4)))]
    return Pipeline(
        loads, size(generator.choice((50, 1000))), size(50), kernels,
        blocking=generator.random() < 0.8,
    )  # fmt: skip


def prediction(technique, options, base):
    technique = registry.load(technique.split(",")[0])
    found = base.run(ITERATIONS).evidence(ITERATIONS)
    return technique.predict(options or technique.options(), found), found


def true_saving(base, edit):
    return (base.run(ITERATIONS).now_ns - edit(base).run(ITERATIONS).now_ns) / ITERATIONS


@pytest.mark.parametrize("name", TECHNIQUES)
def test_no_pipeline_saves_more_than_the_bound(name):
    edit, options = TECHNIQUES[name]
    for seed in range(120):
        base = drawn(seed)
        found, _ = prediction(name, options, base)
        assert true_saving(base, edit) <= found.high_ns + len(base.kernels) + 8, seed


# Forward is many small kernels that the host is late for, backward few large ones; loading is
# hidden under those.
UNEVEN = Pipeline(
    loads_ns=[400 * US], copy_ns=100 * US, staging_ns=50 * US,
    kernels=[Kernel(500 * US, 20 * US, Phase.FORWARD), Kernel(100 * US, 1400 * US, Phase.BACKWARD)],
)  # fmt: skip


@pytest.mark.parametrize("name", ["pin_memory", "device_prefetch"])
def test_a_copy_that_blocks_costs_more_than_itself(name):
    """The device runs dry in each forward pass, which is seen as waiting for launches."""
    edit, options = TECHNIQUES[name]
    found, evidence = prediction(name, options, UNEVEN)
    saved_ns = true_saving(UNEVEN, edit)
    assert saved_ns > 1.5 * evidence.time(Category.H2D_COPY, Category.SYNC)
    assert found.low_ns <= saved_ns <= found.high_ns


@pytest.mark.parametrize("name", ["gpu_augmentation", "dataloader_workers", "dataset_on_device"])
def test_loading_that_is_hidden_makes_the_host_late_all_the_same(name):
    """Nothing blocks: the host is the bottleneck, and the device runs dry where it waits for it."""
    late = dataclasses.replace(
        UNEVEN, blocking=False, copy_ns=10 * US, loads_ns=[900 * US],
        kernels=[Kernel(500 * US, 20 * US, Phase.FORWARD),
                 Kernel(100 * US, 900 * US, Phase.BACKWARD)],
    )  # fmt: skip
    edit, options = TECHNIQUES[name]
    found, evidence = prediction(name, options, late)
    saved_ns = true_saving(late, edit)
    assert saved_ns > evidence.time(Category.DATA_LOADING, Category.H2D_COPY)
    assert found.low_ns <= saved_ns <= found.high_ns


def test_what_the_host_needs_itself_cannot_be_saved():
    """Loading in the training process decides: the step becomes no shorter than it."""
    loading = dataclasses.replace(UNEVEN, loads_ns=[9000 * US])
    found, evidence = prediction("pin_memory", None, loading)
    assert evidence.time(Category.DATA_LOADING) > 0.7 * evidence.step_ns
    assert true_saving(loading, pinned) <= found.high_ns < 0.25 * evidence.step_ns


@pytest.mark.parametrize("name", ["gpu_augmentation", "dataset_on_device"])
@pytest.mark.parametrize(("workers", "at_most_ns"), [(0, 390), (2, 990)])
def test_only_processes_that_give_cores_back_shorten_launching(name, workers, at_most_ns):
    spent = {
        Category.DATA_LOADING: 100,
        Category.H2D_COPY: 200,
        Category.HOST_BOUND: 690,
        Category.SYNC: 0,
        Category.FORWARD: 10,
    }
    evidence = Evidence(
        "cuda", step_ns=1000, category_ns=spent, host_bound_ns={"forward": 610, "h2d_copy": 80},
        baseline=Baseline("cuda", workers=workers),
    )  # fmt: skip
    technique = registry.load(name)
    assert technique.predict(technique.options(), evidence).high_ns == at_most_ns
