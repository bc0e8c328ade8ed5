"""The smoke matrix: every technique alone, and the pairs that are known to get into trouble.

Each is trained for a few steps on two models. Looked at are the parameters (against a loop written
out here, on the same batches), how often a step waits for the device, and memory.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import (
    NEEDS_DEVICE,
    ONE_OF_ITS_KIND,
    PRODUCT_NEEDS,
    Item,
    Reading,
    at_most,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from annt_prof.scenario.schema import Scenario
    from annt_prof.techniques.setup import TrainingSetup
    from benchmarks.gpu_items.reporting import Task

TECHNIQUES = (
    "activation_checkpointing", "amp", "channels_last", "compile", "cuda_graphs",
    "cudnn_benchmark", "dataloader_workers", "dataset_on_device", "device_prefetch",
    "fused_optimizer", "gpu_augmentation", "gradient_accumulation", "gradient_clipping",
    "pin_memory", "sdpa", "set_to_none", "tf32",
)  # fmt: skip
PAIRS = (
    ("cuda_graphs", "gradient_accumulation"),
    ("cuda_graphs", "set_to_none"),
    ("cuda_graphs", "amp"),
    ("cuda_graphs", "sdpa"),
    ("cuda_graphs", "pin_memory"),
    ("cuda_graphs", "dataset_on_device"),
    ("cuda_graphs", "activation_checkpointing"),
    ("sdpa", "activation_checkpointing"),
    ("sdpa", "amp"),
    ("compile", "gradient_accumulation"),
    ("compile", "amp"),
    ("compile", "activation_checkpointing"),
    ("amp", "gradient_accumulation"),
    ("amp", "gradient_clipping"),
    ("amp", "activation_checkpointing"),
    ("amp", "fused_optimizer"),
    ("amp", "channels_last"),
    ("device_prefetch", "dataset_on_device"),
    ("device_prefetch", "gpu_augmentation"),
)
_OPTIONS: dict[str, dict[str, Any]] = {
    "dataloader_workers": {"workers": 2},
    "gradient_accumulation": {"steps": 2},
    "gradient_clipping": {"limit": 1.0},
    "sdpa": {"kernel": "efficient"},  # the one for float32; flash stands in the pair with amp
}
_OPTIONS_IN_PAIRS: dict[tuple[str, str], dict[str, dict[str, Any]]] = {
    ("sdpa", "amp"): {"sdpa": {"kernel": "flash"}},
    ("sdpa", "activation_checkpointing"): {"sdpa": {"kernel": "math"}},
    ("cuda_graphs", "set_to_none"): {"set_to_none": {"drop": False}},
    ("compile", "gradient_accumulation"): {"compile": {"mode": "reduce-overhead"}},
}
_LOST_TO_CAPTURE = ("cuda_graphs", "activation_checkpointing")
"""Some versions of torch cannot save the state of random numbers, which recomputing draws again,
while they capture, and say so (pytorch issues 83148 and 162504). That is an answer; wrong
parameters are none."""

_ROUNDING = {"amp", "tf32"}
_UNROUNDED_SHARE, _ROUNDED_SHARE = 0.05, 0.3
"""Of the largest update: what other algorithms, and 11 significant bits, may shift a parameter by.

An untrained network with batch norm amplifies rounding: 8 bits (bfloat16, which amp takes on a
CPU) shift this ResNet by half of the largest update, so 11 bits do by some hundredths.
"""

_STEPS = 4  # optimizer steps that change parameters
_MOST_STEPS = 12
"""With those that a gradient scaler skips: its scale begins at 65536 and is halved each time."""

_LR = 3e-5
"""So low that rounding is not amplified from step to step. Float32 against float64 on a CPU, four
steps of the ResNet: off by 0.60 of the largest update at 1e-3, 0.018 at 1e-4, 0.004 at 3e-5."""

_REHEARSED = ("activation_checkpointing", "amp+gradient_accumulation")


_ON_A_DEVICE_ONLY = {"tf32", "cuda_graphs", "device_prefetch", "gpu_augmentation",
                     "dataset_on_device", "cudnn_benchmark", "pin_memory"}  # fmt: skip


def _not_rehearsed(key: str, names: tuple[str, ...]) -> str:
    if _ON_A_DEVICE_ONLY & {*names}:
        return NEEDS_DEVICE
    return "" if key in _REHEARSED else ONE_OF_ITS_KIND


def _item(*names: str) -> Item:
    serves = [Owed.DEVICE_TECHNIQUES]
    if names in (("amp",), ("pin_memory",)):
        serves.append(Owed.AMP_AND_PINNING)
    compiled = "compile" in names
    key = "+".join(names)
    return Item(
        f"smoke_{key}", __name__, f"{' with '.join(names)} on two models", tuple(serves),
        estimate_s=90 if compiled else 30, limit_s=180 if compiled else 90, arguments=names,
        beside_others=True, not_rehearsed=_not_rehearsed(key, names),
        needs=(*PRODUCT_NEEDS, "sklearn"),
    )  # fmt: skip


ALONE = tuple(
    # What acts nowhere else comes first.
    _item(name)
    for name in sorted(TECHNIQUES, key=lambda each: each not in _ON_A_DEVICE_ONLY)
)
PAIRED = tuple(_item(*pair) for pair in PAIRS)
ITEMS = (*ALONE, *PAIRED)


@dataclass(frozen=True)
class Group:
    """One optimizer step that was run.

    Attributes:
        batches: As the loader gave them, on the device or off it.
        skipped: Whether the gradient scaler found an overflow and left the parameters alone.
    """

    batches: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    skipped: bool


class Kept:
    """A loop's batches, which keeps a copy of what it hands out."""

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        self.seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batches, name)

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        inputs, targets = next(self.batches)
        self.seen.append((inputs.clone(), targets.clone()))
        return inputs, targets


def models(task: Task) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each model's name and scenario: digits, since every technique can act on them."""
    from importlib.util import find_spec

    batch = 4 if task.tiny else 32
    small, large = (8, 32) if task.tiny else (32, 224)
    yield "resnet18@32", _scenario("torchvision", "resnet18", small, batch, {"stem": "cifar"})
    if find_spec("timm") is None:
        task.report(Reading("vit_tiny@224", note="skipped: timm is not installed"))
        return
    arguments = {"depth": 2} if task.tiny else {}
    more = {"arguments": arguments} if arguments else {}
    yield "vit_tiny@224", _scenario("timm", "vit_tiny_patch16_224", large, batch, more)


def _scenario(
    source: str, name: str, side: int, batch: int, more: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": "smoke",
        "model": {"source": source, "name": name, **more},
        "dataset": {"name": "digits", "image_size": side, "batch_size": batch},
        "optimizer": {"name": "sgd", "lr": _LR, "momentum": 0.9},
    }


def main() -> None:
    """Report one combination on every model."""
    import torch

    from benchmarks.gpu_items import product

    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="+")
    task, given = task_of(parser)
    names = tuple(given.names)
    # Torch lets convolutions round to TF32 unless told otherwise; then every other choice of
    # algorithm would show as much as the rounding that is looked for.
    torch.backends.cudnn.allow_tf32 = False
    torch.set_float32_matmul_precision("highest")
    for model, document in models(task):
        scenario = product.read_scenario(document, task.scratch, accelerator=task.on_device)
        try:
            _look_at(task, model, scenario, names, torch.device(task.device))
        except product.UserError as error:
            task.report(Reading(model, note=f"refused: {error}"))
        except Exception as error:  # noqa: BLE001 - the other model is still looked at
            task.report(_failed(model, names, error))


def _failed(model: str, names: tuple[str, ...], error: Exception) -> Reading:
    said = f"{type(error).__name__}: {error}"
    if names == _LOST_TO_CAPTURE and isinstance(error, RuntimeError) and "graph capture" in said:
        return Reading(model, note=f"lost: {said}")
    return Reading(model, trouble=said)


def _look_at(
    task: Task, model: str, scenario: Scenario, names: tuple[str, ...], device: torch.device
) -> None:
    import torch

    from benchmarks.gpu_items import product

    flags = _Flags()
    setup = product.build_setup(scenario, device)
    for name in names:
        product.switch_on(name, _options(name, names), setup)
    started = _parameters(setup.model)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    loop = product.Loop(setup, scenario.seed)
    groups = trained(loop)
    found, waits = _parameters(setup.model), synchronisations(loop)
    memory = torch.cuda.max_memory_reserved() if device.type == "cuda" else None
    remarks = "; ".join(setup.remarks)
    del loop
    flags.restore()
    expected = reference(scenario, setup, groups)
    update = (expected - started).abs().max()
    share = float((found - expected).abs().max() / update) if update else None
    limit = _ROUNDED_SHARE if _ROUNDING & {*names} else _UNROUNDED_SHARE
    skipped = sum(group.skipped for group in groups)
    note = f"largest update {float(update):.3g}"
    note += f", {skipped} of {len(groups)} steps skipped" if skipped else ""
    note += "" if memory is None else f", {memory / 1e9:.2f} GB reserved"
    note += f"; {remarks}" if remarks else ""
    task.report(
        Reading(
            f"{model}: parameters off by, of the largest update", share,
            expected=task.judged(at_most(limit)), note=note,
            trouble="" if update else "no step changed any parameter",
        )
    )  # fmt: skip
    if waits is not None:
        task.report(
            Reading(f"{model}: waits in an iteration", waits, expected=at_most(most_waits(setup)))
        )


def _options(name: str, names: tuple[str, ...]) -> dict[str, Any]:
    in_pair = _OPTIONS_IN_PAIRS.get(names, {}) if len(names) == 2 else {}
    return in_pair.get(name, _OPTIONS.get(name, {}))


class _Flags:
    """The process's switches that techniques set, to be put back for the reference."""

    def __init__(self) -> None:
        import torch

        self._precision = torch.get_float32_matmul_precision()
        self._tf32 = torch.backends.cudnn.allow_tf32
        self._benchmark = torch.backends.cudnn.benchmark

    def restore(self) -> None:
        """Set them as they were."""
        import torch

        torch.set_float32_matmul_precision(self._precision)
        torch.backends.cudnn.allow_tf32 = self._tf32
        torch.backends.cudnn.benchmark = self._benchmark


def _parameters(model: torch.nn.Module) -> torch.Tensor:
    import torch

    return torch.cat([p.detach().float().flatten() for p in model.parameters()]).cpu()


def trained(loop: Any) -> tuple[Group, ...]:
    """Run a few optimizer steps that are not skipped, and return what all were given."""
    from benchmarks.gpu_items import product

    kept = Kept(loop.batches)
    loop.batches = kept
    groups: list[Group] = []
    while len(groups) < _MOST_STEPS and sum(not group.skipped for group in groups) < _STEPS:
        before, scale = len(kept.seen), loop.scaler.get_scale()
        product.optimizer_step(loop)
        # A scale that falls is how a scaler tells of a step that it skipped.
        groups.append(Group(tuple(kept.seen[before:]), loop.scaler.get_scale() < scale))
    loop.batches = kept.batches
    return tuple(groups)


def reference(scenario: Scenario, setup: TrainingSetup, groups: tuple[Group, ...]) -> torch.Tensor:
    """Return the parameters after eager training in full precision on the same batches.

    Accumulation, clipping and skipped steps are as in the variant: they are its mathematics.
    """
    import torch

    from benchmarks.gpu_items import product

    plain = product.build_setup(scenario, setup.device)
    model = plain.model.train()
    optimizer = product.make_optimizer(plain.optimizer, model)
    for group in groups:
        for inputs, targets in group.batches:
            inputs, targets = inputs.to(plain.device), targets.to(plain.device)
            if setup.batch_transform is not None:
                inputs = setup.batch_transform(inputs)
            (plain.criterion(model(inputs), targets) / len(group.batches)).backward()
        if setup.clipping is not None and setup.clipping.kind == "norm":
            torch.nn.utils.clip_grad_norm_(model.parameters(), setup.clipping.limit)
        elif setup.clipping is not None:
            torch.nn.utils.clip_grad_value_(model.parameters(), setup.clipping.limit)
        if not group.skipped:
            optimizer.step()
        optimizer.zero_grad()
    return _parameters(model)


def synchronisations(loop: Any) -> float | None:
    """Return how often an iteration waits for the device, as torch warns of it; None on a CPU.

    Source: c10/cuda/CUDAFunctions.cpp, warn_or_error_on_sync, which warns each time.
    """
    import torch

    from benchmarks.gpu_items import product

    product.run_steps(loop, 2)
    if loop.setup.device.type != "cuda":
        return None
    torch.cuda.synchronize()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            iterations = sum(product.optimizer_step(loop) for _ in range(_STEPS))
        finally:
            torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize()
    told = [each for each in caught if "called a synchronizing CUDA operation" in str(each.message)]
    return len(told) / iterations


def most_waits(setup: TrainingSetup) -> float:
    """Return how often an iteration may wait: for each blocking copy, and for the scaler's flag."""
    copies = 0 if setup.non_blocking or setup.device_prefetch or setup.dataset_on_device else 2
    reads_flag = setup.grad_scaling and not setup.optimizer.arguments.get("fused")
    return copies + (1 / setup.accumulation if reads_flag else 0)


if __name__ == "__main__":
    main()
