"""The parent's side of the sampling process: start it, ask what it samples, end it."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

_START_PATIENCE_S = 10.0
_END_PATIENCE_S = 2.0


class Sampler:
    """A sampling process; a context manager that ends it.

    A sampler that cannot start, or dies, fails nothing: ``note`` says so, and the file holds
    what was sampled until then.
    """

    def __init__(self, process: subprocess.Popen[bytes] | None, errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self._sampled: str | None = None
        self._stopped = False

    @classmethod
    def start(
        cls, path: Path, watched_pid: int, device: bool, device_uuid: str | None = None
    ) -> Sampler:
        """Start sampling into a file, without waiting for the first row.

        Args:
            path: A CSV file that is appended to; its folder exists. See ``columns`` for its
                columns; ``time_ns`` is ``time.monotonic_ns``.
            watched_pid: The top of the process tree whose CPU time and memory are sampled.
            device: Whether to sample the accelerator too.
            device_uuid: Which one, as NVML or torch names it; None for CUDA's device 0.
        """
        # -P: the working directory may hold a user's select.py.
        command = [sys.executable, "-P", "-m", "annt_prof.telemetry.recorder", str(path)]
        command += ["--watch", str(watched_pid)]
        command += ["--device"] if device else []
        command += ["--uuid", device_uuid] if device_uuid else []
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by ``stop``
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                process_group=0,  # a terminal's interrupt is not for it
            )
        except OSError as error:
            errors.write(str(error).encode())
            process = None
        return cls(process, errors)

    @property
    def note(self) -> str:
        """One line: what is sampled and how often, or why not. Waits for the start."""
        if self._sampled is None:
            self._sampled = self._announced()
        if self._stopped or (self._process is not None and self._process.poll() is None):
            return self._sampled
        return f"telemetry ended early ({self._reason()}); until then: {self._sampled}"

    def stop(self) -> None:
        """Take a last sample and end the process; calling it again does nothing."""
        if self._stopped:
            return
        self._sampled = self.note
        self._stopped = True
        if self._process is not None:
            self._end(self._process)
        self._errors.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _announced(self) -> str:
        if self._process is None or self._process.stdout is None:
            return "nothing was sampled"
        readable, _, _ = select.select([self._process.stdout], [], [], _START_PATIENCE_S)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            self._wait_briefly()
            return "nothing was sampled"
        return str(json.loads(line)["note"])

    def _wait_briefly(self) -> None:
        """Let a process that closed its output end, so that its status is known."""
        if self._process is not None:
            try:
                self._process.wait(_END_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _reason(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        if lines:
            return lines[-1]
        status = None if self._process is None else self._process.returncode
        return f"exit status {status}"

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(_END_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
