"""Another checkout of the user's repository: there for one run, and gone after it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from annt_prof.errors import UserError
from annt_prof.runner.worktrees import checked_out


class Repository:
    """With two commits of one file, the second checked out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        (folder / "code").mkdir()
        for number in (1, 2):
            self.write("code/model.py", f"VERSION = {number}\n")
            self.git("add", "-A")
            self.git("commit", "-qm", f"version {number}")
        self.write("code/untracked.yaml", "name: new\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), "-c", "user.name=A", "-c", "user.email=a@b.c"]
        done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
        return done.stdout

    @property
    def worktrees(self) -> list[str]:
        return self.git("worktree", "list").splitlines()

    @property
    def state(self) -> tuple[str, ...]:
        files = sorted(self.folder.rglob("*"))
        own = [f for f in files if ".git" not in f.parts]
        return (
            self.git("status", "--porcelain=v2", "--branch"),
            self.git("for-each-ref"),
            self.git("diff", "--cached"),
            "".join(f"{f}:{f.read_text()}" for f in own if f.is_file()),
        )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("LC_ALL", "C")  # what git says is compared
    return Repository(tmp_path / "project")


def left_behind(repository: Repository) -> list[Path]:
    return list((repository.folder.parent / "temporary").iterdir())


@pytest.mark.parametrize("reference", ["HEAD~1", "main~1", "first", "by-hash"])
def test_it_holds_a_commit_and_is_gone_after(repository: Repository, reference: str) -> None:
    repository.git("tag", "first", "HEAD~1")
    commit = repository.git("rev-parse", "HEAD~1").strip()
    before = repository.state
    named = commit if reference == "by-hash" else reference
    with checked_out(named, repository.folder / "code" / "untracked.yaml") as checkout:
        assert commit.startswith(checkout.commit)
        assert checkout.repository == repository.folder.resolve()
        there = checkout.place_of(repository.folder / "code" / "model.py")
        assert there.read_text() == "VERSION = 1\n"
        assert not checkout.place_of(repository.folder / "code" / "untracked.yaml").exists()
        assert len(repository.worktrees) == 2
        assert repository.state == before
    assert repository.state == before
    assert len(repository.worktrees) == 1
    assert left_behind(repository) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UserError("no"), RuntimeError("no")])
def test_it_is_gone_however_the_run_ends(repository: Repository, error: BaseException) -> None:
    def run() -> None:
        with checked_out("HEAD", repository.folder) as checkout:
            (checkout.root / "made_by_the_run.txt").write_text("x")
            raise error

    with pytest.raises(type(error)):
        run()
    assert len(repository.worktrees) == 1
    assert left_behind(repository) == []


def test_changes_that_are_not_committed_stay(repository: Repository) -> None:
    repository.write("code/model.py", "VERSION = 3\n")
    repository.git("add", "code/model.py")
    repository.write("code/model.py", "VERSION = 4\n")
    before = repository.state
    with checked_out("HEAD", repository.folder) as checkout:
        assert (checkout.root / "code" / "model.py").read_text() == "VERSION = 2\n"
    assert repository.state == before


def test_a_branch_that_is_checked_out_can_be_had(repository: Repository) -> None:
    with checked_out("main", repository.folder) as checkout:
        (checkout.root / "code" / "model.py").write_text("VERSION = 9\n")
    assert repository.git("branch", "--list").split() == ["*", "main"]


def test_what_is_not_of_the_repository_has_no_place_in_it(
    repository: Repository, tmp_path: Path
) -> None:
    with checked_out("HEAD", repository.folder) as checkout:
        with pytest.raises(UserError, match="is not in the repository"):
            checkout.place_of(tmp_path / "elsewhere.yaml")
        assert checkout.place_of(repository.folder) == checkout.root


@pytest.mark.parametrize("reference", ["nome", "--detach", "", "HEAD:code", "-h"])
def test_no_such_commit_is_one_message(repository: Repository, reference: str) -> None:
    before = repository.state
    with pytest.raises(UserError, match="is no commit, branch or tag of") as raised:
        checked_out(reference, repository.folder).__enter__()
    assert raised.value.where == "--reference-worktree"
    assert (repository.state, left_behind(repository)) == (before, [])


def test_without_a_repository_git_says_so(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(UserError, match="git rev-parse: fatal: not a git repository"):
        checked_out("HEAD", tmp_path / "plain").__enter__()
    assert left_behind(repository) == []


def test_without_git_that_is_said(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="git is not installed"):
        checked_out("HEAD", repository.folder).__enter__()


def test_what_cannot_be_made_leaves_nothing(repository: Repository) -> None:
    """As where a filter of the repository fails, or the disk is full."""
    repository.write(".gitattributes", "*.py filter=broken\n")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "a filter")
    repository.git("config", "filter.broken.smudge", "false")
    repository.git("config", "filter.broken.required", "true")
    with pytest.raises(UserError, match="git worktree: ") as raised:
        checked_out("HEAD", repository.folder).__enter__()
    assert raised.value.where == "--reference-worktree"
    assert (len(repository.worktrees), left_behind(repository)) == (1, [])


def test_what_a_killed_command_left_is_forgotten_but_nothing_of_the_users(
    repository: Repository, tmp_path: Path
) -> None:
    ours = tmp_path / "temporary" / "annt-prof-worktree-killed" / "project"
    theirs = tmp_path / "on_another_disk"
    for place in (ours, theirs):
        repository.git("worktree", "add", "-q", "--detach", str(place), "HEAD")
        shutil.rmtree(place)
    shutil.rmtree(ours.parent)
    with checked_out("HEAD", repository.folder):
        assert not any(str(ours) in line for line in repository.worktrees)
    assert [str(theirs) in line for line in repository.worktrees] == [False, True]


def test_one_that_another_command_uses_stays(repository: Repository) -> None:
    with checked_out("HEAD~1", repository.folder) as first:
        with checked_out("HEAD", repository.folder):
            assert len(repository.worktrees) == 3
        assert (first.root / "code" / "model.py").read_text() == "VERSION = 1\n"
        assert len(repository.worktrees) == 2


def test_a_hook_that_checks_keeps_its_index(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells hooks by variables where they are, and other commands believe them."""
    before = repository.state
    index = repository.folder / ".git" / "index"
    content = index.read_bytes()
    monkeypatch.setenv("GIT_DIR", str(repository.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository.folder))
    with checked_out("HEAD~1", repository.folder) as checkout:
        assert (checkout.root / "code" / "model.py").read_text() == "VERSION = 1\n"
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name)
    assert index.read_bytes() == content
    assert repository.state == before


def test_the_users_hooks_are_not_run(repository: Repository, tmp_path: Path) -> None:
    hook = repository.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    with checked_out("HEAD", repository.folder):
        pass
    assert not (tmp_path / "ran").exists()
    assert os.access(hook, os.X_OK)
