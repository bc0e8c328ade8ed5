"""A technique's options as a run was given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.runs.record import Run
    from annt_prof.techniques.technique import Options


def options_of(run: Run, name: str) -> Options:
    """Return a technique's options as the run's scenario gives them.

    Raises:
        UserError: The technique is not installed any more, or its plug-in refuses its options.
    """
    prefix = f"techniques.{name}."
    given = {
        value.path.removeprefix(prefix): value.value
        for value in run.scenario
        if value.path.startswith(prefix)
    }
    make = cast("Callable[..., Options]", registry.load(name).options)
    known = set(getattr(make, "__dataclass_fields__", {}))
    chosen: dict[str, Any] = {key: value for key, value in given.items() if key in known}
    with registry.answering(name):
        return make(**chosen)
