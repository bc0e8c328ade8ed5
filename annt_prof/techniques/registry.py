"""Which techniques there are: the files of ``shipped``, then what plug-ins bring.

Listing names imports no technique. A plug-in names its module, or its ``Technique`` value, as an
entry point of the group ``annt_prof.techniques``; our own names come first and cannot be taken.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from annt_prof.errors import UserError, suggestion
from annt_prof.techniques import shipped as shipped_folder
from annt_prof.techniques.technique import Technique

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

GROUP = "annt_prof.techniques"
SECTIONS = ("What it does", "When it helps", "When it does nothing")
"""The parts of every technique's module docstring, in order."""


def shipped() -> tuple[str, ...]:
    """Return the names of our own techniques, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(shipped_folder.__path__)))


def names() -> tuple[str, ...]:
    """Return every technique's name: ours sorted, then plug-ins' sorted."""
    ours = shipped()
    return ours + tuple(name for name in sorted(_plug_ins()) if name not in ours)


def load(name: str) -> Technique[Any]:
    """Return a technique by name.

    Raises:
        UserError: No such technique, or its plug-in cannot be loaded.
    """
    if name in shipped():
        module = importlib.import_module(f"{shipped_folder.__name__}.{name}")
        technique: Technique[Any] = module.TECHNIQUE
        return technique
    plug_ins = _plug_ins()
    if name not in plug_ins:
        raise UserError(f'unknown technique "{name}"; {suggestion(name, names())}')
    return _load_plug_in(plug_ins[name])


@contextmanager
def answering(name: str) -> Iterator[None]:
    """Run a technique's own code: what a plug-in's raises is its author's to mend.

    Raises:
        UserError: The code of a plug-in raised something. What ours raises is a bug, and stays.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # any failure of foreign code is reported
        point = None if name in shipped() else _plug_ins().get(name)
        if point is None:
            raise
        raise UserError(
            f'technique "{name}" of the plug-in {_owner(point)} fails: '
            f"{type(error).__name__}: {error}",
            hint="update or uninstall the plug-in",
        ) from error


def explanation(technique: Technique[Any]) -> dict[str, str]:
    """Return the parts of a technique's module docstring by their titles in ``SECTIONS``.

    A part's lines are joined; parts that the docstring lacks are absent.
    """
    module = inspect.getmodule(technique.options)
    paragraphs = (inspect.getdoc(module) or "").split("\n\n")
    parts: dict[str, str] = {}
    for paragraph in paragraphs:
        title, colon, text = " ".join(paragraph.split()).partition(": ")
        if colon and title in SECTIONS:
            parts[title] = text
    return parts


def _plug_ins() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _owner(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _load_plug_in(point: EntryPoint) -> Technique[Any]:
    owner = _owner(point)
    try:
        loaded = point.load()
    except Exception as error:  # any failure of foreign code is reported
        cause = f"{type(error).__name__}: {error}"
        raise UserError(
            f'technique "{point.name}" of the plug-in {owner} cannot be loaded: {cause}',
            hint="update or uninstall the plug-in",
        ) from error
    technique = getattr(loaded, "TECHNIQUE", loaded)
    if not isinstance(technique, Technique) or technique.name != point.name:
        raise UserError(
            f'the plug-in {owner} offers technique "{point.name}" as {point.value}, which is not '
            "a Technique of that name",
            hint="update or uninstall the plug-in",
        )
    if "<locals>" in getattr(technique.options, "__qualname__", ""):
        raise UserError(
            f'technique "{point.name}" of the plug-in {owner} has options that are defined inside '
            "a function, so they cannot be sent to the process that trains",
            hint="its author should define them at the top of their module",
        )
    return technique
