"""Clocks for windows: instants of the device's work, marked without waiting for it."""

from __future__ import annotations

import time
from typing import Protocol

import torch


class Stopwatch(Protocol):
    """Marks instants as the device reaches them, without waiting for it."""

    def mark(self) -> None:
        """Mark this point of the device's work."""

    def laps_ns(self) -> list[int]:
        """Nanoseconds between neighbouring marks. Call with the device idle."""


class HostStopwatch:
    """For a CPU, where work is done once the call returns."""

    def __init__(self) -> None:
        self._marks: list[int] = []

    def mark(self) -> None:
        """Read the monotonic clock."""
        self._marks.append(time.monotonic_ns())

    def laps_ns(self) -> list[int]:
        """Differences of the readings."""
        return [b - a for a, b in zip(self._marks, self._marks[1:], strict=False)]


class DeviceStopwatch:
    """For CUDA: events in the stream, read after the window.

    An event resolves about half a microsecond. Source: CUDA runtime, cudaEventElapsedTime.
    """

    def __init__(self) -> None:
        self._marks: list[torch.cuda.Event] = []

    def mark(self) -> None:
        """Record an event on the current stream."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        self._marks.append(event)

    def laps_ns(self) -> list[int]:
        """Elapsed times between the events."""
        return [
            round(a.elapsed_time(b) * 1e6)
            for a, b in zip(self._marks, self._marks[1:], strict=False)
        ]


def stopwatch_for(device: torch.device) -> Stopwatch:
    """Return the kind that measures this device's work."""
    return DeviceStopwatch() if device.type == "cuda" else HostStopwatch()


def wait_for(device: torch.device) -> None:
    """Wait until the device is idle; a CPU always is."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
