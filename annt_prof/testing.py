"""Hand-made Kineto traces for tests: known times in, a trace file out.

Times are integer nanoseconds on the trace's own clock and are written as Kineto writes them,
in microseconds with three decimals.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Self

from annt_prof.categories import PHASE_PREFIX, Phase

if TYPE_CHECKING:
    from pathlib import Path

MAIN_THREAD = 100
AUTOGRAD_THREAD = 200
_PROCESS = 100


def microseconds(nanoseconds: int) -> str:
    """Write integer nanoseconds as Kineto does, such as ``1712195495888791.123``."""
    whole, fraction = divmod(abs(nanoseconds), 1000)
    return f"{'-' if nanoseconds < 0 else ''}{whole}.{fraction:03d}"


class TraceBuilder:
    """A Kineto trace under construction; every method that adds returns the builder.

    Device activities that are given ``launch_ns`` get a launch call of their own, tied to them
    by a correlation id; the others have no known launch.

    Args:
        world_size: Processes of a distributed run; None writes no ``distributedInfo``.
        backend: Of the distributed run.
    """

    def __init__(self, *, world_size: int | None = None, backend: str = "nccl") -> None:
        self._events: list[str] = []
        self._correlation = 0
        self._steps = 0
        self._distributed = (
            None
            if world_size is None
            else {"backend": backend, "rank": 0, "world_size": world_size}
        )

    def event(self, category: str, name: str, start_ns: int, end_ns: int, **fields: object) -> Self:
        """Add a complete event; ``fields`` become its own keys, ``args`` among them."""
        described = json.dumps({"ph": "X", "cat": category, "name": name, **fields})
        times = f'"ts": {microseconds(start_ns)}, "dur": {microseconds(end_ns - start_ns)}'
        self._events.append(f"{described[:-1]}, {times}}}")
        return self

    def _on_host(
        self, category: str, name: str, span_ns: tuple[int, int], thread: int, args: dict[str, Any]
    ) -> Self:
        return self.event(category, name, *span_ns, pid=_PROCESS, tid=thread, args=args)

    def step(
        self, start_ns: int, end_ns: int, *, number: int | None = None, thread: int = MAIN_THREAD
    ) -> Self:
        """Add a ``ProfilerStep#``, numbered from 0 in the order of the calls unless given."""
        name = f"ProfilerStep#{self._steps if number is None else number}"
        self._steps += 1
        return self.annotation(name, start_ns, end_ns, thread=thread)

    def phase(self, phase: Phase, start_ns: int, end_ns: int, *, thread: int = MAIN_THREAD) -> Self:
        """Add one of the ranges that annt-prof's own training step emits."""
        return self.annotation(PHASE_PREFIX + phase, start_ns, end_ns, thread=thread)

    def annotation(
        self, name: str, start_ns: int, end_ns: int, *, thread: int = MAIN_THREAD
    ) -> Self:
        """Add a host range as ``record_function`` makes it."""
        return self._on_host("user_annotation", name, (start_ns, end_ns), thread, {})

    def operator(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        *,
        thread: int = MAIN_THREAD,
        sequence: int | None = None,
        forward_thread: int | None = None,
    ) -> Self:
        """Add a host operator, with autograd's sequence number where it has one.

        With one, a ``forward_thread`` above 0 makes it a function of a backward pass.
        """
        args = {} if sequence is None else {"Sequence number": sequence}
        if forward_thread is not None:
            args["Fwd thread id"] = forward_thread
        return self._on_host("cpu_op", name, (start_ns, end_ns), thread, args)

    def runtime(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        *,
        thread: int = MAIN_THREAD,
        correlation: int | None = None,
    ) -> Self:
        """Add a call of the device's runtime, such as ``cudaStreamSynchronize``."""
        args = {} if correlation is None else {"correlation": correlation}
        return self._on_host("cuda_runtime", name, (start_ns, end_ns), thread, args)

    def kernel(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        *,
        launch_ns: int | None = None,
        thread: int = MAIN_THREAD,
        stream: int = 7,
    ) -> Self:
        """Add a device kernel; ``thread`` is the one that launched it."""
        correlation = self._launch("cudaLaunchKernel", launch_ns, thread)
        return self._on_device("kernel", name, (start_ns, end_ns), stream, correlation)

    def copy(
        self,
        direction: str,
        start_ns: int,
        end_ns: int,
        *,
        launch_ns: int | None = None,
        returned_ns: int | None = None,
        pageable: bool = False,
        num_bytes: int = 1024,
        stream: int = 7,
        thread: int = MAIN_THREAD,
    ) -> Self:
        """Add a device copy; ``direction`` is ``HtoD``, ``DtoH``, ``DtoD`` or ``PtoP``.

        The launching call returns at once unless ``returned_ns`` says when.
        """
        correlation = self._launch("cudaMemcpyAsync", launch_ns, thread, returned_ns)
        source, target = ("Device", "Host") if direction == "DtoH" else ("Host", "Device")
        memory = "Pageable" if pageable else "Pinned"
        memories = f"{source} -> {target}".replace("Host", memory)
        return self._on_device(
            "gpu_memcpy",
            f"Memcpy {direction} ({memories})",
            (start_ns, end_ns),
            stream,
            {**correlation, "bytes": num_bytes},
        )

    def memset(
        self, start_ns: int, end_ns: int, *, launch_ns: int | None = None, stream: int = 7
    ) -> Self:
        """Add a device memset."""
        correlation = self._launch("cudaMemsetAsync", launch_ns, MAIN_THREAD)
        return self._on_device(
            "gpu_memset", "Memset (Device)", (start_ns, end_ns), stream, correlation
        )

    def device_annotation(self, name: str, start_ns: int, end_ns: int, *, stream: int = 7) -> Self:
        """Add the device-side shadow of a host range, which Kineto writes beside it."""
        return self._on_device("gpu_user_annotation", name, (start_ns, end_ns), stream, {})

    def allocation(
        self,
        instant_ns: int,
        num_bytes: int,
        total: int,
        *,
        address: int = 1,
        on_host: bool = False,
        reserved: int = 0,
        thread: int = MAIN_THREAD,
    ) -> Self:
        """Add an allocation, or a release where ``num_bytes`` is negative."""
        args = {
            "Total Reserved": reserved,
            "Total Allocated": total,
            "Bytes": num_bytes,
            "Addr": address,
            "Device Id": -1 if on_host else 0,
            "Device Type": 0 if on_host else 1,
        }
        described = json.dumps(
            {"ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "pid": _PROCESS,
             "tid": thread, "args": args}
        )  # fmt: skip
        self._events.append(f'{described[:-1]}, "ts": {microseconds(instant_ns)}}}')
        return self

    def forward_link(self, instant_ns: int, *, thread: int = MAIN_THREAD) -> Self:
        """Add the start of a flow from a forward operator to its backward function."""
        described = json.dumps(
            {"ph": "s", "cat": "fwdbwd", "name": "fwdbwd", "pid": _PROCESS, "tid": thread, "id": 1}
        )
        self._events.append(f'{described[:-1]}, "ts": {microseconds(instant_ns)}}}')
        return self

    def _launch(
        self, call: str, launch_ns: int | None, thread: int, returned_ns: int | None = None
    ) -> dict[str, int]:
        if launch_ns is None:
            return {}
        self._correlation += 1
        end_ns = launch_ns if returned_ns is None else returned_ns
        self.runtime(call, launch_ns, end_ns, thread=thread, correlation=self._correlation)
        return {"correlation": self._correlation}

    def _on_device(
        self, category: str, name: str, span_ns: tuple[int, int], stream: int, args: dict[str, int]
    ) -> Self:
        where = {"device": 0, "stream": stream}
        return self.event(category, name, *span_ns, pid=0, tid=stream, args={**where, **args})

    def json(self) -> str:
        """Return the whole document."""
        head: dict[str, Any] = {"schemaVersion": 1}
        if self._distributed is not None:
            head["distributedInfo"] = self._distributed
        events = ",\n".join(self._events)
        return f'{json.dumps(head)[:-1]}, "traceEvents": [\n{events}\n]}}'

    def write(self, path: Path) -> Path:
        """Write the trace, compressed if the name ends in ``.gz``, and return the path."""
        content = self.json().encode()
        path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
        return path
