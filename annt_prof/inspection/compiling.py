"""What torch.compile made of the script: graphs, when they were made, and why they broke."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from annt_prof.inspection.seen import CompilingSeen
from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    from annt_prof.inspection.loop import Loop

# Training and evaluation, the last and shorter batch, and a size that becomes a symbol at its
# second value are each compiled once. A choice.
_WARM_UP = 3
# So begins the reason of a break that was asked for; torch's own optimizers ask for one.
_DELIBERATE_BREAK = "Call to `torch._dynamo.graph_break()`"


class Compiling:
    """Reads the compiler's own counters at every backward pass."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._modules = 0
        self._made_at = 0
        self._called = False
        self._graphs = 0
        self._recompiling = 0
        self._watched = False
        loop.before_backward.append(self._backward)

    def install(self) -> None:
        """Wrap what tells."""
        import torch

        wrap(torch, "compile", after=self._compiled)

    def seen(self) -> CompilingSeen:
        """Return what the counters say at the end."""
        counters = _counters()
        limits = [str(reason) for reason in counters.get("unimplemented", {})]
        return CompilingSeen(
            modules=self._modules,
            called=self._called,
            iterations_since=self._loop.iterations - self._made_at,
            graphs=_graphs(),
            tried=int(counters.get("frames", {}).get("total", 0)),
            iterations_after_warm_up=max(0, self._loop.iterations - self._made_at - _WARM_UP),
            iterations_recompiling=self._recompiling,
            hit_limit=any("recompile limit exceeded" in reason for reason in limits),
            breaks={
                str(reason): int(count)
                for reason, count in counters.get("graph_break", {}).items()
                if not str(reason).startswith(_DELIBERATE_BREAK)
            },
        )

    def _compiled(self, made: object, *_: Any, **__: Any) -> None:  # noqa: ANN401
        from torch._dynamo.eval_frame import OptimizedModule

        self._made_at = self._loop.iterations
        if isinstance(made, OptimizedModule):
            self._modules += 1
        if not self._watched:
            self._watched = True
            wrap(OptimizedModule, "_call_impl", before=self._call)

    def _call(self, *_: Any, **__: Any) -> None:  # noqa: ANN401
        self._called = True

    def _backward(self) -> None:
        graphs, before = _graphs(), self._graphs
        self._graphs = graphs
        if graphs > before and self._loop.iterations - self._made_at > _WARM_UP:
            self._recompiling += 1


def _counters() -> Any:  # noqa: ANN401
    """Return the compiler's counters, none where it was never loaded."""
    loaded = sys.modules.get("torch._dynamo.utils")
    return loaded.counters if loaded is not None else {}


def _graphs() -> int:
    return int(_counters().get("stats", {}).get("unique_graphs", 0))
