"""A technique's options as a run was given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.runs.record import Run, VariantRecord
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
    return _options(name, given)


def options_in_effect(variant: VariantRecord, name: str) -> Options | None:
    """Return the options that a variant trains with; None where it does without the technique.

    Raises:
        UserError: The technique is not installed any more, or its plug-in refuses its options.
    """
    chosen = next((technique for technique in variant.techniques if technique.name == name), None)
    return None if chosen is None else _options(name, chosen.options)


def _options(name: str, given: Mapping[str, Any]) -> Options:
    kind = registry.load(name).options
    known = set(getattr(kind, "__dataclass_fields__", {}))
    chosen: dict[str, Any] = {key: value for key, value in given.items() if key in known}
    with registry.answering(name):
        options: Options = kind(**chosen)
    return options
