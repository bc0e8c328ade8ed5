"""Every pitfall's check fires on a setup that has the mistake, and is silent on its twins.

A pitfall without a pair here is no pitfall: nothing would show that its check finds anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import registry
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)

Maker = Callable[[], TrainingSetup]


@dataclass(frozen=True)
class Pair:
    """Setups that have a mistake, and twins that lack nothing but the mistake.

    Attributes:
        says: What the check finds in each of the first, or a part of it.
    """

    mistaken: tuple[Maker, ...]
    clean: tuple[Maker, ...]
    says: str


def norm_of(kind):
    return lambda: torch.nn.Sequential(torch.nn.Linear(2, 4), kind)


def convolutions(count):
    return lambda: torch.nn.Sequential(*(torch.nn.Conv2d(3, 3, 1) for _ in range(count)))


def declared(
    *,
    model=lambda: torch.nn.Linear(2, 2),
    samples=64,
    workers=0,
    device="cuda",
    deterministic=None,
    **techniques,
):
    """Return what declares a setup of eight samples a batch; no device is touched.

    Args:
        model: Makes the model.
        samples: Of the data set.
        workers: Loader processes of the scenario.
        device: Where it would train.
        deterministic: ``cudnn`` or ``torch``: whose flag is on.
        techniques: Applied in this order, each with its options.
    """

    def make():
        torch.backends.cudnn.deterministic = deterministic == "cudnn"
        torch.use_deterministic_algorithms(deterministic == "torch")
        setup = TrainingSetup(
            device=torch.device(device),
            model=model(),
            criterion=torch.nn.functional.cross_entropy,
            dataset=torch.utils.data.TensorDataset(torch.zeros(samples, 2)),
            loader=LoaderArguments(batch_size=8, num_workers=workers),
            optimizer=OptimizerArguments("sgd", 0.1),
            schedule=ScheduleArguments("constant"),
        )
        for name, options in techniques.items():
            registry.load(name).options(**options).apply(setup)
        return setup

    return make


BATCH_NORM = norm_of(torch.nn.BatchNorm1d(4))
GROUP_NORM = norm_of(torch.nn.GroupNorm(2, 4))
HALF = {"dtype": "float16"}
BRAIN = {"dtype": "bfloat16"}
UNFUSED = {"implementation": "foreach"}
REPLAYING = {"mode": "reduce-overhead"}
TUNED = {"mode": "max-autotune"}
ZEROS = {"drop": False}
PAGEABLE = {"pin": False}
STORED_AS_DRAWN = {"transform_on_device": False}

PAIRS = {
    ("activation_checkpointing", MistakeKey.BATCH_NORM_UNDER_CHECKPOINTING): Pair(
        (declared(model=BATCH_NORM, activation_checkpointing={}),),
        (declared(model=GROUP_NORM, activation_checkpointing={}), declared(model=BATCH_NORM)),
        says="its running statistics move twice as fast",
    ),
    ("amp", MistakeKey.AUTOCAST_AROUND_BACKWARD): Pair(
        (declared(amp={"backward_in_autocast": True}),),
        (declared(amp={}), declared()),
        says="the backward pass runs inside autocast",
    ),
    ("amp", MistakeKey.FLOAT16_WITHOUT_SCALER): Pair(
        (declared(amp={**HALF, "grad_scaler": "off"}),),
        (declared(amp=HALF), declared(amp={**BRAIN, "grad_scaler": "off"})),
        says="float16 without loss scaling",
    ),
    ("amp", MistakeKey.SCALER_WAITS_EACH_STEP): Pair(
        (declared(amp=HALF), declared(amp=HALF, fused_optimizer=UNFUSED)),
        (
            declared(amp=HALF, fused_optimizer={}),
            declared(amp=BRAIN),
            declared(amp=HALF, device="cpu"),
        ),
        says="GradScaler.step waits for the device each step",
    ),
    ("channels_last", MistakeKey.CHANNELS_LAST_WITHOUT_CONVOLUTIONS): Pair(
        (declared(model=convolutions(1), channels_last={}),),
        (declared(model=convolutions(2), channels_last={}), declared(model=convolutions(1))),
        says="the model has 1 two-dimensional convolutions",
    ),
    ("compile", MistakeKey.CUDA_GRAPHS_CAPTURED_TWICE): Pair(
        (declared(compile=REPLAYING, cuda_graphs={}), declared(compile=TUNED, cuda_graphs={})),
        (declared(compile={}, cuda_graphs={}), declared(compile=REPLAYING), declared()),
        says="captures CUDA graphs of its own; capturing twice fails",
    ),
    ("compile", MistakeKey.GRADIENTS_IN_STATIC_BUFFERS): Pair(
        (
            declared(compile=REPLAYING, gradient_accumulation={}),
            declared(compile=TUNED, set_to_none=ZEROS),
        ),
        (
            declared(compile={}, gradient_accumulation={}),
            declared(compile=REPLAYING),
            declared(compile=REPLAYING, gradient_accumulation={}, device="cpu"),
            declared(gradient_accumulation={}),
        ),
        says="gradients that are kept or accumulated are copied out of them once",
    ),
    ("cuda_graphs", MistakeKey.COMPILED_MODEL_CAPTURED): Pair(
        (declared(compile={}, cuda_graphs={}),),
        (declared(cuda_graphs={}), declared(compile={}, cuda_graphs={"capture": False})),
        says="a compiled model is captured",
    ),
    ("cuda_graphs", MistakeKey.GRADIENTS_IN_STATIC_BUFFERS): Pair(
        (
            declared(cuda_graphs={}, gradient_accumulation={}),
            declared(cuda_graphs={}, set_to_none=ZEROS),
        ),
        (declared(cuda_graphs={}), declared(gradient_accumulation={})),
        says="gradients that are kept or accumulated are copied out of it once",
    ),
    ("cudnn_benchmark", MistakeKey.DETERMINISTIC_MODE_LEFT_ON): Pair(
        (
            declared(cudnn_benchmark={}, deterministic="cudnn"),
            declared(cudnn_benchmark={}, deterministic="torch"),
        ),
        (
            declared(cudnn_benchmark={}),
            declared(cudnn_benchmark={"enabled": False}, deterministic="cudnn"),
        ),
        says="deterministic mode is on",
    ),
    ("dataloader_workers", MistakeKey.LOADER_PROCESSES_WITHOUT_WORK): Pair(
        (
            declared(dataset_on_device={}, dataloader_workers={}),
            declared(dataloader_workers={}, dataset_on_device={}),
        ),
        (declared(dataloader_workers={}), declared(dataset_on_device={})),
        says="the loader processes have nothing to load",
    ),
    ("dataset_on_device", MistakeKey.AUGMENTATION_DRAWN_ONCE): Pair(
        (declared(dataset_on_device=STORED_AS_DRAWN),),
        (
            declared(dataset_on_device={}),
            declared(gpu_augmentation={}, dataset_on_device=STORED_AS_DRAWN),
            declared(),
        ),
        says="random augmentation is the same every epoch",
    ),
    ("device_prefetch", MistakeKey.COPIES_FROM_UNPINNED_MEMORY): Pair(
        (declared(device_prefetch=PAGEABLE),),
        (
            declared(device_prefetch={}),
            declared(pin_memory={}, device_prefetch=PAGEABLE),
            declared(dataset_on_device={}, device_prefetch=PAGEABLE),
            declared(),
        ),
        says="batches are prefetched from pageable memory",
    ),
    ("device_prefetch", MistakeKey.PREFETCH_WITHOUT_COPIES): Pair(
        (declared(dataset_on_device={}, device_prefetch={}),),
        (declared(device_prefetch={}), declared(dataset_on_device={})),
        says="no batch is copied and nothing prefetched",
    ),
    ("fused_optimizer", MistakeKey.SCALER_WAITS_EACH_STEP): Pair(
        (declared(amp=HALF, fused_optimizer=UNFUSED),),
        (
            declared(amp=HALF, fused_optimizer={}),
            declared(amp=BRAIN, fused_optimizer=UNFUSED),
            declared(amp=HALF, fused_optimizer=UNFUSED, device="cpu"),
        ),
        says="only a fused optimizer takes the scale as a tensor",
    ),
    ("gpu_augmentation", MistakeKey.LOADER_PROCESSES_WITH_LITTLE_WORK): Pair(
        (
            declared(workers=5, gpu_augmentation={}),
            declared(gpu_augmentation={}, dataloader_workers={"workers": 5}),
        ),
        (
            declared(workers=4, gpu_augmentation={}),
            declared(workers=5, gpu_augmentation={"move": False}),
            declared(workers=5, gpu_augmentation={}, dataset_on_device={}),
        ),
        says="5 loader processes are left with little to do",
    ),
    ("gradient_accumulation", MistakeKey.BATCH_NORM_UNDER_ACCUMULATION): Pair(
        (declared(model=BATCH_NORM, gradient_accumulation={"steps": 3}),),
        (
            declared(model=GROUP_NORM, gradient_accumulation={"steps": 3}),
            declared(model=BATCH_NORM),
        ),
        says="batch norm sees 8 samples at a time, not the effective 24",
    ),
    ("gradient_accumulation", MistakeKey.ACCUMULATION_GROUP_CUT): Pair(
        (declared(samples=82, gradient_accumulation={"steps": 4}),),
        (
            declared(samples=66, gradient_accumulation={"steps": 4}),
            declared(samples=82, gradient_accumulation={"steps": 5}),
            declared(samples=82),
        ),
        says="an epoch has 10 batches, so its last group closes after 2 of 4",
    ),
    ("gradient_clipping", MistakeKey.CLIPPING_UNSCALES_APART): Pair(
        (declared(amp=HALF, fused_optimizer={}, gradient_clipping={}),),
        (
            declared(amp=HALF, fused_optimizer={}),
            declared(amp=BRAIN, fused_optimizer={}, gradient_clipping={}),
            declared(amp=HALF, gradient_clipping={}),
        ),
        says="gradients are unscaled in a pass of their own",
    ),
    ("pin_memory", MistakeKey.COPIES_FROM_UNPINNED_MEMORY): Pair(
        (declared(pin_memory=PAGEABLE),),
        (
            declared(pin_memory={}),
            declared(pin_memory={**PAGEABLE, "non_blocking": False}),
            declared(pin_memory=PAGEABLE, dataset_on_device={}),
        ),
        says="copies are non-blocking but come from pageable memory",
    ),
    ("sdpa", MistakeKey.FLASH_ATTENTION_ON_FLOAT32): Pair(
        (declared(sdpa={}),),
        (
            declared(amp={}, sdpa={}),
            declared(sdpa={"kernel": "efficient"}),
            declared(sdpa={}, device="cpu"),
        ),
        says="flash attention takes 16-bit inputs only",
    ),
    ("set_to_none", MistakeKey.GRADIENTS_FILLED_WITH_ZEROS): Pair(
        (declared(set_to_none=ZEROS),),
        (declared(set_to_none={}), declared()),
        says="gradients are filled with zeros each step",
    ),
    ("tf32", MistakeKey.TF32_UNDER_AUTOCAST): Pair(
        (declared(amp={}, tf32={}),),
        (declared(tf32={}), declared(amp={}), declared(amp={}, tf32={"allowed": False})),
        says="TF32 has nothing left to do",
    ),
}


@pytest.fixture(autouse=True)
def _switches_put_back():
    was, by_torch = torch.backends.cudnn.deterministic, torch.are_deterministic_algorithms_enabled()
    yield
    torch.backends.cudnn.deterministic = was
    torch.use_deterministic_algorithms(by_torch)


SHIPPED = [
    (name, number)
    for name in registry.shipped()
    for number in range(len(registry.load(name).pitfalls))
]


def pitfall_and_pair(name, number):
    pitfall = registry.load(name).pitfalls[number]
    pair = PAIRS.get((name, pitfall.key))
    assert pair is not None, f"{name}: {pitfall.name} ({pitfall.key}) has no pair of setups"
    return pitfall, pair


@pytest.mark.parametrize(("name", "number"), SHIPPED)
def test_its_check_fires_on_the_mistake(name, number):
    pitfall, pair = pitfall_and_pair(name, number)
    assert pair.mistaken
    for make in pair.mistaken:
        assert pair.says in (pitfall.check(make()) or "nothing was found")


@pytest.mark.parametrize(("name", "number"), SHIPPED)
def test_its_check_is_silent_on_the_twins(name, number):
    pitfall, pair = pitfall_and_pair(name, number)
    assert pair.clean
    for make in pair.clean:
        assert pitfall.check(make()) is None


def test_each_pitfall_has_a_known_key_once_in_its_technique():
    keys = [(name, registry.load(name).pitfalls[number].key) for name, number in SHIPPED]
    assert all(isinstance(key, MistakeKey) for _, key in keys)
    assert len(set(keys)) == len(keys)
    assert set(keys) == set(PAIRS)
