"""The known mistakes of training code, each under one key wherever it is found.

A technique's pitfalls find them in a declared setup, ``inspect`` in a running script, ``analyze``
in a trace. The keys are stable: they appear in JSON and budgets.
"""

from __future__ import annotations

from enum import StrEnum


class MistakeKey(StrEnum):
    """A known mistake.

    Attributes:
        description: A short phrase, for people.
    """

    description: str

    def __new__(cls, key: str, description: str) -> MistakeKey:
        """Make a member whose value is the key."""
        member = str.__new__(cls, key)
        member._value_ = key
        member.description = description
        return member

    # Precision and its loss scaling.
    AUTOCAST_AROUND_BACKWARD = "autocast_around_backward", "autocast around backward"
    FLOAT16_WITHOUT_SCALER = "float16_without_scaler", "float16 without a gradient scaler"
    SCALER_WAITS_EACH_STEP = "scaler_waits_each_step", "a gradient scaler that synchronises"
    SCALER_NEVER_UPDATED = "scaler_never_updated", "a gradient scaler that is never updated"
    CLIPPING_BEFORE_UNSCALE = "clipping_before_unscale", "clipping before unscale"
    CLIPPING_UNSCALES_APART = (
        "clipping_unscales_apart",
        "clipping before a fused optimizer that unscales",
    )
    TF32_UNDER_AUTOCAST = "tf32_under_autocast", "TF32 under autocast"
    FLASH_ATTENTION_ON_FLOAT32 = "flash_attention_on_float32", "flash attention on float32"

    # Batches and gradients.
    BATCH_NORM_UNDER_ACCUMULATION = (
        "batch_norm_under_accumulation",
        "batch-norm statistics under accumulation",
    )
    BATCH_NORM_UNDER_CHECKPOINTING = (
        "batch_norm_under_checkpointing",
        "batch norm under checkpointing",
    )
    ACCUMULATION_GROUP_CUT = "accumulation_group_cut", "a last group that the epoch's end cuts"
    GRADIENTS_FILLED_WITH_ZEROS = "gradients_filled_with_zeros", "gradients filled with zeros"
    AUGMENTATION_DRAWN_ONCE = "augmentation_drawn_once", "augmentation drawn once"

    # Loading and copying.
    TOO_FEW_LOADER_PROCESSES = (
        "too_few_loader_processes",
        "too few loader processes for the host's cores",
    )
    LOADER_PROCESSES_WITHOUT_WORK = (
        "loader_processes_without_work",
        "loader processes without work",
    )
    LOADER_PROCESSES_WITH_LITTLE_WORK = (
        "loader_processes_with_little_work",
        "loader processes with little to do",
    )
    COPIES_FROM_UNPINNED_MEMORY = (
        "copies_from_unpinned_memory",
        "non-blocking copies from unpinned memory",
    )
    PREFETCH_WITHOUT_COPIES = "prefetch_without_copies", "prefetching what is there"
    COPIES_IN_PASSES = "copies_in_passes", "a hidden host-to-device copy in a forward pass"

    # Waiting for the device.
    ITEM_EVERY_ITERATION = "item_every_iteration", "reading a tensor every iteration"
    OPERATOR_WAITS_EVERY_ITERATION = (
        "operator_waits_every_iteration",
        "an operator that waits for the device every iteration",
    )
    MEMORY_FREED_EVERY_ITERATION = "memory_freed_every_iteration", "empty_cache in the loop"

    # Kernels, compilation and capture.
    CHANNELS_LAST_WITHOUT_CONVOLUTIONS = (
        "channels_last_without_convolutions",
        "a model without convolutions",
    )
    CHANNELS_LAST_INPUTS_ALONE = (
        "channels_last_inputs_alone",
        "channels-last inputs with a contiguous model",
    )
    COMPILE_FALLS_BACK = (
        "compile_falls_back",
        "torch.compile that falls back or compiles every step",
    )
    COMPILED_MODEL_CAPTURED = "compiled_model_captured", "capturing a compiled model"
    CUDA_GRAPHS_CAPTURED_TWICE = "cuda_graphs_captured_twice", "CUDA graphs twice"
    GRADIENTS_IN_STATIC_BUFFERS = "gradients_in_static_buffers", "gradients in static buffers"
    DETERMINISTIC_MODE_LEFT_ON = "deterministic_mode_left_on", "deterministic mode left on"
    ANOMALY_DETECTION_LEFT_ON = "anomaly_detection_left_on", "anomaly detection left on"
