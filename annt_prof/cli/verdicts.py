"""Telling the result of a check: to people, to a pipeline, and by the exit status."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from annt_prof.cli.endings import EXIT_INTERRUPTED
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from typing import TextIO

    from annt_prof.check.result import CheckResult
    from annt_prof.runs.record import Run
    from annt_prof.views.check_view import CheckView

Outlook = Literal["status", "pass", "fail"]

PASSED, FAILED, CRASHED, INCONCLUSIVE, NOTHING_CHECKED = 0, 1, 3, 4, 5
_STATUS = {"pass": PASSED, "fail": FAILED}
_SUMMARY = "GITHUB_STEP_SUMMARY"
_WORKSPACE = "GITHUB_WORKSPACE"
_LOST = ("crashed", "out_of_memory")


@dataclass(frozen=True)
class Wanted:
    """How a result is told.

    Attributes:
        as_json: As a document on stdout, in place of text.
        markdown: File that takes a pull request's comment.
        junit: File that takes JUnit XML.
        result: File that takes the result as it is, for a program of ours.
        github: Whether annotations are printed, and the job's summary is added to.
        inconclusive: How to end where something cannot be told.
        on_mismatch: How to end where nothing was checked.
        fail_on_win: Whether a clearly better result is a failure.
    """

    as_json: bool = False
    markdown: Path | None = None
    junit: Path | None = None
    result: Path | None = None
    github: bool = False
    inconclusive: Outlook = "status"
    on_mismatch: Outlook = "status"
    fail_on_win: bool = False


def status_of(result: CheckResult, run: Run, wanted: Wanted) -> int:
    """Return the exit status."""
    from annt_prof.check.result import Outcome

    if result.outcome is Outcome.FAIL:
        return FAILED
    if not run.complete:
        return EXIT_INTERRUPTED
    if any(variant.status in _LOST for variant in run.variants):
        return CRASHED
    if wanted.fail_on_win and any(each.is_win for each in result.checked):
        return FAILED
    match result.outcome:
        case Outcome.INCONCLUSIVE:
            return _STATUS.get(wanted.inconclusive, INCONCLUSIVE)
        case Outcome.SKIPPED:
            return _STATUS.get(wanted.on_mismatch, NOTHING_CHECKED)
    return PASSED


def tell(result: CheckResult, wanted: Wanted) -> None:
    """Tell a result in every way that is wanted.

    Raises:
        UserError: A file cannot be written; what goes to stdout is told by then.
    """
    from annt_prof.views.check_view import build_check_view

    view = build_check_view(result, fail_on_win=wanted.fail_on_win)
    unwritten = None
    try:
        _write_files(view, result, wanted)  # first: who reads the text may go away before its end
    except UserError as error:
        unwritten = error
    _print(view, wanted)
    if unwritten is not None:
        raise unwritten


def _write_files(view: CheckView, result: CheckResult, wanted: Wanted) -> None:
    if wanted.markdown is not None:
        from annt_prof.report.pipeline.markdown import comment

        _write(wanted.markdown, comment(view).encode(), "--markdown")
    if wanted.junit is not None:
        from annt_prof.report.pipeline.junit import junit

        as_error = wanted.inconclusive == "fail"
        report = junit(
            view,
            at=datetime.now(UTC),
            hostname=socket.gethostname(),
            inconclusive_as="error" if as_error else "skipped",
        )
        _write(wanted.junit, report, "--junit")
    if wanted.result is not None:
        import msgspec

        _write(wanted.result, msgspec.json.encode(result), "--result")


def _print(view: CheckView, wanted: Wanted) -> None:
    """Print the report, and what GitHub reads behind it; beside JSON that goes to stderr."""
    if wanted.as_json:
        from annt_prof.report.json.check import check_document

        sys.stdout.buffer.write(check_document(view))
        if wanted.github:
            _annotate(view, sys.stderr)
        return
    from rich.console import Console

    from annt_prof.report.text.check import render_check

    if not wanted.github:
        render_check(view, Console())
        return
    from annt_prof.report.pipeline.github import silenced

    begin, end = silenced(secrets.token_hex(16))
    sys.stdout.write(begin)
    render_check(view, Console())
    sys.stdout.write(end)
    _annotate(view, sys.stdout)


def _annotate(view: CheckView, stream: TextIO) -> None:
    from annt_prof.report.pipeline.github import summary, workflow_commands

    # A check below the repository's root names its files from there, GitHub from the root.
    root = os.environ.get(_WORKSPACE)
    stream.write(workflow_commands(view, Path.cwd(), None if root is None else Path(root)))
    place = os.environ.get(_SUMMARY)
    if place:
        file = Path(place)
        try:
            taken = file.stat().st_size if file.exists() else 0
            with file.open("a", encoding="utf-8") as out:
                out.write(summary(view, taken))
        except OSError as error:
            message = f"{place} cannot be written: {error.strerror}"
            raise UserError(message, where=_SUMMARY) from None


def _write(path: Path, content: bytes, option: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}", where=option) from None
