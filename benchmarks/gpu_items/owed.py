"""What ``reports/README.md`` asks on a CUDA device, bullet by bullet, in its words."""

from __future__ import annotations

from enum import StrEnum


class Owed(StrEnum):
    """Its bullets, also those that were answered once; a test holds them against the page."""

    GPU_TESTS = "`pytest tests/gpu`: spinning kernels, host sleeps and copies of known length"
    SHIPPED_SCENARIOS = (
        "the shipped scenarios with their accelerator settings, and the runs kept here"
    )
    AMP_AND_PINNING = "`amp` with float16 and a gradient scaler, `pin_memory` with its two switches"
    CLOCK = "device events as the clock of timed windows, against a hand-written loop on the device"
    NVML = "NVML at 20 Hz beside a run: cost, energy counter, throttle reasons"
    OUT_OF_MEMORY = "out of device memory in one variant"
    DEVICE_TECHNIQUES = (
        "`tf32`, `cuda_graphs`, `device_prefetch`, `gpu_augmentation`, `dataset_on_device` and "
        "`cudnn_benchmark`, which act on a device only, and the other techniques there"
    )
    EVERY_TECHNIQUE = (
        "`*_all.yaml` explained with every technique, predictions beside what is measured"
    )
    CALIBRATION = (
        "`doctor --calibrate`: matrix rates with TF32 and float16, pinned and pageable copies, an "
        "all-reduce over NCCL"
    )
    INJECTED = "the table of injected against found times"
    CRITICAL_PATH = "the critical path of a step that the device holds up"
    FIXTURES = (
        "small recorded GPU traces as fixtures of our own, and the profiler plugin's views of them"
    )
    INSPECT = "`inspect` on a script that trains there, its copies and waits"
    PYTHONS = "Python 3.12 and 3.13"


NOT_SERVED: dict[Owed, str] = {
    Owed.CALIBRATION: "the all-reduce over NCCL needs two devices",
    Owed.PYTHONS: "one interpreter runs these items; the other version takes a run of its own",
    Owed.FIXTURES: "the plugin's views need torch-tb-profiler, and are skipped where it is missing",
    Owed.SHIPPED_SCENARIOS: "the twelve files under scenarios/paper, vit_all and efficientnet_all "
    "are left to `annt-prof run`",
}
"""The part of a bullet that these items leave open even where they are done."""
