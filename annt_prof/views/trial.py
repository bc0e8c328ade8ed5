"""A run's own scenario with one more technique: what a key of the dashboard runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.runs.layout import SCENARIO_FILE
from annt_prof.scenario.addition import with_technique
from annt_prof.scenario.effective import OVERRIDDEN
from annt_prof.scenario.files import read_text
from annt_prof.scenario.loading import load_text

if TYPE_CHECKING:
    from annt_prof.views.screens.source import RunSource


class Trial(msgspec.Struct, frozen=True):
    """A scenario to run.

    Attributes:
        name: That tells it from the run's own, for a file or a title.
        technique: That is new in it.
        text: Of the whole scenario file.
        caveats: What of the run is not in it, one sentence each.
    """

    name: str
    technique: str
    text: str
    caveats: tuple[str, ...]


def build_trial(source: RunSource, technique: str) -> Trial:
    """Return a run's scenario with a technique and its default options added.

    Raises:
        UserError: The run has no scenario file or it cannot be read, the technique is in it
            already, or the two do not go together.
    """
    path = source.directory / SCENARIO_FILE
    text = read_text(path)
    try:
        longer = with_technique(text, technique)
    except UserError as error:
        raise UserError(error.message, where=str(path), hint=error.hint) from None
    load_text(longer, path)
    run = source.run
    return Trial(f"{run.scenario_name}-{technique}", technique, longer, tuple(_caveats(source)))


def _caveats(source: RunSource) -> list[str]:
    said = [
        f"the run had --set {value.path}={value.value}, which this scenario does not hold"
        for value in source.run.scenario
        if value.origin == OVERRIDDEN
    ]
    if source.run.differences:
        said.append("the run was about two scenarios; this is the first of them")
    return said
