"""Counts what a training script does, by wrapping the few functions of torch that tell.

Wrappers call what they wrap and change nothing. Nothing is timed but the waits for a loader, so
that watching may be slow.
"""

from __future__ import annotations

import functools
import os
import time
from typing import TYPE_CHECKING, Any

from annt_prof.runner.inspection.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

_READERS = ("item", "tolist", "__float__", "__int__", "__bool__", "cpu", "numpy", "__repr__")


class Watch:
    """Watches this process from ``install`` on; there is no way back, the process is ours.

    Attributes:
        seen: The counts so far.
    """

    def __init__(self) -> None:
        self.seen = Seen(cores=len(os.sched_getaffinity(0)))
        self._in_forward: list[str] = []
        self._in_optimizer = 0
        self._backwards = 0
        self._read_now = False
        self._emptied_now = False
        self._scaled = False
        self._began_s: float | None = None

    def install(self) -> None:
        """Wrap what tells."""
        import torch
        from torch.optim.optimizer import (
            register_optimizer_step_post_hook,
            register_optimizer_step_pre_hook,
        )

        self._wrap(torch.autograd, "backward", self._backward)
        self._wrap(torch.cuda, "empty_cache", self._empty_cache)
        for name in _READERS:
            self._wrap(torch.Tensor, name, self._read)
        for name in ("to", "cuda"):
            self._wrap(torch.Tensor, name, self._copy)
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            self._wrap(torch.nn.utils, name, self._clip)
        scaler = torch.amp.GradScaler
        for name in ("scale", "step", "update", "unscale_"):
            self._wrap(scaler, name, getattr(self, f"_scaler_{name.strip('_')}"))
        self._wrap(torch, "compile", self._compile)
        self._wrap_loader(torch.utils.data.DataLoader)
        torch.nn.modules.module.register_module_forward_pre_hook(self._enter)
        torch.nn.modules.module.register_module_forward_hook(self._leave, always_call=True)
        register_optimizer_step_pre_hook(self._before_step)
        register_optimizer_step_post_hook(self._after_step)

    def finish(self) -> Seen:
        """Add what only the end tells, and return the counts."""
        if self.seen.compiled:
            from torch._dynamo.utils import counters

            self.seen.compiled_graphs = int(counters["stats"].get("unique_graphs", 0))
            self.seen.graph_breaks = {str(k): int(v) for k, v in counters["graph_break"].items()}
        return self.seen

    def _wrap(self, owner: Any, name: str, note: Callable[..., None]) -> None:  # noqa: ANN401
        import torch

        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapper(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
            if not torch.compiler.is_compiling():
                note(*arguments, **keywords)
            return original(*arguments, **keywords)

        setattr(owner, name, wrapper)

    def _wrap_loader(self, loader: type[torch.utils.data.DataLoader[Any]]) -> None:
        original, watch = loader.__iter__, self

        def batches(self: Any) -> Iterator[Any]:  # noqa: ANN401
            known, workers = watch.seen.fewest_workers, self.num_workers
            watch.seen.fewest_workers = workers if known is None else min(known, workers)
            if watch._began_s is None:
                watch._began_s = time.perf_counter()
            iterator = original(self)
            while True:
                began = time.perf_counter()
                try:
                    batch = next(iterator)
                except StopIteration:
                    return
                finally:
                    watch.seen.loading_s += time.perf_counter() - began
                yield batch

        loader.__iter__ = batches  # type: ignore[assignment, method-assign]

    def _backward(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        import torch

        self.seen.iterations += 1
        self._backwards += 1
        self._read_now = self._emptied_now = False
        if any(map(torch.is_autocast_enabled, ("cpu", "cuda"))):
            self.seen.backwards_in_autocast += 1

    def _read(self, tensor: torch.Tensor, *_: Any, **__: Any) -> None:  # noqa: ANN401
        # A tensor of the loader's or of bookkeeping was never on the device; one that a model
        # made has a history, or its loss had one.
        if self._in_optimizer or self._in_forward or self._read_now:
            return
        if tensor.grad_fn is not None or tensor.device.type != "cpu":
            self._read_now = True
            self.seen.iterations_reading += 1

    def _empty_cache(self) -> None:
        if not self._emptied_now:
            self._emptied_now = True
            self.seen.iterations_emptying += 1

    def _copy(self, tensor: torch.Tensor, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401
        import torch

        if tensor.device.type != "cpu":
            return
        named = [a for a in (*arguments, *keywords.values()) if isinstance(a, str | torch.device)]
        devices = {torch.device(a).type for a in named}
        devices |= {a.device.type for a in arguments if isinstance(a, torch.Tensor)}
        if not devices - {"cpu"}:
            return
        if keywords.get("non_blocking") and not tensor.is_pinned():
            self.seen.async_from_pageable += 1
        if self._in_forward:
            inside = self._in_forward[-1]
            count = self.seen.copies_in_forward.get(inside, 0)
            self.seen.copies_in_forward[inside] = count + 1

    def _clip(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        self.seen.clipped_while_scaled += self._scaled

    def _scaler_scale(self, scaler: torch.amp.GradScaler, *_: Any) -> None:  # noqa: ANN401
        self._scaled = self._scaled or scaler.is_enabled()

    def _scaler_unscale(self, *_: Any) -> None:  # noqa: ANN401
        self._scaled = False

    def _scaler_step(
        self,
        scaler: torch.amp.GradScaler,
        optimizer: torch.optim.Optimizer,
        *_: Any,  # noqa: ANN401
        **__: Any,  # noqa: ANN401
    ) -> None:
        self._scaled = False
        if scaler.is_enabled():
            self.seen.steps_of_scaler += 1
            self.seen.unfused_with_scaler += not optimizer.defaults.get("fused")

    def _scaler_update(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        self.seen.updates_of_scaler += 1

    def _compile(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        self.seen.compiled += 1

    def _enter(self, module: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        import torch

        self._in_forward.append(type(module).__name__)
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and module.training:
            self.seen.batch_norm_trains = True
        if isinstance(module, torch.nn.Conv2d) and arguments:
            self.seen.mixed_layouts += _is_mixed(module.weight, arguments[0])

    def _leave(self, *_: Any) -> None:  # noqa: ANN401
        if self._in_forward:
            self._in_forward.pop()

    def _before_step(self, *_: Any) -> None:  # noqa: ANN401
        self._in_optimizer += 1

    def _after_step(self, *_: Any) -> None:  # noqa: ANN401
        import torch

        self._in_optimizer -= 1
        seen = self.seen
        seen.optimizer_steps += 1
        seen.most_backwards_per_step = max(seen.most_backwards_per_step, self._backwards)
        self._backwards = 0
        deterministic = torch.are_deterministic_algorithms_enabled()
        seen.deterministic_steps += deterministic or torch.backends.cudnn.deterministic
        seen.anomaly_steps += torch.is_anomaly_enabled()
        if self._began_s is not None:
            seen.training_s = time.perf_counter() - self._began_s


def _is_mixed(weight: torch.Tensor, images: object) -> bool:
    """Tell channels-last images from a weight that is laid out otherwise; 1x1 is both."""
    import torch

    if not isinstance(images, torch.Tensor) or images.dim() != weight.dim():
        return False
    last = torch.channels_last
    apart = images.is_contiguous(memory_format=last) and not images.is_contiguous()
    return apart and not weight.is_contiguous(memory_format=last)
