"""What torch and torchvision say of themselves, asked in a process of its own.

A broken installation may fail to import, print, or end its process; none of that reaches the
command that asked.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import msgspec

from annt_prof import units

_PATIENCE_S = 180.0  # a cold import from a network file system takes minutes


class TorchReport(msgspec.Struct, frozen=True):
    """The answers; None or empty where it did not get that far.

    Attributes:
        torch: Its version once imported.
        torch_error: Why it can't be imported.
        torchvision: Its version once imported, after torch.
        torchvision_error: Why it can't be imported.
        cuda_build: CUDA version that torch was built for; None in a build for CPUs.
        cuda_available: Whether torch can use a device.
        cuda_message: What torch complained of while it looked.
        devices: Names of the devices.
        device_error: Why a small computation on the first device failed.
    """

    torch: str | None = None
    torch_error: str | None = None
    torchvision: str | None = None
    torchvision_error: str | None = None
    cuda_build: str | None = None
    cuda_available: bool = False
    cuda_message: str | None = None
    devices: tuple[str, ...] = ()
    device_error: str | None = None


def ask_torch() -> TorchReport:
    """Return torch's report on itself."""
    # -P: the working directory may hold a user's torch.py or random.py.
    command = [sys.executable, "-P", "-m", "annt_prof.doctor.torch_answers"]
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        patience = units.limit_s(_PATIENCE_S)
        return TorchReport(torch_error=f"the import did not end within {patience}")
    answers: dict[str, Any] = {}
    for line in process.stdout.splitlines():
        if line.startswith("{"):
            answers |= json.loads(line)
    return msgspec.convert(_completed(answers, process), TorchReport)


def _completed(
    answers: dict[str, Any], process: subprocess.CompletedProcess[str]
) -> dict[str, Any]:
    """Name the step that ended the process, where one did."""
    if process.returncode == 0:
        return answers
    said = process.stderr.strip().splitlines()
    cause = f": {said[-1]}" if said else ""
    reason = f"the process that tried it {_end(process.returncode)}{cause}"
    for step in ("torch", "torchvision"):
        if step not in answers and f"{step}_error" not in answers:
            return answers | {f"{step}_error": reason}
    return answers


def _end(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
