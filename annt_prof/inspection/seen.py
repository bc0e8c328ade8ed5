"""What was seen of a script's training."""

from __future__ import annotations

import msgspec


class LoaderSeen(msgspec.Struct, frozen=True):
    """A loader most of whose batches were followed by a backward pass.

    Attributes:
        workers: Its processes.
        batches: That trained, without the first of each epoch, which waits for processes to start.
        waited_s: Seconds that the main thread waited for those.
    """

    workers: int
    batches: int
    waited_s: float


class CompilingSeen(msgspec.Struct, frozen=True):
    """What torch.compile was asked for and did.

    Attributes:
        modules: That were given to it.
        called: Whether any of the modules that it returned was called.
        iterations_since: Iterations after its last call.
        tried: Frames that reached the compiler.
        graphs: That were compiled.
        iterations_after_warm_up: Iterations in which nothing new is left to compile.
        iterations_recompiling: Those in which a graph was compiled all the same.
        hit_limit: Whether the compiler gave a function up after too many versions of it.
        breaks: Reasons for which graphs broke, with their counts.
    """

    modules: int = 0
    called: bool = False
    iterations_since: int = 0
    tried: int = 0
    graphs: int = 0
    iterations_after_warm_up: int = 0
    iterations_recompiling: int = 0
    hit_limit: bool = False
    breaks: dict[str, int] = {}


class Seen(msgspec.Struct, frozen=True):
    """Counts over the whole script; an iteration is a backward pass.

    Attributes:
        iterations: Backward passes.
        on_device: Whether a loss was anywhere but in the host's memory.
        stopped: The exception that ended the script, and where; None without one.
        iterations_reading: In which a tensor on a device was read on the host, outside optimizer
            and gradient scaler.
        iterations_emptying: With a call of ``empty_cache``.
        iterations_in_autocast: Whose backward pass began inside autocast.
        iterations_with_mixed_layouts: In which a convolution got channels-last inputs with
            contiguous weights.
        iterations_deterministic: With deterministic algorithms on.
        iterations_cudnn_deterministic: With cuDNN's flag for them on, on a device.
        iterations_with_anomaly_detection: With anomaly detection on.
        iterations_copying_pageable: With a non-blocking copy from memory that is not pinned.
        iterations_copying_in_forward: With a copy from the host inside a module's forward pass, by
            the module's class.
        waiting_scaler_steps: Scaled steps on a device, of optimizers that take ``fused`` and were
            not given it.
        steps_before_scaler_update: Stepped optimizers that a scaler got again before its update.
        absent_device_scaler_steps: Steps of gradient scalers that switched themselves off, as there
            is no device to scale for.
        absent_device_autocasts: Times that autocast was entered for a device that is not there.
        steps_clipped_while_scaled: Steps of gradients that were clipped before they were unscaled.
        batch_norm_batches_per_update: Batches that batch norm trained on for most updates.
        loaders: That train.
        training_s: Seconds from the first batch that trained to the last update, without the first
            batches of later epochs.
        cores: That this process may use.
        compiling: What torch.compile did.
    """

    iterations: int = 0
    on_device: bool = False
    stopped: str | None = None
    iterations_reading: int = 0
    iterations_emptying: int = 0
    iterations_in_autocast: int = 0
    iterations_with_mixed_layouts: int = 0
    iterations_deterministic: int = 0
    iterations_cudnn_deterministic: int = 0
    iterations_with_anomaly_detection: int = 0
    iterations_copying_pageable: int = 0
    iterations_copying_in_forward: dict[str, int] = {}
    waiting_scaler_steps: int = 0
    steps_before_scaler_update: int = 0
    absent_device_scaler_steps: int = 0
    absent_device_autocasts: int = 0
    steps_clipped_while_scaled: int = 0
    batch_norm_batches_per_update: int = 0
    loaders: tuple[LoaderSeen, ...] = ()
    training_s: float = 0.0
    cores: int = 1
    compiling: CompilingSeen = CompilingSeen()
