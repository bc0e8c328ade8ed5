"""How each technique is tried on a small training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from small_training import SAMPLES, make_setup

from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup

GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
SUMMED_IN_ANOTHER_ORDER = 1e-3
ROUNDED_TO_BFLOAT16 = 0.03  # 0.008 on a CPU
ROUNDED_TO_TF32 = 0.01  # three bits more
NOT_BY_ANOTHER_ORDER = 1e-4  # of sums in float32, which make 1e-6


@dataclass(frozen=True)
class Case:
    """How a technique is tried.

    Attributes:
        batch_size: Samples per iteration.
        as_large: Samples per iteration of the eager training that it should equal.
        tolerance: Of what training moves the parameters by, relative.
        at_least: What training must differ by, or the technique has done nothing.
    """

    options: dict[str, object] = field(default_factory=dict)
    batch_size: int = 8
    as_large: int = 8
    tolerance: float = SUMMED_IN_ANOTHER_ORDER
    at_least: float = 0.0


CASES = {
    "activation_checkpointing": Case(),
    # With float16 its loss scaling skips steps until the scale fits, and waits in each.
    "amp": Case(
        {"dtype": "bfloat16"}, tolerance=ROUNDED_TO_BFLOAT16, at_least=NOT_BY_ANOTHER_ORDER
    ),
    "channels_last": Case(),
    "compile": Case(),
    "cuda_graphs": Case(),
    "cudnn_benchmark": Case(),
    "dataloader_workers": Case({"workers": 2}),
    # Its order of samples is its own, so a batch holds all of them.
    "dataset_on_device": Case(batch_size=SAMPLES, as_large=SAMPLES),
    "device_prefetch": Case(),
    "fused_optimizer": Case(),
    "gpu_augmentation": Case(),
    "gradient_accumulation": Case({"steps": 2}, batch_size=4, as_large=8),
    "gradient_clipping": Case({"limit": 1e6}),
    "pin_memory": Case(),
    "sdpa": Case({"kernel": "math"}),  # the one that torch never chooses by itself here
    "set_to_none": Case({"drop": False}),
    # No kernel for products as small as these may round; larger ones are looked at elsewhere.
    "tf32": Case(tolerance=ROUNDED_TO_TF32),
}


def with_technique(name: str, *, pinned: bool) -> TrainingSetup:
    technique = registry.load(name)
    options = technique.options(**CASES[name].options)
    if (obstacle := technique.obstacle(options, GPU)) is not None:
        pytest.skip(obstacle)
    setup = make_setup(batch_size=CASES[name].batch_size, pinned=pinned)
    options.apply(setup)
    return setup
