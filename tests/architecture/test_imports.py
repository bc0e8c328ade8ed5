"""What each face imports as it starts, seen from a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from annt_prof.runs import store
from hand_made import cpu_run

TORCH = {"torch", "torchvision", "timm", "transformers"}
HEAVY = TORCH | {"pandas", "scipy", "sklearn", "textual", "tensorboard"}
STARTUP = HEAVY | {"numpy", "pydantic", "rich", "ruamel", "msgspec"}

PROBE = """
import sys
from annt_prof.cli import main
status = main(sys.argv[1:])
sys.stdout.flush()
print(status, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def start(*arguments: str, status: int = 0) -> set[str]:
    """Run one command in a fresh interpreter and return the packages it imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True
    )
    found, *modules = done.stderr.splitlines()[-1].split()
    assert int(found) == status, done.stderr
    return set(modules)


@pytest.fixture
def directory(tmp_path: Path) -> str:
    made = store.create(tmp_path, "vit_amp", "")
    store.write(made, cpu_run())
    return str(made)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["completion", "zsh"]])
def test_help_imports_next_to_nothing(arguments: list[str]) -> None:
    assert not start(*arguments) & STARTUP


@pytest.mark.parametrize("name", ["run", "show", "techniques", "schema", "tensorboard", "doctor"])
def test_a_commands_help_imports_nothing_heavy(name: str) -> None:
    assert not start(name, "--help") & (STARTUP - {"msgspec"})


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_show_needs_no_torch(directory: str, form: list[str]) -> None:
    assert not start("show", directory, *form) & (HEAVY | {"numpy", "pydantic"})


@pytest.mark.parametrize("arguments", [[], ["amp"], ["--json"]])
def test_techniques_needs_no_torch(arguments: list[str]) -> None:
    assert not start("techniques", *arguments) & (HEAVY | {"numpy", "pydantic"})


def test_schema_needs_no_torch() -> None:
    assert not start("schema") & HEAVY


def test_a_bad_scenario_is_refused_without_torch(tmp_path: Path) -> None:
    scenario = tmp_path / "bad.yaml"
    scenario.write_text("name: 1\n")
    assert not start("run", str(scenario), status=2) & TORCH
