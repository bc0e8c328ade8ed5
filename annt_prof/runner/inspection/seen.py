"""What was seen of a script's training, as counts."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Seen:
    """Counts over the whole script; an iteration is a backward pass.

    Attributes:
        iterations: Backward passes.
        optimizer_steps: Calls of any optimizer's ``step``.
        most_backwards_per_step: Backward passes between two optimizer steps.
        iterations_reading: Iterations in which a tensor's value was read on the host, outside
            the optimizer.
        iterations_emptying: Iterations with a call of ``empty_cache``.
        backwards_in_autocast: Backward passes that began with autocast on.
        steps_of_scaler: Calls of an enabled scaler's ``step``.
        updates_of_scaler: Calls of its ``update``.
        unfused_with_scaler: Those steps whose optimizer is not fused.
        clipped_while_scaled: Clippings of gradients that were scaled and not unscaled.
        async_from_pageable: Non-blocking copies to a device from memory that is not pinned.
        copies_in_forward: Copies from the host to a device inside a module's forward, by the
            module's class.
        batch_norm_trains: Whether a batch-norm module ran in training mode.
        mixed_layouts: Convolutions that got channels-last inputs with contiguous weights.
        loading_s: Seconds waited for the loader's next batch.
        training_s: Seconds from the first batch to the last optimizer step.
        fewest_workers: Of the loaders that were iterated; None without one.
        cores: That this process may use.
        deterministic_steps: Optimizer steps with deterministic algorithms on.
        anomaly_steps: Optimizer steps with anomaly detection on.
        compiled: Calls of ``torch.compile``.
        compiled_graphs: Graphs that were compiled.
        graph_breaks: Reasons for which graphs broke, with their counts.
    """

    iterations: int = 0
    optimizer_steps: int = 0
    most_backwards_per_step: int = 0
    iterations_reading: int = 0
    iterations_emptying: int = 0
    backwards_in_autocast: int = 0
    steps_of_scaler: int = 0
    updates_of_scaler: int = 0
    unfused_with_scaler: int = 0
    clipped_while_scaled: int = 0
    async_from_pageable: int = 0
    copies_in_forward: dict[str, int] = field(default_factory=dict)
    batch_norm_trains: bool = False
    mixed_layouts: int = 0
    loading_s: float = 0.0
    training_s: float = 0.0
    fewest_workers: int | None = None
    cores: int = 1
    deterministic_steps: int = 0
    anomaly_steps: int = 0
    compiled: int = 0
    compiled_graphs: int = 0
    graph_breaks: dict[str, int] = field(default_factory=dict)
