"""A check as GitHub Actions shows it: annotations on the budgets' lines, and a job's summary.

Source: GitHub Docs, "Workflow commands for GitHub Actions" (syntax, limits of summaries) and "Usage
limits" of annotations: 10 errors, 10 warnings and 10 notices a step. The escaping is that of
``actions/toolkit``, ``packages/core/src/command.ts``.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING

from annt_prof.report.pipeline.markdown import cut, document
from annt_prof.text import printable
from annt_prof.views.check_view import Severity
from annt_prof.views.words import check as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.check_view import BudgetRow, CheckView

ANNOTATIONS_PER_KIND = 10
SUMMARY_BYTES = 1024 * 1024
"""Of a step's summary; a larger one is refused whole."""


def workflow_commands(
    view: CheckView, folder: PurePath | None = None, root: PurePath | None = None
) -> str:
    """Return annotations, each a line for the step's output; empty where nothing is to be said.

    Failures are errors, the worst first; what cannot be told or was skipped is a warning, what was
    won a notice. No more than GitHub shows.

    Args:
        view: Of the check.
        folder: From which the budgets' file was named; None leaves names as they are.
        root: Of the repository, from which a file in it is named then.
    """
    told = (*view.failures, *(row for row in view.rows if row not in view.failures))
    lines: list[str] = []
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTICE):
        those = (row for row in told if row.severity is severity)
        lines += (_command(view, row, folder, root) for row in islice(those, ANNOTATIONS_PER_KIND))
    return "".join(f"{line}\n" for line in lines)


def summary(view: CheckView, taken: int = 0) -> str:
    """Return Markdown to append to the file that ``$GITHUB_STEP_SUMMARY`` names.

    Args:
        view: Of the check.
        taken: Bytes that the file has already, from what ran in the same step.
    """
    return cut(document(view), SUMMARY_BYTES - 1 - taken)


def silenced(token: str) -> tuple[str, str]:
    """Return the lines between which GitHub takes nothing of a step's output for a command.

    A name from a trace may begin like one, as ``::at::native::add`` does.

    Args:
        token: That nobody can guess.
    """
    return f"::stop-commands::{token}\n", f"::{token}::\n"


def _command(
    view: CheckView, row: BudgetRow, folder: PurePath | None, root: PurePath | None
) -> str:
    properties = [f"title={_property(f'{row.label}: {row.word}')}"]
    if row.place is not None:
        file, line, column = row.place
        path = file if folder is None else _named_from(root, os.path.normpath(folder / file))
        properties = [f"file={_property(path)}", f"line={line}", f"col={column}", *properties]
    message = "\n".join(map(printable, _message(view, row)))
    return f"::{row.severity.value} {','.join(properties)}::{_data(message)}"


def _named_from(root: PurePath | None, path: str) -> str:
    whole = PurePath(path)
    return str(whole.relative_to(root)) if root and whole.is_relative_to(root) else path


def _message(view: CheckView, row: BudgetRow) -> Iterator[str]:
    """Yield what failed and by how much, then what grew most: the first lines are seen unfolded."""
    yield row.sentence
    if row.severity is not Severity.ERROR and row.reason is not None:
        yield row.reason
    yield from row.notes
    cause = view.cause_of(row)
    if cause is not None:
        if cause.growth.most is not None:
            yield f"grew most: {cause.growth.most}"
        if cause.growth.parts is not None:
            yield f"where the step goes: {cause.growth.parts}"
        yield from words.new_mistakes(cause)
    yield f"again: {view.reproduce}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
