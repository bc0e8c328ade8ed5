"""The user's own factories, named ``module:factory``."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from annt_prof.errors import UserError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable


def find_factory(name: str, where: str) -> Callable[..., Any]:
    """Import ``module:factory``.

    Args:
        name: As the scenario gives it.
        where: The scenario's key, for messages.

    Raises:
        UserError: The module or the factory is missing, or the import itself fails.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise UserError(f'"{name}" is not of the form module:factory', where=where)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UserError(
            f'there is no module "{error.name}"',
            where=where,
            hint="modules are looked for beside the scenario and where Python finds packages",
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
        )
    return factory  # type: ignore[no-any-return]


def call_factory(
    factory: Callable[..., Any], where: str, arguments: dict[str, Any], **offered: Any
) -> Any:
    """Call a factory with the scenario's arguments and those of ``offered`` that it takes.

    Raises:
        UserError: It raised.
    """
    try:
        parameters = inspect.signature(factory).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    taken = {key: value for key, value in offered.items() if key in parameters}
    try:
        return factory(**{**taken, **arguments})
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"the factory failed: {type(error).__name__}: {error}", where=where
        ) from error
