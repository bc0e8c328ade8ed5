"""The scenarios that are shipped, told from what a user put beside them."""

from __future__ import annotations

import subprocess
from pathlib import Path

SCENARIOS = Path(__file__).parents[1] / "scenarios"
MODELS = ("resnet50", "vit", "efficientnet")
PAPER = tuple(
    f"{model}_{data}_{tuning}"
    for model in MODELS
    for data in ("cifar10", "cifar100")
    for tuning in ("without", "with")
)
NAMES = (
    *(f"{model}_{mix}" for model in MODELS for mix in ("amp", "all")),
    "resnet50_digits",
    *(f"paper/{name}" for name in PAPER),
)


def scenario_files() -> list[Path]:
    """Return the paths of what git tracks; without git, of ``NAMES``.

    Git knows of a scenario that was added and forgotten here.
    """
    return sorted(_tracked() or (SCENARIOS / f"{name}.yaml" for name in NAMES))


def _tracked() -> list[Path]:
    """Return the tracked YAML files, none where the repository is not under git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--", "*.yaml"],
            cwd=SCENARIOS, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        return []
    return [SCENARIOS / name for name in listed.stdout.split("\0") if name]
