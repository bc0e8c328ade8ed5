"""What importing costs and does: each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARIES = ("timm", "transformers", "torchvision", "sklearn")

BUILD = """
import json, sys
import torch
from annt_prof.errors import UserError
from annt_prof.scenario.schema import DatasetChoice, ModelChoice
from annt_prof.workload.datasets import make_dataset
from annt_prof.workload.models import make_model
data, source, name = sys.argv[1:4]
try:
    make_dataset(DatasetChoice(name=data, batch_size=4), train=True, data_dir=None)
    with torch.device("meta"):
        make_model(ModelChoice(source=source, name=name), 10, 32)
    error = None
except UserError as caught:
    error = str(caught)
print(json.dumps({"error": error, "modules": [m for m in sys.argv[4:] if m in sys.modules]}))
"""


def build(*arguments: str, path: Path | None = None) -> dict:
    prefix = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    done = subprocess.run(
        [sys.executable, "-c", prefix + BUILD, *arguments, *LIBRARIES],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("data", "source", "name", "imported"),
    [
        ("synthetic", "torchvision", "resnet18", {"torchvision"}),
        ("digits", "torchvision", "resnet18", {"torchvision", "sklearn"}),
        ("synthetic", "python", "torch.nn:Identity", set()),
    ],
)
def test_a_scenario_imports_the_libraries_it_names_alone(data, source, name, imported):
    outcome = build(data, source, name)
    assert outcome["error"] is None
    assert set(outcome["modules"]) == imported


MISMATCH = "raise RuntimeError('operator torchvision::nms does not exist')"


@pytest.mark.parametrize(
    ("data", "source", "name"),
    [
        ("digits", "torchvision", "resnet18"),
        ("synthetic", "torchvision", "resnet18"),
        ("synthetic", "timm", "resnet18"),
    ],
)
def test_a_mismatched_torchvision_is_named_with_the_remedy(data, source, name, tmp_path):
    (tmp_path / "torchvision.py").write_text(MISMATCH)
    error = build(data, source, name, path=tmp_path)["error"]
    assert "operator torchvision::nms does not exist" in error
    assert "pip install torch torchvision" in error
    assert "annt-prof doctor" in error


def test_a_library_that_is_not_installed_is_named(tmp_path):
    (tmp_path / "timm.py").write_text("raise ModuleNotFoundError('No module', name='timm')")
    error = build("synthetic", "timm", "resnet18", path=tmp_path)["error"]
    assert "timm cannot be imported" in error
    assert "pip install timm" in error
