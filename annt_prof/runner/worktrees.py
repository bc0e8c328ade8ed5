"""Another checkout of the user's repository, made for one run and removed after it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTION = "--reference-worktree"  # that names the commit, for errors and commands
_PREFIX = "annt-prof-worktree-"
_ENTRY = "worktree "
_LOCAL = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""By which git tells a hook where it is: a hook that checks would have them written to.

Source: ``git rev-parse --local-env-vars``.
"""


@dataclass(frozen=True)
class Checkout:
    """A worktree of the user's repository.

    Attributes:
        commit: What it holds, abbreviated.
        repository: Root of the checkout that the run was started in.
        root: Its own.
    """

    commit: str
    repository: Path
    root: Path

    def place_of(self, path: Path) -> Path:
        """Return where a file or folder of the repository lies in the worktree, there or not.

        Raises:
            UserError: It is not of the repository.
        """
        resolved = path.resolve()
        if not resolved.is_relative_to(self.repository):
            raise UserError(
                f"{path} is not in the repository {self.repository}, so another commit of it has "
                "no such file",
                where=OPTION,
            )
        return self.root / resolved.relative_to(self.repository)


@contextlib.contextmanager
def checked_out(reference: str, beside: Path) -> Iterator[Checkout]:
    """Make a worktree that holds a commit, and remove it at the end, however that comes.

    The user's own checkout, index and branches stay as they are.

    Args:
        reference: A branch, a tag or a commit.
        beside: A file or folder of the repository.

    Raises:
        UserError: There is no git, no repository, no such commit, or no room.
    """
    folder = beside.resolve() if beside.is_dir() else beside.resolve().parent
    repository = Path(_git(folder, "rev-parse", "--show-toplevel").strip()).resolve()
    commit = _commit_of(reference, repository)
    _forget_lost(repository)
    above = Path(tempfile.mkdtemp(prefix=_PREFIX))
    root = above / repository.name
    try:
        _git(repository, "worktree", "add", "--detach", "--quiet", str(root), commit)
        short = _git(repository, "rev-parse", "--short", commit).strip()
        yield Checkout(short, repository, root.resolve())
    finally:
        with contextlib.suppress(UserError):
            _git(repository, "worktree", "remove", "--force", str(root))
        shutil.rmtree(above, ignore_errors=True)
        with contextlib.suppress(UserError):
            _forget_lost(repository)


def _forget_lost(repository: Path) -> None:
    """Have git forget worktrees of ours whose folders are gone, as a killed command leaves them.

    Not by ``git worktree prune``, which forgets the user's own too, as on a disk that is not there.
    """
    listed = _git(repository, "worktree", "list", "--porcelain").splitlines()
    places = [Path(line.removeprefix(_ENTRY)) for line in listed if line.startswith(_ENTRY)]
    for place in places:
        if place.parent.name.startswith(_PREFIX) and not place.exists():
            _git(repository, "worktree", "remove", "--force", str(place))


def _commit_of(reference: str, repository: Path) -> str:
    try:
        named = f"{reference}^{{commit}}"
        told = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", named)
    except UserError:
        raise UserError(
            f"{reference} is no commit, branch or tag of {repository}",
            where=OPTION,
            hint="a shallow clone has few of them; fetch-depth: 0 of actions/checkout fetches all",
        ) from None
    return told.strip()


def _git(folder: Path, *arguments: str) -> str:
    # The user's hooks may write to other places; a checkout is no occasion for them here.
    command = ["git", "-C", str(folder), "-c", f"core.hooksPath={os.devnull}", *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k not in _LOCAL},
        )
    except FileNotFoundError:
        raise UserError("git is not installed", where=OPTION) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["git said nothing"]
        raise UserError(f"git {arguments[0]}: {said[-1]}", where=OPTION)
    return done.stdout
