"""Injected and found: work of known length in each phase, and the traced step's own account of it.

How long the injected work really took is told by a clock of its own: events around spins on a
device, the monotonic clock around sleeps.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol
from unittest import mock

from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from benchmarks.gpu_items.reporting import Task

_SPINS_MS = (5.0, 20.0)
_DEVICE_SHARE, _HOST_SHARE = 0.03, 0.1
_PINNED_SHARE, _PAGEABLE_SHARE = 0.05, 0.15
"""Of a pinned copy of 1.2 ms, an event's and an engine's start are some tens of us. A pageable copy
is staged by the host through pinned memory. The trace has the device's part of it, and events
around the call have the staging as well, so that the two differ for no fault."""

_AHEAD_CYCLES = 2_000_000
"""A spin of about 1 ms, in which the host queues a copy and the events around it."""

_SLEEPS_MS = (20.0, 50.0)
"""Without a wait, and after one. The host's whole way through the tiny step, 2 to 3 ms under the
profiler, is in the same category as the sleep, so that what a step has without one is taken off."""

_ITERATIONS = 6  # traced
_BATCH = 16
_COPIED_FLOATS = 1_000_000  # of a sample: 64 MB a batch
_PHASES = ("forward", "backward", "optimizer", "zero_grad", "grad_clipping", "grad_scaling")
_LOADER_SLEEP_S, _LOADERS = 0.01, 4
_TURNS = 2  # of every loader process, recorded


def _item(key: str, title: str, estimate_s: float) -> Item:
    return Item(
        f"injected_{key}", __name__, title, (Owed.INJECTED,), estimate_s, 3 * estimate_s, (key,)
    )


ITEMS = (
    _item("spins", "spins in each phase", 40),
    _item("host", "a host sleep, and an explicit wait for the device", 20),
    _item("loader", "a data set that sleeps, four loader processes", 25),
    _item("copies", "copies of 64 MB, pageable and pinned", 40),
)


class Work(Protocol):
    """Takes a known time when called."""

    def __call__(self, *_: object) -> None:
        """Take it."""

    def mean_ns(self, calls: int) -> float:
        """What the last calls took on average, by a clock of their own."""


class Sleep:
    """Keeps the host from going on."""

    def __init__(self, milliseconds: float) -> None:
        self._seconds = milliseconds / 1e3
        self._taken_ns: list[int] = []

    def __call__(self, *_: object) -> None:
        """Sleep."""
        began = time.monotonic_ns()
        time.sleep(self._seconds)
        self._taken_ns.append(time.monotonic_ns() - began)

    def mean_ns(self, calls: int) -> float:
        """Of the last calls."""
        return fmean(self._taken_ns[-calls:])


class Spin:
    """Keeps the device busy, for cycles that were timed on the spot."""

    def __init__(self, milliseconds: float) -> None:
        self._cycles = round(_cycles_per_ms() * milliseconds)
        self._events: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []

    def __call__(self, *_: object) -> None:
        """Queue it on the current stream."""
        import torch

        events = (torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
        events[0].record()
        torch.cuda._sleep(self._cycles)
        events[1].record()
        self._events.append(events)

    def mean_ns(self, calls: int) -> float:
        """Of the last calls, once the device has done them."""
        import torch

        torch.cuda.synchronize()
        return fmean(start.elapsed_time(end) for start, end in self._events[-calls:]) * 1e6


def _cycles_per_ms() -> float:
    import torch

    cycles = 20_000_000
    for _ in range(3):  # the first ones find low clocks
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        torch.cuda._sleep(cycles)
        end.record()
        torch.cuda.synchronize()
    return cycles / start.elapsed_time(end)


def busy(task: Task, milliseconds: float) -> Work:
    """Return a spin on a device; on a CPU, which is its own device, a sleep."""
    return Spin(milliseconds) if task.on_device else Sleep(milliseconds)


@dataclass
class Injection:
    """Where work is put; every place is optional.

    Attributes:
        forward, backward: Called once in each pass.
        sample: Called for each sample that is loaded.
        features: Floats of a sample.
        loaders: Loader processes.
        pinned: Whether batches are pinned, and copied without waiting.
        scaled, clipped: Whether gradients are.
    """

    forward: Callable[..., object] | None = None
    backward: Callable[..., object] | None = None
    sample: Callable[..., object] | None = None
    features: int = 64
    loaders: int = 0
    pinned: bool = False
    scaled: bool = False
    clipped: bool = False


def make_loop(task: Task, injection: Injection) -> Any:
    """Return annt-prof's loop on a model of one small layer with the work in it."""
    import torch

    from annt_prof.techniques.setup import (
        GradientClipping,
        LoaderArguments,
        OptimizerArguments,
        ScheduleArguments,
        TrainingSetup,
    )
    from benchmarks.gpu_items import product

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(64, 4)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            if injection.forward is not None:
                injection.forward()
            logits = self.linear(inputs[:, :64])
            if injection.backward is not None:
                logits.register_hook(lambda _: injection.backward() and None)
            return logits

    class Samples(torch.utils.data.Dataset):
        rows = torch.randn(_BATCH * 4, injection.features)

        def __len__(self) -> int:
            return 4096 if injection.sample is not None else len(self.rows)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            if injection.sample is not None:
                injection.sample()
            return self.rows[index % len(self.rows)], index % 4

    device = torch.device(task.device)
    setup = TrainingSetup(
        device=device,
        model=Net().to(device),
        criterion=torch.nn.functional.cross_entropy,
        dataset=Samples(),
        loader=LoaderArguments(_BATCH, num_workers=injection.loaders, pin_memory=injection.pinned),
        optimizer=OptimizerArguments("sgd", lr=0.01),
        schedule=ScheduleArguments("constant"),
        clipping=GradientClipping("norm", 1e9) if injection.clipped else None,
        grad_scaling=injection.scaled,
        non_blocking=injection.pinned,
    )
    return product.Loop(setup, seed=0)


def found_in(
    task: Task, loop: Any, name: str, *, iterations: int = _ITERATIONS, unrecorded: int = 1
) -> Any:
    """Return the mean traced step, after a warm-up."""
    from benchmarks.gpu_items import product

    product.run_steps(loop, 3)
    path = task.scratch / f"{name}.json.gz"
    return product.traced(loop, iterations, path, unrecorded=unrecorded)


def report(
    task: Task,
    name: str,
    found: Any,
    category: str,
    injected_ns: float,
    share: float,
    *,
    without_ns: float = 0.0,
) -> None:
    """Report what a category has beyond ``without_ns``, which it has where nothing is put there."""
    figure = found.by_category_ns.get(category)
    task.report(
        Reading(
            name,
            None if figure is None else (figure - without_ns) / 1e6,
            "ms",
            within(injected_ns / 1e6, share) if task.on_device else None,
            note=f"found as {category}",
        )
    )


def spins(task: Task) -> None:
    """Put a spin into each phase in turn."""
    for milliseconds in _SPINS_MS[: 1 if task.tiny else None]:
        for phase in _PHASES:
            work = busy(task, milliseconds)
            injection = Injection(
                forward=work if phase == "forward" else None,
                backward=work if phase == "backward" else None,
                scaled=phase == "grad_scaling",
                clipped=phase == "grad_clipping",
            )
            loop = make_loop(task, injection)
            with _in_update(loop, phase, work):
                found = found_in(task, loop, f"{phase}-{milliseconds}")
            name = f"spin of {milliseconds:g} ms in {phase}"
            report(task, name, found, phase, work.mean_ns(found.num_steps), _DEVICE_SHARE)


@contextlib.contextmanager
def _in_update(loop: Any, phase: str, work: Work) -> Iterator[None]:
    """Put work into a phase of the update, which the loop calls by name."""
    import torch

    places: dict[str, tuple[object, str]] = {
        "optimizer": (loop.optimizer, "step"),
        "zero_grad": (loop.optimizer, "zero_grad"),
        "grad_scaling": (loop.scaler, "update"),
        "grad_clipping": (torch.nn.utils, "clip_grad_norm_"),
    }
    if phase not in places:
        yield
        return
    if phase == "optimizer":
        hook = loop.optimizer.register_step_pre_hook(work)
        yield
        hook.remove()
        return
    owner, name = places[phase]
    original = getattr(owner, name)

    def with_work(*arguments: object, **named: object) -> object:
        work()
        return original(*arguments, **named)

    with mock.patch.object(owner, name, with_work):
        yield


def host(task: Task) -> None:
    """Let the host sleep, first while the device has nothing to do, then after a wait for it."""
    alone_ms, after_ms = _SLEEPS_MS
    awake = found_in(task, make_loop(task, Injection()), "awake")
    sleep = Sleep(alone_ms)
    found = found_in(task, make_loop(task, Injection(forward=sleep)), "sleep")
    category = "host_bound" if task.on_device else "forward"
    injected = sleep.mean_ns(found.num_steps)
    awake_ns = awake.by_category_ns.get(category, 0)
    name = f"host sleep of {alone_ms:g} ms in forward"
    report(task, name, found, category, injected, _HOST_SHARE, without_ns=awake_ns)

    spin, sleep = busy(task, 20), Sleep(after_ms)

    def spin_wait_sleep() -> None:
        import torch

        spin()
        if task.on_device:
            torch.cuda.synchronize()
        sleep()

    found = found_in(task, make_loop(task, Injection(forward=spin_wait_sleep)), "wait")
    spun, slept = spin.mean_ns(found.num_steps), sleep.mean_ns(found.num_steps)
    if not task.on_device:
        report(task, "both in forward", found, "forward", spun + slept, _HOST_SHARE)
        return
    report(task, "spin of 20 ms before a wait", found, "forward", spun, _DEVICE_SHARE)
    name = f"sleep of {after_ms:g} ms after a wait"
    report(task, name, found, "host_bound", slept, _HOST_SHARE, without_ns=awake_ns)


def loader(task: Task) -> None:
    """Let four loader processes sleep for each sample, longer than the step takes."""
    sleep_s = _LOADER_SLEEP_S / (5 if task.tiny else 1)
    found, injected_ns = with_sleeping_loaders(task, sleep_s)
    name = f"loaders that sleep {sleep_s * _BATCH * 1e3:g} ms a batch"
    report(task, name, found, "data_loading", injected_ns, _HOST_SHARE)


def with_sleeping_loaders(task: Task, sleep_s: float) -> tuple[Any, float]:
    """Return the mean traced step, and what it should wait for a batch, ns.

    A process makes a batch in the sleep of its samples, and four of them one in a quarter of
    that; what the step does besides is hidden behind it.

    From an emptied queue on, the processes are in phase: a batch is waited for as long as its
    samples sleep, and the next three lie ready. So whole turns of all of them are recorded, after
    one that is not; of any other number the mean says where in a turn it began.
    """
    injection = Injection(sample=lambda: time.sleep(sleep_s), loaders=_LOADERS)
    found = found_in(
        task, make_loop(task, injection), "loader", iterations=_TURNS * _LOADERS,
        unrecorded=_LOADERS,
    )  # fmt: skip
    waits = found.by_category_ns.get("data_loading", 0)
    return found, sleep_s * _BATCH / _LOADERS * 1e9 - (found.step_ns - waits)


def copies(task: Task) -> None:
    """Copy large batches, and time the same copies alone."""
    features = 1000 if task.tiny else _COPIED_FLOATS
    for pinned in (False, True):
        kind = "pinned" if pinned else "pageable"
        loop = make_loop(task, Injection(features=features, pinned=pinned and task.on_device))
        found = found_in(task, loop, kind)
        alone = _copy_ns(task, features, pinned=pinned)
        name = f"{kind} copy of {_BATCH * features * 4 / 1e6:g} MB"
        share = _PINNED_SHARE if pinned else _PAGEABLE_SHARE
        report(task, name, found, "h2d_copy", alone, share)
        hidden = found.hidden_ns.get("h2d_copy", 0) / 1e6
        task.report(Reading(f"{kind} copy, hidden under kernels", hidden, "ms"))
        if task.on_device and pinned:
            waits = found.by_category_ns.get("sync", 0) / 1e6
            task.report(Reading("waits for pinned copies", waits, "ms"))


def _copy_ns(task: Task, features: int, *, pinned: bool) -> float:
    """Return the mean time of the copy with nothing else going on, each from fresh memory."""
    import torch

    device = torch.device(task.device)
    taken = []
    for _ in range(8):
        source = torch.stack([torch.randn(features)] * _BATCH)
        source = source.pin_memory() if pinned and task.on_device else source
        began = time.monotonic_ns()
        if task.on_device:
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            # On an idle device the first event would be over before the host has queued the copy.
            torch.cuda._sleep(_AHEAD_CYCLES)
            start.record()
            source.to(device, non_blocking=pinned)
            end.record()
            torch.cuda.synchronize()
            taken.append(start.elapsed_time(end) * 1e6)
        else:
            source.to(device)
            taken.append(float(time.monotonic_ns() - began))
    return fmean(taken[2:])


_GROUPS = {"spins": spins, "host": host, "loader": loader, "copies": copies}


def main() -> None:
    """Report one group of injections."""
    import torch

    parser = argparse.ArgumentParser()
    parser.add_argument("group", choices=_GROUPS)
    task, given = task_of(parser)
    if not task.on_device:
        torch.set_num_threads(1)  # waking others after a sleep takes milliseconds
    _GROUPS[given.group](task)


if __name__ == "__main__":
    main()
