"""From what was seen to the mistakes it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annt_prof.runner.inspection.seen import Seen

# Once in a while is how such calls are meant; most iterations is a habit. All are choices.
_MOST = 0.5
_FEWEST_ITERATIONS = 3
_LOADING_SHARE = 0.2


class Mistake(msgspec.Struct, frozen=True):
    """A known mistake that a script makes.

    Attributes:
        name: A short phrase.
        evidence: What was seen.
        remedy: What to do.
    """

    name: str
    evidence: str
    remedy: str


def mistakes(seen: Seen) -> tuple[Mistake, ...]:
    """Return every mistake that the counts show."""
    found = (
        Mistake(name, evidence, remedy)
        for name, look, remedy in _RULES
        if (evidence := look(seen)) is not None
    )
    return tuple(found)


def _habit(count: int, seen: Seen) -> bool:
    return seen.iterations >= _FEWEST_ITERATIONS and count >= _MOST * seen.iterations


def _hidden_copy(seen: Seen) -> str | None:
    if not seen.copies_in_forward:
        return None
    listed = ", ".join(f"{name} ({count}x)" for name, count in seen.copies_in_forward.items())
    return f"host tensors are copied to the device inside the forward pass of {listed}"


def _waiting_scaler(seen: Seen) -> str | None:
    if not seen.unfused_with_scaler:
        return None
    return f"{seen.unfused_with_scaler} scaled steps of an optimizer that is not fused"


def _emptying(seen: Seen) -> str | None:
    if not _habit(seen.iterations_emptying, seen):
        return None
    return f"empty_cache was called in {seen.iterations_emptying} of {seen.iterations} iterations"


def _pageable(seen: Seen) -> str | None:
    if not seen.async_from_pageable:
        return None
    return f"{seen.async_from_pageable} non-blocking copies from memory that is not pinned"


def _reading(seen: Seen) -> str | None:
    if not _habit(seen.iterations_reading, seen):
        return None
    return f"a tensor was read in {seen.iterations_reading} of {seen.iterations} iterations"


def _wrapped_backward(seen: Seen) -> str | None:
    if not seen.backwards_in_autocast:
        return None
    return f"{seen.backwards_in_autocast} backward passes began inside autocast"


def _scaled_clipping(seen: Seen) -> str | None:
    if not seen.clipped_while_scaled:
        return None
    return f"{seen.clipped_while_scaled} clippings of gradients that were still scaled"


def _never_updated(seen: Seen) -> str | None:
    # Torch refuses a second step without an update, so there are seldom more.
    if not seen.steps_of_scaler or seen.updates_of_scaler or seen.iterations < 2:
        return None
    return f"{seen.steps_of_scaler} steps of a gradient scaler, and not one update"


def _batch_norm(seen: Seen) -> str | None:
    if not seen.batch_norm_trains or seen.most_backwards_per_step < 2:
        return None
    return f"batch norm trains while {seen.most_backwards_per_step} batches make one update"


def _layouts(seen: Seen) -> str | None:
    if not seen.mixed_layouts:
        return None
    return f"{seen.mixed_layouts} convolutions of channels-last inputs with contiguous weights"


def _few_workers(seen: Seen) -> str | None:
    if seen.fewest_workers is None or seen.fewest_workers >= seen.cores or not seen.training_s:
        return None
    share = seen.loading_s / seen.training_s
    if share < _LOADING_SHARE or seen.iterations < _FEWEST_ITERATIONS:
        return None
    return (
        f"{share:.0%} of the time went to waiting for data, with {seen.fewest_workers} loader "
        f"processes on {seen.cores} cores"
    )


def _compiling(seen: Seen) -> str | None:
    if not seen.compiled:
        return None
    if not seen.compiled_graphs:
        return "torch.compile was called, and no graph was compiled: the model runs eagerly"
    if _habit(seen.compiled_graphs, seen):
        return f"{seen.compiled_graphs} graphs were compiled in {seen.iterations} iterations"
    if seen.graph_breaks:
        reasons = "; ".join(reason.splitlines()[0] for reason in seen.graph_breaks)
        return f"graphs broke: {reasons}"
    return None


def _deterministic(seen: Seen) -> str | None:
    if not seen.deterministic_steps:
        return None
    return f"deterministic algorithms were on in {seen.deterministic_steps} optimizer steps"


def _anomaly(seen: Seen) -> str | None:
    if not seen.anomaly_steps:
        return None
    return f"anomaly detection was on in {seen.anomaly_steps} optimizer steps"


_RULES: tuple[tuple[str, Callable[[Seen], str | None], str], ...] = (
    ("a hidden host-to-device copy in a forward pass", _hidden_copy,
     "make the tensor on the device, or register it as a buffer"),
    ("a gradient scaler that synchronises", _waiting_scaler,
     "fused=True: only then does the scaler leave the overflow flag on the device"),
    ("empty_cache in the loop", _emptying,
     "leave it out: the allocator reuses what it holds, and giving it back waits for the device"),
    ("non-blocking copies from unpinned memory", _pageable,
     "pin_memory=True in the loader: the driver stages pageable memory while the host waits"),
    ("reading a tensor every iteration", _reading,
     "read or print every so many iterations: each read waits for the device"),
    ("autocast around backward", _wrapped_backward,
     "end autocast before loss.backward(): its operators take the dtypes of the forward ones"),
    ("clipping before unscale", _scaled_clipping,
     "call scaler.unscale_(optimizer) before clipping, or the limit is of scaled gradients"),
    ("a gradient scaler that is never updated", _never_updated,
     "call scaler.update() after scaler.step(), or the scale never follows the gradients"),
    ("batch-norm statistics under accumulation", _batch_norm,
     "k batches of b are not one batch of k*b for batch norm: use another norm, or know it"),
    ("channels-last inputs with a contiguous model", _layouts,
     "model.to(memory_format=torch.channels_last), or each convolution converts"),
    ("too few loader processes for the host's cores", _few_workers,
     "num_workers up to the number of cores, and persistent_workers=True"),
    ("torch.compile that falls back or compiles every step", _compiling,
     "TORCH_LOGS=recompiles,graph_breaks says where; keep shapes and Python values fixed"),
    ("deterministic mode left on", _deterministic,
     "torch.use_deterministic_algorithms(False) unless you need it: faster kernels are allowed"),
    ("anomaly detection left on", _anomaly,
     "torch.autograd.set_detect_anomaly(False): it records a traceback for every operator"),
)  # fmt: skip


def names() -> Iterator[str]:
    """Yield the name of every mistake that is looked for."""
    for name, _, _ in _RULES:
        yield name
