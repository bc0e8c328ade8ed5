"""Printing a screen's page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.views.page import Page


def print_page(page: Page, *, as_json: bool) -> None:
    """Print a page.

    Args:
        page: Of which.
        as_json: As a document, for programs.
    """
    if as_json:
        from annt_prof.report.json.page import page_document

        sys.stdout.buffer.write(page_document(page))
        return
    from rich.console import Console

    from annt_prof.report.text.page import render_page

    render_page(page, Console())
