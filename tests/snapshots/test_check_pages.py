"""What every face makes of each outcome of a check, held against pages on the disk.

``ANNT_PROF_UPDATE_SNAPSHOTS=1 pytest tests/snapshots`` writes them anew; read the difference.
"""

import io
from datetime import datetime

import pytest
from commands import WIDTHS, assert_reads_as_before
from rich.console import Console

from annt_prof.report.json.check import check_document
from annt_prof.report.pipeline.github import workflow_commands
from annt_prof.report.pipeline.junit import junit
from annt_prof.report.pipeline.markdown import comment
from annt_prof.report.text.check import render_check
from annt_prof.report.text.page import render_page
from annt_prof.views.budgets_sheet import build_budgets_sheet
from annt_prof.views.check_view import build_check_view
from annt_prof.views.page import Page
from hand_made_checks import CHECKS

AT = datetime(2026, 11, 20, 10, 15)
OUTCOMES = pytest.mark.parametrize("outcome", CHECKS)


@OUTCOMES
@pytest.mark.parametrize("width", WIDTHS)
def test_text(outcome, width):
    console = Console(file=io.StringIO(), width=width)
    render_check(build_check_view(CHECKS[outcome]), console)
    assert_reads_as_before(console.file.getvalue(), f"check/{outcome}_{width}.txt")


@OUTCOMES
@pytest.mark.parametrize("width", WIDTHS)
def test_the_panel_of_the_overview(outcome, width):
    console = Console(file=io.StringIO(), width=width)
    sheet = build_budgets_sheet(build_check_view(CHECKS[outcome]))
    render_page(Page("overview", "20261120-101500-cifar", (sheet,)), console)
    assert_reads_as_before(console.file.getvalue(), f"check/{outcome}_panel_{width}.txt")


@OUTCOMES
@pytest.mark.parametrize(
    ("face", "name"),
    [
        (lambda view: check_document(view).decode(), "json"),
        (comment, "md"),
        (lambda view: junit(view, at=AT).decode(), "xml"),
        (workflow_commands, "commands.txt"),
    ],
    ids=["json", "md", "xml", "commands"],
)
def test_documents(outcome, face, name):
    assert_reads_as_before(face(build_check_view(CHECKS[outcome])), f"check/{outcome}.{name}")
