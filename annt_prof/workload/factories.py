"""The user's own factories, named ``module:factory``."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from annt_prof.errors import UserError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable


def find_factory(name: str, where: str) -> Callable[..., Any]:
    """Import ``module:factory`` from beside the scenario, the working directory, or a package.

    The folder of the scenario is on the path already when a run begins.

    Args:
        name: As the scenario gives it.
        where: The scenario's key, for messages.

    Raises:
        UserError: The module or the factory is missing, or the import itself fails.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise UserError(f'"{name}" is not of the form module:factory', where=where)
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except UserError:
        raise
    except ModuleNotFoundError as error:
        raise UserError(
            f'there is no module "{error.name}"',
            where=where,
            hint="modules are looked for beside the scenario, in the working directory and where "
            "Python finds packages",
        ) from error
    except Exception as error:
        raise UserError(
            f'importing "{module_name}" failed: {type(error).__name__}: {error}', where=where
        ) from error
    factory = getattr(module, attribute, None)
    if not callable(factory):
        names = [n for n in dir(module) if callable(getattr(module, n)) and not n.startswith("_")]
        raise UserError(
            f'"{module_name}" has no factory "{attribute}"; {suggestion(attribute, names)}',
            where=where,
            hint=f"this module was found: {getattr(module, '__file__', None) or module_name}",
        )
    return factory  # type: ignore[no-any-return]


def call_factory(
    factory: Callable[..., Any], where: str, arguments: dict[str, Any], **offered: Any
) -> Any:
    """Call a factory with the scenario's arguments and those of ``offered`` that it takes.

    Args:
        factory: From ``find_factory``.
        where: Its name, for messages.
        arguments: From the scenario; all are passed, and win over what is offered.
        offered: Passed where the factory names them; ``num_classes`` also where it takes any
            keyword.

    Raises:
        UserError: It raised.
    """
    try:
        parameters = dict(inspect.signature(factory).parameters)
    except (TypeError, ValueError):
        parameters = {}
    kinds = {parameter.kind for parameter in parameters.values()}
    names = {*parameters, *(("num_classes",) if inspect.Parameter.VAR_KEYWORD in kinds else ())}
    taken = {key: value for key, value in offered.items() if key in names}
    try:
        return factory(**{**taken, **arguments})
    except UserError:
        raise
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise UserError(
            f"the factory failed: {type(error).__name__}: {error}", where=where
        ) from error
