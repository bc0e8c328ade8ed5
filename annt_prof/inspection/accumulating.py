"""Batch norm while gradients of several batches make one update."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from annt_prof.inspection.loop import in_backward
from annt_prof.inspection.stack import call_site
from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    import torch

    from annt_prof.inspection.loading import Loading
    from annt_prof.inspection.loop import Loop


class Accumulating:
    """Counts batches that batch norm saw in training, for each update of parameters.

    A batch is a forward pass of batch norm that a backward pass follows. Several of them before an
    update are accumulation only when the same place of the program ran them: a discriminator's
    real and generated batches come from two. Setting gradients to zero ends what was accumulated.
    """

    def __init__(self, loop: Loop, loading: Loading) -> None:
        self._loop = loop
        self._loading = loading
        self._ran = False
        self._batches: Counter[tuple[tuple[int, int], ...]] = Counter()
        self._updates: Counter[int] = Counter()
        self._trained: list[int] = []
        loop.before_backward.append(self._backward)
        loop.after_update.append(self._updated)

    def install(self) -> None:
        """Wrap what tells."""
        import torch

        # Not __call__ or forward: torch.compile and torch.jit read those.
        wrap(torch.nn.modules.batchnorm._BatchNorm, "_call_impl", before=self._forward)
        for owner in (torch.optim.Optimizer, torch.nn.Module):
            wrap(owner, "zero_grad", before=self._forget)

    def batches_per_update(self) -> int:
        """Return how many batches most updates are made of, 0 when batch norm never trained."""
        return self._updates.most_common(1)[0][0] if self._updates else 0

    def _forward(self, module: torch.nn.Module, *_: Any, **__: Any) -> None:  # noqa: ANN401
        import torch

        # Checkpointing runs a forward pass again inside the backward pass.
        if not module.training or not torch.is_grad_enabled() or in_backward():
            return
        weight = module.weight
        if isinstance(weight, torch.Tensor) and weight.requires_grad and weight.grad is None:
            self._batches.clear()
        self._ran = True

    def _backward(self) -> None:
        # Inside an optimizer's step, a closure evaluates the same batch again.
        if self._ran and not self._loop.in_update():
            self._batches[call_site()] += 1
        self._ran = False

    def _forget(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        self._batches.clear()

    def _updated(self, _: torch.optim.Optimizer) -> None:
        drawn = self._drawn()
        if self._batches:
            batches = max(self._batches.values())
            self._updates[min(batches, drawn) if drawn else batches] += 1
        self._batches.clear()

    def _drawn(self) -> int:
        """Return the batches of one loader since the last call, 0 where there is no loader.

        One batch that goes through the model several times is still one.
        """
        before, self._trained = self._trained, self._loading.trained_batches()
        return max((n - k for n, k in zip_longest(self._trained, before, fillvalue=0)), default=0)
