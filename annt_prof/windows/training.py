"""What windows ask of the training that they are of, whoever runs its steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import torch

    from annt_prof.windows.messages import TracedRequest

ResultT = TypeVar("ResultT")

EndIteration: TypeAlias = Callable[[], None]
"""To be called as each iteration of a step ends, the last one after the update."""

Window: TypeAlias = Generator[EndIteration | None, None, ResultT]
"""A window: advanced once to begin it, then at the end of each optimizer step until it is over.

It yields what the step that comes next is to call, and returns what it measured. One that is left
before it is over must be closed.
"""


@dataclass(frozen=True)
class TracedSteps:
    """The optimizer steps of a traced window, each as its number of iterations.

    Attributes:
        unrecorded: Under the profiler, before the recorded ones.
        recorded: Of which the trace is.
        drains: Whether what is ready of the batches is dropped after the first step.
    """

    unrecorded: tuple[int, ...]
    recorded: tuple[int, ...]
    drains: bool


class Training(Protocol):
    """A training that windows are taken of."""

    @property
    def device(self) -> torch.device:
        """That it trains on."""

    @property
    def batch_size(self) -> int:
        """Samples of an iteration."""

    @property
    def iterations(self) -> int:
        """Done so far."""

    @property
    def waited_ns(self) -> int:
        """For how long the host waited for batches so far."""

    def approach_timed(self, switch_in: int, iterations: int, *, at_epoch: bool) -> int:
        """Come to where a timed window can begin.

        Args:
            switch_in: Iterations to be run before the window.
            iterations: Of the window.
            at_epoch: Whether the window is to begin with an epoch.

        Returns:
            The iterations of switch-in from there on.
        """

    def approach_traced(self, request: TracedRequest) -> TracedSteps:
        """Come to where a traced window can begin, and return its steps."""

    def drain(self) -> None:
        """Take all batches that are ready, training on none."""
