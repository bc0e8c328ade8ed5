"""The process that imports torch and torchvision and answers, one JSON object per line.

Started as ``python -m annt_prof.doctor.torch_answers``; ``torch_report`` reads it.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any


def _about_torch() -> dict[str, Any]:
    import torch

    answers: dict[str, Any] = {"torch": torch.__version__, "cuda_build": torch.version.cuda}
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        answers["cuda_available"] = torch.cuda.is_available()
    answers["cuda_message"] = _first_line(complaints[0].message) if complaints else None
    if answers["cuda_available"]:
        count = torch.cuda.device_count()
        answers["devices"] = [torch.cuda.get_device_name(index) for index in range(count)]
        answers["device_error"] = _trial()
    return answers


def _trial() -> str | None:
    """Compute on the first device: being available is not being supported by this build."""
    import torch

    try:
        torch.ones(8, device="cuda").mul(2).sum().item()
    except RuntimeError as error:
        return _first_line(error)
    return None


def _about_torchvision() -> dict[str, Any]:
    import torchvision

    return {"torchvision": torchvision.__version__}


def _first_line(said: object) -> str:
    return (str(said).strip().splitlines() or [type(said).__name__])[0]


def _main() -> None:
    for step, ask in (("torch", _about_torch), ("torchvision", _about_torchvision)):
        try:
            answers = ask()
        except Exception as error:  # noqa: BLE001 - whatever a broken package raises is the answer
            answers = {f"{step}_error": f"{type(error).__name__}: {_first_line(error)}"}
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
