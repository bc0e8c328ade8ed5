"""The sampling process: ``python -m annt_prof.telemetry.recorder``, started by ``Sampler``.

It imports neither torch nor numpy. Each row is one write, so a crash loses at most the row that
was being written. It ends when its standard input closes or its parent is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from annt_prof.telemetry import columns
from annt_prof.telemetry.host import ProcessTree, System
from annt_prof.telemetry.nvml import Device, NvmlUnavailable, initialised, open_device
from annt_prof.telemetry.pcie import ByteCounter, PcieThread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RATE_HZ = 25
PERIOD_NS = 1_000_000_000 // RATE_HZ


class Source(Protocol):
    """Something that is read once per row."""

    def read(self) -> dict[str, int]:
        """Return what it has to say now, by column."""


class DeviceSource:
    """A device with its PCIe traffic, however the device tells it."""

    def __init__(self, device: Device) -> None:
        self._device = device
        first = device.read()
        names = (columns.GPU_PCIE_TX_BYTES, columns.GPU_PCIE_RX_BYTES)
        self._counters = {name: ByteCounter() for name in names if name in first}
        self._thread = None if self._counters else PcieThread(device)

    def read(self) -> dict[str, int]:
        """Return the device's counters, by column."""
        reading = self._device.read()
        for name, counter in self._counters.items():
            if name in reading:
                reading[name] = counter.total(reading[name])
        if self._thread is not None:
            reading |= self._thread.take()
        return reading


def record(descriptor: int, sources: Sequence[Source], ended: Callable[[float], bool]) -> None:
    """Write a row every 40 ms until told to end, and a last one then.

    Args:
        descriptor: Of the file, opened for appending.
        sources: Read in order; the time stamp is taken just before the first.
        ended: Waits that many seconds at most; whether it is time to end.
    """
    os.write(descriptor, (",".join(columns.COLUMNS) + "\n").encode())
    due = time.monotonic_ns()
    while True:
        _write_row(descriptor, sources)
        now = time.monotonic_ns()
        due = max(due + PERIOD_NS, now - now % PERIOD_NS)  # a row that came too late is dropped
        if ended(max(0, due - now) / 1e9):
            break
    _write_row(descriptor, sources)


def _write_row(descriptor: int, sources: Sequence[Source]) -> None:
    reading = {columns.TIME_NS: time.monotonic_ns()}
    for source in sources:
        reading |= source.read()
    row = ",".join(str(reading.get(column, "")) for column in columns.COLUMNS)
    os.write(descriptor, f"{row}\n".encode())


def _device_source(uuid: str | None) -> tuple[list[Source], str]:
    """The device as a source, and its half of the note; no source where it can't be read."""
    try:
        device = open_device(initialised(), uuid)
        source = DeviceSource(device)
    except NvmlUnavailable as reason:
        return [], f"no GPU counters: {reason}"
    missing = columns.GPU_ENERGY_MILLIJOULES not in device.read()
    remark = ", which has no energy counter (power is integrated instead)" if missing else ""
    return [source], f"GPU counters of {device.name}{remark}"


def _note(device: str) -> str:
    return f"host CPU and memory sampled at {RATE_HZ} Hz; {device}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Record until told to end; return the exit status."""
    # The parent decides what an interrupt means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("--watch", type=int, required=True)
    parser.add_argument("--device", action="store_true")
    parser.add_argument("--uuid")
    chosen = parser.parse_args(arguments)
    parent = os.getppid()

    def ended(seconds: float) -> bool:
        readable, _, _ = select.select([sys.stdin], [], [], seconds)
        return bool(readable) or os.getppid() != parent

    sources: list[Source] = []
    note = "no GPU counters: the run uses the CPU"
    if chosen.device:
        sources, note = _device_source(chosen.uuid)
    sources += [ProcessTree(chosen.watch, without=frozenset({os.getpid()})), System()]
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(chosen.path, flags, 0o644)
        print(json.dumps({"note": _note(note)}), flush=True)  # noqa: T201 - to the parent
        record(descriptor, sources, ended)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
