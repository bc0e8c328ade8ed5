"""What a profile of some steps holds, read from the file that torch writes and by nothing else."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING

import torch
from torch.profiler import ProfilerActivity, profile

from annt_prof.loop.step import Loop, optimizer_step

if TYPE_CHECKING:
    from pathlib import Path

_ON_THE_HOST = ("cpu_op", "user_annotation")
_CALLS = ("cuda_runtime", "cuda_driver")


class Profile:
    """The events of a Chrome trace, asked by name.

    Args:
        events: As the file lists them.
    """

    def __init__(self, events: list[dict]) -> None:
        self._events = [event for event in events if event.get("ph") == "X"]

    def _of(self, *categories: str) -> list[dict]:
        return [event for event in self._events if event["cat"] in categories]

    def operators(self) -> Counter[str]:
        """Operators and annotations by their whole name."""
        return Counter(event["name"] for event in self._of(*_ON_THE_HOST))

    def inputs(self, operator: str, what: str) -> list:
        """What the calls of an operator tell of their first input: ``type``, ``Strides``."""
        found = [event for event in self._of("cpu_op") if event["name"] == operator]
        return [event["args"][f"Input {what}"][0] for event in found]

    def kernels(self) -> list[str]:
        """Names, one for each time that one ran."""
        return [event["name"] for event in self._of("kernel")]

    def calls(self, words: str) -> int:
        """Calls into CUDA's runtime or driver whose name has these words: versions add to it."""
        return sum(words in event["name"] for event in self._of(*_CALLS))

    def copies_to_device(self) -> list[dict]:
        """Copies from the host: their names, and args such as bytes and stream."""
        return [event for event in self._of("gpu_memcpy") if "HtoD" in event["name"]]

    def bytes_to_device(self) -> int:
        """Of all copies from the host."""
        return sum(event["args"]["bytes"] for event in self.copies_to_device())

    def streams_of_kernels(self) -> set[int]:
        """Numbers as the profiler gives them."""
        return {event["args"]["stream"] for event in self._of("kernel")}

    def within(self, annotation: str, words: str) -> int:
        """Calls with these words that begin while an annotation of this name lasts."""
        ranges = [event for event in self._of(*_ON_THE_HOST) if event["name"] == annotation]
        return sum(
            words in call["name"]
            and any(each["ts"] <= call["ts"] < each["ts"] + each["dur"] for each in ranges)
            for call in self._of(*_CALLS)
        )


def read_profile(path: Path) -> Profile:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return Profile(json.load(file)["traceEvents"])


def profiled(loop: Loop, folder: Path, steps: int = 1) -> Profile:
    """Run optimizer steps under a profiler; the device is idle at both ends."""
    torch.cuda.synchronize()
    with profile(
        activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA], record_shapes=True
    ) as profiler:
        for _ in range(steps):
            optimizer_step(loop)
        torch.cuda.synchronize()
    path = folder / "profile.json"
    profiler.export_chrome_trace(str(path))
    return read_profile(path)


def graph_launches(loop: Loop, folder: Path) -> int:
    """How many CUDA graphs an optimizer step launches: of captured passes two an iteration."""
    return profiled(loop, folder).calls("GraphLaunch")
