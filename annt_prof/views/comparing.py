"""Two variants compared with every interval that their launches allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.compare.between import between
from annt_prof.compare.ratios import ratios_apart, ratios_within
from annt_prof.views.named_times import named_times_of
from annt_prof.views.screens.compare import build_compare_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.runs.digests import Digest
    from annt_prof.views.page import Page
    from annt_prof.views.pair import Pair


def build_comparison(pair: Pair, digest_of: Callable[[Path], Digest]) -> Page:
    """Return the Compare screen's page of a pair, with the ratios of its figures.

    Args:
        pair: What is compared with what.
        digest_of: Reads a trace; what it cannot read is said on the page.

    Raises:
        UserError: A run of the pair cannot be read, or lacks the variant.
    """
    first, second = pair.first, pair.second
    told = None
    if pair.of_one_run:
        told = between(first.run, first.variant, second.variant)
        ratios = ratios_within(first.run, first.variant, second.variant)
    else:
        ratios = ratios_apart((first.run, second.run), (first.variant, second.variant))
    named = (
        named_times_of(first.source.traces.get(first.name), first.name, digest_of),
        named_times_of(second.source.traces.get(second.name), second.name, digest_of),
    )
    return build_compare_page(first.source.title, pair, told, named, ratios)
