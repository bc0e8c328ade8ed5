"""What ``check`` holds a scenario against in the same run: a scenario, a checkout, a Python."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.runner.gate import Reference
    from annt_prof.runner.worktrees import Checkout
    from annt_prof.scenario.loading import ScenarioDocument


class Named(NamedTuple):
    """What the options name; None for what is not given.

    Attributes:
        scenario: Another scenario file.
        python: Another interpreter, or the folder of its environment.
        worktree: A commit, a branch or a tag of the scenario's repository.
    """

    scenario: Path | None
    python: Path | None
    worktree: str | None

    @property
    def any(self) -> bool:
        """Whether there is a reference."""
        return any(given is not None for given in self)


@contextlib.contextmanager
def reference_of(
    named: Named, scenario: Path, document: ScenarioDocument, overrides: tuple[str, ...]
) -> Iterator[Reference | None]:
    """Have what is named at hand while something runs; None where nothing is named.

    Args:
        named: By the options.
        scenario: The file that is checked.
        document: What it holds.
        overrides: Each ``key.path=value``; they hold for both sides.

    Raises:
        UserError: It cannot be had.
    """
    if not named.any:
        yield None
        return
    from annt_prof.runner.worktrees import checked_out

    if named.worktree is None:
        yield _reference(named, scenario, document, overrides, None)
        return
    with checked_out(named.worktree, scenario) as checkout:
        yield _reference(named, scenario, document, overrides, checkout)


def _reference(
    named: Named,
    scenario: Path,
    document: ScenarioDocument,
    overrides: tuple[str, ...],
    checkout: Checkout | None,
) -> Reference:
    from annt_prof.plan import Factor, Side
    from annt_prof.runner.gate import Reference
    from annt_prof.runner.pythons import changes, look_at
    from annt_prof.scenario.loading import load

    parts, told, called = [], [], []
    file = scenario
    if named.scenario is not None:
        parts.append("scenario")
        told.append(f"{named.scenario} -> {scenario}")
        called.append(str(named.scenario))
        file = named.scenario
    if checkout is not None:
        parts.append("worktree")
        is_hash = named.worktree is not None and named.worktree.startswith(checkout.commit)
        called.append(checkout.commit if is_hash else f"{named.worktree} ({checkout.commit})")
        told.append(f"{called[-1]} -> the present files")
        file = checkout.place_of(file)
    search_path = file.resolve().parent
    if checkout is not None and not file.exists():
        file = named.scenario or scenario  # as new as the check itself
        told.append(f"{file} is not in it, so that both sides train it as it is now")
    other = document if file == scenario else load(file, overrides)
    own = python = None
    if named.python is not None:
        parts.append("python")
        looked_at = look_at(named.python)
        python = looked_at.path
        own = Side(python=Path(sys.executable))  # both are started alike, or start-up would differ
        called.append(f"{named.python}{changes(looked_at)}")
        told.append(f"{named.python} -> {sys.executable}{changes(looked_at)}")
    side = Side(
        python=python,
        search_path=search_path,
        checkout=None if checkout is None else checkout.repository,
        worktree=None if checkout is None else checkout.root,
    )
    return Reference(
        document=other,
        change=Factor("+".join(parts), "; ".join(told)),
        called=", ".join(called),
        side=side,
        own_side=own,
        commit=None if checkout is None else checkout.commit,
    )
