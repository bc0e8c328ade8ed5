"""A screen's page as one JSON document: the values, each with the text that is printed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from annt_prof.views.page import Page

PAGE_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


def page_document(page: Page) -> bytes:
    """Return a page as indented UTF-8 JSON with a final line break.

    Blocks are told apart by ``type``; a sheet's cells stand in the order of its columns, each with
    its ``value`` in the unit that ends the column's key, and null where it is not known.
    """
    document = {
        "schema_version": PAGE_VERSION,
        "screen": page.screen,
        "title": page.title,
        "blocks": page.blocks,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
