"""Which copies the training stream waits for, told by streams that act their queues."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import pytest
import torch

from annt_prof.workload.prefetching import DevicePrefetcher

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stream:
    """A queue of copies, and how many of another stream's it has to wait for."""

    def __init__(self, _device: object = None) -> None:
        self.queued: list[int] = []
        self.waits_for: list[int] = []

    def wait_event(self, event: Event) -> None:
        self.waits_for = event.follows

    def wait_stream(self, stream: Stream) -> None:
        self.waits_for = list(stream.queued)


class Event:
    def __init__(self) -> None:
        self.follows: list[int] = []

    def record(self, stream: Stream) -> None:
        self.follows = list(stream.queued)


class Part:
    """A tensor of batch ``number``."""

    copying: Stream | None = None

    def __init__(self, number: int) -> None:
        self.number = number
        self.used_on: list[Stream] = []

    def to(self, _device: torch.device, *, non_blocking: bool) -> Self:
        assert non_blocking
        assert Part.copying is not None
        Part.copying.queued.append(self.number)
        return self

    def record_stream(self, stream: Stream) -> None:
        self.used_on.append(stream)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> Stream:
    @contextmanager
    def within(stream: Stream) -> Iterator[None]:
        monkeypatch.setattr(Part, "copying", stream)
        yield
        monkeypatch.setattr(Part, "copying", None)

    current = Stream()
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "stream", within)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _device: current)
    return current


def test_a_step_waits_for_its_own_copy_and_not_for_the_next_ones(training: Stream) -> None:
    loaded: list[int] = []

    class Loader:
        def __len__(self) -> int:
            return 4

        def __iter__(self) -> Iterator[tuple[Part, Part]]:
            for number in range(4):
                loaded.append(number)
                yield Part(number), Part(number)

    prefetcher = DevicePrefetcher(Loader(), torch.device("cuda"))
    assert len(prefetcher) == 4
    for number, (inputs, targets) in enumerate(prefetcher):
        assert (inputs.number, targets.number) == (number, number)
        assert set(training.waits_for) == set(range(number + 1))
        assert loaded == list(range(min(number + 2, 4)))  # the next one is under way
        assert inputs.used_on == targets.used_on == [training]
