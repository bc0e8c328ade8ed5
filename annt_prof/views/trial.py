"""A run's own scenario with one more technique: what a key of the dashboard runs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import msgspec

from annt_prof.errors import UserError
from annt_prof.runs.layout import SCENARIO_FILE
from annt_prof.scenario.effective import OVERRIDDEN
from annt_prof.scenario.files import read_text

if TYPE_CHECKING:
    from annt_prof.views.screens.source import RunSource


class Trial(msgspec.Struct, frozen=True):
    """A scenario to run.

    Attributes:
        name: That tells it from the run's own, for a file or a title.
        technique: That is new in it.
        text: Of the whole scenario file.
        new_lines: Indices of the lines of it that the run's own has not.
        caveats: What of the run is not in it, one sentence each.
    """

    name: str
    technique: str
    text: str
    new_lines: frozenset[int]
    caveats: tuple[str, ...]


def build_trial(source: RunSource, technique: str) -> Trial:
    """Return a run's scenario with a technique and its default options added.

    Raises:
        UserError: The run has no scenario file or it cannot be read, the technique is in it
            already, or the two do not go together.
    """
    # Slow to import, and whoever only reads a run does without.
    from annt_prof.scenario.addition import with_technique
    from annt_prof.scenario.loading import load_text

    path = source.directory / SCENARIO_FILE
    if not path.exists():
        raise UserError(
            "this run keeps no scenario that anything could be added to", where=str(path)
        )
    text = read_text(path)
    try:
        longer = with_technique(text, technique)
    except UserError as error:
        raise UserError(error.message, where=str(path), hint=error.hint) from None
    load_text(longer, path)
    run = source.run
    return Trial(
        name=f"{run.scenario_name}-{technique}",
        technique=technique,
        text=longer,
        new_lines=_new_lines(text, longer),
        caveats=tuple(_caveats(source)),
    )


def _new_lines(before: str, after: str) -> frozenset[int]:
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    changed = (code for code in matcher.get_opcodes() if code[0] != "equal")
    return frozenset(line for _, _, _, start, end in changed for line in range(start, end))


def _caveats(source: RunSource) -> list[str]:
    said = [
        f"the run had --set {value.path}={value.value}, which this scenario does not hold"
        for value in source.run.scenario
        if value.origin == OVERRIDDEN
    ]
    values = {value.path: value.value for value in source.run.scenario}
    if values.get("model.source") == "python" or ":" in str(values.get("dataset.name", "")):
        said.append(
            "its model or data are a module of the scenario's own, which is looked for in the new "
            "run's directory, and is not there: run the file from where that module lies"
        )
    if source.run.differences:
        said.append("the run was about two scenarios; this is the first of them")
    return said
