"""Another checkout of the user's code in place of the one that is installed or started in."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.plan import Side

_OURS = "annt_prof"
_INSTALLED = "site-packages"
# Setuptools names so the module of each project that is installed to be edited. Source:
# setuptools/command/editable_wheel.py, _FINDER_TEMPLATE.
_EDITABLE = "__editable__"


@dataclass(frozen=True)
class Worktree:
    """Two checkouts of one repository, the second in place of the first.

    Modules are found by ``sys.path`` and by what editable installations add; both lead to the
    checkout that was installed, so both are led to the other one. What leads there all the same is
    found once the model has run, and refused: a checkout compared with itself differs by nothing,
    and nobody would notice.
    """

    original: Path
    replacement: Path

    @classmethod
    def of(cls, side: Side) -> Worktree | None:
        """Return the worktree of a side; None where it has none."""
        if side.checkout is None or side.worktree is None:
            return None
        return cls(side.checkout.resolve(), side.worktree.resolve())

    def take_the_place(self) -> None:
        """Lead what is imported from now on to the replacement."""
        sys.path[:] = [self._moved(entry) for entry in sys.path]
        for name, module in list(sys.modules.items()):
            mapping = getattr(module, "MAPPING", None) if name.startswith(_EDITABLE) else None
            if isinstance(mapping, dict):
                mapping.update({key: self._moved(place) for key, place in mapping.items()})
        sys.path_importer_cache.clear()
        # Before whatever finds modules of the original by other means.
        sys.path[:0] = [str(self.replacement), str(self.replacement / "src")]

    def hold(self) -> None:
        """Make sure that nothing was imported from the original.

        Raises:
            UserError: Something was.
        """
        strays = sorted(self._strays())
        if strays:
            name, file = strays[0]
            raise UserError(
                f"{name} was imported from {file}, not from the checkout that it is compared with: "
                "both sides would run the same code",
                where="--reference-worktree",
                hint="put its folder on PYTHONPATH as a path within the repository, or install it "
                "with pip install -e",
            )

    def _moved(self, entry: str) -> str:
        """Return a path of the original as that of the replacement, where it has one."""
        place = Path(entry or ".").resolve()
        if not self._is_original(place):
            return entry
        moved = self.replacement / place.relative_to(self.original)
        return str(moved) if moved.exists() else entry

    def _is_original(self, place: Path) -> bool:
        # An environment may lie within the checkout; what is installed there is not its code.
        inside = place.is_relative_to(self.original)
        within = place.is_relative_to(self.replacement)
        return inside and not within and _INSTALLED not in place.parts

    def _strays(self) -> Iterator[tuple[str, str]]:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file is None or name == "__main__" or name.split(".")[0] == _OURS:
                continue
            place = Path(file)
            # torch has modules of its own whose files are told as no paths.
            if place.is_absolute() and self._is_original(place.resolve()):
                yield name, str(file)
