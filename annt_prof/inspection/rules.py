"""From what was seen to the mistakes it shows. A doubt is no mistake: nothing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof import units
from annt_prof.mistakes import MistakeKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from annt_prof.inspection.seen import Seen

# Once in a while is how such calls are meant; most iterations is a habit. All are choices.
_MOST = 0.5
_FEWEST_ITERATIONS = 3
_LOADING_SHARE = 0.2
# To hand a batch over, a loader process costs the main one 1.3 ms (8 images of 3x32x32, float32)
# to 3.9 ms (64 of them) where loading took 0.1 and 0.2 ms: the median over 60 batches on a host
# with two cores, both busy. A process pays where a batch takes several times as long to load.
_BATCH_WORTH_A_PROCESS_S = 0.010


class Mistake(msgspec.Struct, frozen=True):
    """A known mistake that a script makes.

    Attributes:
        key: Of the mistake.
        name: A short phrase.
        evidence: What was seen.
        remedy: What to do.
    """

    key: MistakeKey
    name: str
    evidence: str
    remedy: str


class _Sighting(NamedTuple):
    evidence: str
    remedy: str


def mistakes(seen: Seen) -> tuple[Mistake, ...]:
    """Return every mistake that the counts show."""
    looked = ((key, look(seen)) for key, look in _RULES)
    return tuple(
        Mistake(key, key.description, *finding) for key, finding in looked if finding is not None
    )


def not_judged(seen: Seen) -> tuple[str, ...]:
    """Return the names of mistakes that could not show, as nothing trained on an accelerator."""
    shown = {mistake.key for mistake in mistakes(seen)}
    return tuple(
        key.description
        for key, _ in _RULES
        if key not in shown and _NEED_A_DEVICE.get(key, _no)(seen)
    )


def names() -> Iterator[str]:
    """Yield the name of every mistake that is looked for."""
    for key, _ in _RULES:
        yield key.description


def _no(_seen: Seen) -> bool:
    return False


def _nothing_on_device(seen: Seen) -> bool:
    return not seen.on_device


def _scaler_off(seen: Seen) -> bool:
    return not seen.on_device and seen.absent_device_scaler_steps > 0


def _autocast_off(seen: Seen) -> bool:
    return not seen.on_device and seen.absent_device_autocasts > 0


def _habit(count: int, iterations: int) -> bool:
    return iterations >= _FEWEST_ITERATIONS and count >= _MOST * iterations


def _of_all(count: int, seen: Seen) -> str:
    return f"{units.whole(count)} of {units.whole(seen.iterations)} iterations"


def _hidden_copy(seen: Seen) -> _Sighting | None:
    listed = ", ".join(
        f"{name} ({_of_all(count, seen)})"
        for name, count in seen.iterations_copying_in_forward.items()
        if _habit(count, seen.iterations)
    )
    if not listed:
        return None
    return _Sighting(
        f"values from the host are copied to the device inside the forward pass of {listed}",
        "make the tensor on the device once, or register it as a buffer",
    )


def _waiting_scaler(seen: Seen) -> _Sighting | None:
    if not seen.waiting_scaler_steps:
        return None
    return _Sighting(
        f"{units.whole(seen.waiting_scaler_steps)} scaled steps of an optimizer that is not fused",
        "fused=True: only then does the scaler leave the overflow flag on the device",
    )


def _emptying(seen: Seen) -> _Sighting | None:
    if not _habit(seen.iterations_emptying, seen.iterations):
        return None
    return _Sighting(
        f"empty_cache was called in {_of_all(seen.iterations_emptying, seen)}",
        "leave it out: the allocator reuses what it holds, and giving it back waits for the device",
    )


def _pageable(seen: Seen) -> _Sighting | None:
    count = seen.iterations_copying_pageable
    if not _habit(count, seen.iterations):
        return None
    return _Sighting(
        f"non-blocking copies from memory that is not pinned in {_of_all(count, seen)}",
        "pin_memory=True in the loader: the driver stages pageable memory while the host waits",
    )


def _reading(seen: Seen) -> _Sighting | None:
    if not _habit(seen.iterations_reading, seen.iterations):
        return None
    return _Sighting(
        f"a tensor was read in {_of_all(seen.iterations_reading, seen)}",
        "sum on the device and read every so many iterations: each read waits for the device",
    )


def _wrapped_backward(seen: Seen) -> _Sighting | None:
    if not _habit(seen.iterations_in_autocast, seen.iterations):
        return None
    return _Sighting(
        f"{units.whole(seen.iterations_in_autocast)} of {units.whole(seen.iterations)} backward "
        "passes began inside autocast",
        "end autocast before loss.backward(): its operators take the dtypes of the forward ones",
    )


def _scaled_clipping(seen: Seen) -> _Sighting | None:
    if not seen.steps_clipped_while_scaled:
        return None
    return _Sighting(
        f"before {units.whole(seen.steps_clipped_while_scaled)} steps, gradients were clipped "
        "while they were "
        "still scaled",
        "call scaler.unscale_(optimizer) before clipping, or the limit is of scaled gradients",
    )


def _never_updated(seen: Seen) -> _Sighting | None:
    if not seen.steps_before_scaler_update:
        return None
    return _Sighting(
        "after its step, an optimizer came to its gradient scaler again before an update",
        "call scaler.update() after scaler.step(), or the scale never follows the gradients",
    )


def _batch_norm(seen: Seen) -> _Sighting | None:
    if seen.batch_norm_batches_per_update < 2:
        return None
    return _Sighting(
        f"batch norm trains while {seen.batch_norm_batches_per_update} batches make one update",
        "k batches of b are not one batch of k*b for batch norm: use another norm, or know it",
    )


def _layouts(seen: Seen) -> _Sighting | None:
    count = seen.iterations_with_mixed_layouts
    if not _habit(count, seen.iterations):
        return None
    return _Sighting(
        f"convolutions of channels-last inputs with contiguous weights in {_of_all(count, seen)}",
        "model.to(memory_format=torch.channels_last), or each convolution converts",
    )


def _few_workers(seen: Seen) -> _Sighting | None:
    short = [loader for loader in seen.loaders if loader.workers < seen.cores]
    batches = sum(loader.batches for loader in short)
    waited_s = sum(loader.waited_s for loader in short)
    if batches < _FEWEST_ITERATIONS or waited_s < _BATCH_WORTH_A_PROCESS_S * batches:
        return None
    # On one core there is none for a loader process to work on.
    if seen.cores < 2 or waited_s < _LOADING_SHARE * seen.training_s:
        return None
    fewest = min(loader.workers for loader in short)
    return _Sighting(
        f"{units.percent(waited_s / seen.training_s, 0)} of the training time went to waiting for "
        f"data, with {fewest} loader processes on {seen.cores} cores",
        "num_workers up to the number of cores, and persistent_workers=True",
    )


def _compiling(seen: Seen) -> _Sighting | None:
    compiling = seen.compiling
    logs = "TORCH_LOGS=recompiles,graph_breaks says where; keep shapes and Python values fixed"
    if compiling.modules and not compiling.called:
        if compiling.iterations_since < _FEWEST_ITERATIONS:
            return None
        return _Sighting(
            "torch.compile was given a model, and in "
            f"{units.whole(compiling.iterations_since)} iterations what it returned was "
            "never called",
            "call what torch.compile returns: the model it was given runs eagerly as before",
        )
    if compiling.tried and not compiling.graphs:
        return _Sighting("torch.compile was called, and could not compile a single graph", logs)
    if compiling.hit_limit:
        return _Sighting("a function was compiled anew until the compiler gave it up", logs)
    if _habit(compiling.iterations_recompiling, compiling.iterations_after_warm_up):
        return _Sighting(
            f"graphs were compiled in {units.whole(compiling.iterations_recompiling)} of the "
            f"{units.whole(compiling.iterations_after_warm_up)} iterations after the warm-up",
            logs,
        )
    if compiling.breaks:
        reasons = "; ".join(reason.splitlines()[0] for reason in compiling.breaks)
        return _Sighting(f"graphs broke: {reasons}", logs)
    return None


def _deterministic(seen: Seen) -> _Sighting | None:
    flags = {
        "torch.use_deterministic_algorithms(False)": seen.iterations_deterministic,
        "torch.backends.cudnn.deterministic = False": seen.iterations_cudnn_deterministic,
    }
    left_on = {undo: count for undo, count in flags.items() if _habit(count, seen.iterations)}
    if not left_on:
        return None
    return _Sighting(
        f"deterministic algorithms were on in {_of_all(max(left_on.values()), seen)}",
        f"{' and '.join(left_on)}, unless you need it: faster kernels are allowed then",
    )


def _anomaly(seen: Seen) -> _Sighting | None:
    count = seen.iterations_with_anomaly_detection
    if not _habit(count, seen.iterations):
        return None
    return _Sighting(
        f"anomaly detection was on in {_of_all(count, seen)}",
        "leave set_detect_anomaly and detect_anomaly out: each operator's traceback is recorded",
    )


_RULES: tuple[tuple[MistakeKey, Callable[[Seen], _Sighting | None]], ...] = (
    (MistakeKey.COPIES_IN_PASSES, _hidden_copy),
    (MistakeKey.SCALER_WAITS_EACH_STEP, _waiting_scaler),
    (MistakeKey.MEMORY_FREED_EVERY_ITERATION, _emptying),
    (MistakeKey.COPIES_FROM_UNPINNED_MEMORY, _pageable),
    (MistakeKey.ITEM_EVERY_ITERATION, _reading),
    (MistakeKey.AUTOCAST_AROUND_BACKWARD, _wrapped_backward),
    (MistakeKey.CLIPPING_BEFORE_UNSCALE, _scaled_clipping),
    (MistakeKey.SCALER_NEVER_UPDATED, _never_updated),
    (MistakeKey.BATCH_NORM_UNDER_ACCUMULATION, _batch_norm),
    (MistakeKey.CHANNELS_LAST_INPUTS_ALONE, _layouts),
    (MistakeKey.TOO_FEW_LOADER_PROCESSES, _few_workers),
    (MistakeKey.COMPILE_FALLS_BACK, _compiling),
    (MistakeKey.DETERMINISTIC_MODE_LEFT_ON, _deterministic),
    (MistakeKey.ANOMALY_DETECTION_LEFT_ON, _anomaly),
)

# Reads and copies wait for a device alone. Scalers and autocast are watched on a CPU too, unless
# they were made for a device that is not there: torch switches those off.
_NEED_A_DEVICE: dict[MistakeKey, Callable[[Seen], bool]] = {
    MistakeKey.COPIES_IN_PASSES: _nothing_on_device,
    MistakeKey.SCALER_WAITS_EACH_STEP: _nothing_on_device,
    MistakeKey.COPIES_FROM_UNPINNED_MEMORY: _nothing_on_device,
    MistakeKey.ITEM_EVERY_ITERATION: _nothing_on_device,
    MistakeKey.AUTOCAST_AROUND_BACKWARD: _autocast_off,
    MistakeKey.CLIPPING_BEFORE_UNSCALE: _scaler_off,
    MistakeKey.SCALER_NEVER_UPDATED: _scaler_off,
}
