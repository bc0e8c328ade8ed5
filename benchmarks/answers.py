"""What a command of annt-prof answers as JSON; where it fails, its own words."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def answer(command: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> Any:
    """Run a command that prints JSON.

    Raises:
        SystemExit: It ended with another status than 0. What it complained of is told, and which
            variants it lost, whose reasons are in its answer.
    """
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if ended.returncode == 0:
        return json.loads(ended.stdout)
    said = ended.stderr.decode(errors="replace").strip()
    told = " ".join(map(str, command))
    lines = [f"{told}: exit status {ended.returncode}", said, *_lost(ended.stdout)]
    raise SystemExit("\n".join(filter(None, lines)))


def _lost(output: bytes) -> list[str]:
    """Return why each variant is lost, as far as there is an answer."""
    try:
        variants = json.loads(output).get("variants", ())
    except (ValueError, AttributeError):
        return []
    return [
        f"{each['name']}: {each['status']}: {each['reason']}"
        for each in variants
        if each["status"] in ("crashed", "out_of_memory")
    ]
