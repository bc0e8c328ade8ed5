"""Another checkout takes the place of the one that is installed, and nothing is imported twice."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from annt_prof.errors import UserError
from annt_prof.loop.worktree import Worktree
from annt_prof.plan import Side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    path, modules = list(sys.path), dict(sys.modules)
    yield
    sys.path[:] = path
    sys.path_importer_cache.clear()
    for name in sys.modules.keys() - modules.keys():
        del sys.modules[name]
    sys.modules.update(modules)
    importlib.invalidate_caches()


@pytest.fixture
def worktree(tmp_path: Path) -> Worktree:
    """Two checkouts, each with a package in its root and one in ``src``."""
    for name, value in (("original", 1), ("replacement", 2)):
        for module, layout in (("flat_code", ""), ("src_code", "src")):
            package = tmp_path / name / layout / module
            package.mkdir(parents=True)
            (package / "__init__.py").write_text(f"VALUE = {value}\n")
            (package / "part.py").write_text(f"VALUE = {value}\n")
    return Worktree(tmp_path / "original", tmp_path / "replacement")


def value_of(module: str) -> int:
    importlib.invalidate_caches()
    found: int = importlib.import_module(module).VALUE
    return found


def pretend(name: str, file: object) -> None:
    module = ModuleType(name)
    module.__file__ = file  # type: ignore[assignment]
    sys.modules[name] = module


def test_a_side_without_both_checkouts_has_none(tmp_path: Path) -> None:
    assert Worktree.of(Side()) is None
    assert Worktree.of(Side(checkout=tmp_path)) is None
    assert Worktree.of(Side(worktree=tmp_path)) is None
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "tree")
    assert Worktree.of(Side(checkout=tmp_path, worktree=link)) == Worktree(
        tmp_path, tmp_path / "tree"
    )


@pytest.mark.parametrize(("module", "layout"), [("flat_code", ""), ("src_code", "src")])
def test_what_lay_on_the_path_comes_from_the_other_checkout(
    worktree: Worktree, module: str, layout: str
) -> None:
    sys.path.insert(0, str(worktree.original / layout))
    worktree.take_the_place()
    assert (value_of(module), value_of(f"{module}.part")) == (2, 2)
    worktree.hold()
    inside = [entry for entry in sys.path if entry.startswith(str(worktree.original))]
    assert inside == []


@pytest.mark.parametrize("module", ["flat_code", "src_code"])
def test_without_a_path_of_its_own_it_comes_first_all_the_same(
    worktree: Worktree, module: str
) -> None:
    worktree.take_the_place()
    assert value_of(module) == 2


def test_the_folder_that_a_command_was_started_in_is_another_path(
    worktree: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(worktree.original)
    sys.path.insert(0, "")
    worktree.take_the_place()
    assert "" not in sys.path
    assert value_of("flat_code") == 2


def test_what_an_editable_installation_leads_to_is_led_to_the_other(
    worktree: Worktree, tmp_path: Path
) -> None:
    finder = ModuleType("__editable___ours_1_0_finder")
    finder.MAPPING = {  # type: ignore[attr-defined]
        "flat_code": str(worktree.original / "flat_code"),
        "gone": str(worktree.original / "gone"),
        "elsewhere": str(tmp_path / "elsewhere"),
    }
    sys.modules[finder.__name__] = finder
    other = ModuleType("no_finder")
    other.MAPPING = {"flat_code": str(worktree.original)}  # type: ignore[attr-defined]
    sys.modules[other.__name__] = other
    worktree.take_the_place()
    assert {
        "flat_code": str(worktree.replacement / "flat_code"),
        "gone": str(worktree.original / "gone"),  # the other commit has none of it
        "elsewhere": str(tmp_path / "elsewhere"),
    } == finder.MAPPING
    assert {"flat_code": str(worktree.original)} == other.MAPPING


def test_what_is_imported_from_the_original_is_refused(worktree: Worktree) -> None:
    worktree.take_the_place()
    sys.path.insert(0, str(worktree.original))
    assert value_of("flat_code") == 1
    with pytest.raises(UserError, match=r"flat_code was imported from .*original") as raised:
        worktree.hold()
    assert "both sides would run the same code" in raised.value.message
    assert raised.value.where == "--reference-worktree"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("annt_prof.loop.step", "original/annt_prof/loop/step.py"),  # we measure, whoever we are
        ("installed", "original/.venv/lib/python3.11/site-packages/installed.py"),
        ("elsewhere", "elsewhere.py"),
        ("of_the_other", "replacement/flat_code/__init__.py"),
        ("__main__", "original/tool.py"),
        ("beside", "original_but_longer/flat_code.py"),
    ],
)
def test_what_is_no_code_of_the_original_is_not(
    worktree: Worktree, tmp_path: Path, name: str, place: str
) -> None:
    pretend(name, str(tmp_path / place))
    worktree.hold()


@pytest.mark.parametrize("file", [None, "torch.ops", "<frozen importlib>"])
def test_modules_without_a_file_are_not_looked_for(
    worktree: Worktree, monkeypatch: pytest.MonkeyPatch, file: str | None
) -> None:
    monkeypatch.chdir(worktree.original)
    pretend("without_a_file", file)
    worktree.hold()


def test_a_checkout_within_the_original_is_not_the_original(worktree: Worktree) -> None:
    inside = Worktree(worktree.original, worktree.original / ".tree")
    (worktree.original / ".tree" / "flat_code").mkdir(parents=True)
    (worktree.original / ".tree" / "flat_code" / "__init__.py").write_text("VALUE = 3\n")
    sys.path.insert(0, str(worktree.original))
    inside.take_the_place()
    assert value_of("flat_code") == 3
    inside.hold()


def test_an_environment_within_the_original_stays_on_the_path(worktree: Worktree) -> None:
    installed = worktree.original / ".venv" / "lib" / "site-packages"
    for each in (worktree.original, worktree.replacement):
        (each / ".venv" / "lib" / "site-packages").mkdir(parents=True)
    sys.path.append(str(installed))
    worktree.take_the_place()
    assert str(installed) in sys.path
