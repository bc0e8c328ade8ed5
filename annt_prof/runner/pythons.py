"""Another Python environment, looked at before a run is served by it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof import __version__
from annt_prof.errors import UserError
from annt_prof.machine.environment import installed_versions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OPTION = "--reference-python"
_PATIENCE_S = 120.0  # importing torch from a cold disk
_LOOK = """
import json, platform
import annt_prof
from annt_prof.machine.environment import installed_versions
import annt_prof.loop.worker
print(json.dumps({"annt_prof": annt_prof.__version__, "packages": installed_versions()}))
"""


class _Told(msgspec.Struct):
    annt_prof: str
    packages: dict[str, str]


class Interpreter(NamedTuple):
    """A Python that can serve a run.

    Attributes:
        path: As it was given; not resolved, since a virtual environment's is a link.
        packages: Version by name.
    """

    path: Path
    packages: Mapping[str, str]


def look_at(python: Path) -> Interpreter:
    """Return an interpreter that is to serve a run, or a folder's with a virtual environment.

    Raises:
        UserError: It does not start, has no annt-prof or another version of it, or what it trains
            with cannot be imported.
    """
    path = python / "bin" / "python" if python.is_dir() else python
    try:
        done = subprocess.run(
            [str(path), "-P", "-c", _LOOK],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{path} does not run: {error}", where=_OPTION) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise UserError(
            f"{path} cannot serve a run: {said[-1]}",
            where=_OPTION,
            hint=f"install this version of annt-prof there: {path} -m pip install annt-prof"
            f"=={__version__}",
        )
    try:  # what is imported may print, too
        told = msgspec.json.decode(done.stdout.strip().rpartition("\n")[2], type=_Told)
    except msgspec.DecodeError:
        raise UserError(f"{path} is no Python that tells its packages", where=_OPTION) from None
    if told.annt_prof != __version__:
        raise UserError(
            f"{path} has annt-prof {told.annt_prof}, and this is {__version__}: two versions "
            "measure by two measures",
            where=_OPTION,
        )
    return Interpreter(path, told.packages)


def changes(other: Interpreter) -> str:
    """Return in which packages another environment differs from this one, behind a colon.

    Args:
        other: From which it goes to this one.
    """
    here = installed_versions()
    names = sorted(other.packages.keys() | here.keys())
    moved = [
        f"{name} {other.packages.get(name, 'not installed')} -> {here.get(name, 'not installed')}"
        for name in names
        if other.packages.get(name) != here.get(name)
    ]
    return f": {', '.join(moved)}" if moved else ", with the same packages"
