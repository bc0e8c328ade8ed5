"""The picture of the breakdowns."""

from __future__ import annotations

import io
from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from annt_prof.categories import Category
from annt_prof.runs.record import Run, VariantRecord
from annt_prof.tensorboard.bars import Picture, caption, draw, tick
from annt_prof.views.breakdown_view import build_breakdown_view
from annt_prof.views.palette import LOOKS


def drawn(run: Run, *variants: VariantRecord) -> Picture | None:
    """The picture of these variants alone."""
    return draw(build_breakdown_view(msgspec.structs.replace(run, variants=variants)))


def pixels_by_colour(run: Run) -> Counter[str]:
    picture = draw(build_breakdown_view(run))
    assert picture is not None
    image = Image.open(io.BytesIO(picture.png))
    assert image.size == (picture.width, picture.height)
    counted = image.getcolors(image.width * image.height)
    assert counted is not None
    return Counter({"#{:02X}{:02X}{:02X}".format(*colour): count for count, colour in counted})


def test_bars_are_as_long_as_their_durations(run: Run) -> None:
    """Without the labels' ink, areas are in proportion: 12 to 4 ms, and 22 to 4 ms."""
    plain = msgspec.structs.replace(run, variants=run.variants[:1])
    found = pixels_by_colour(plain)
    per_ms = found[LOOKS[Category.DATA_LOADING].colour] / 4
    assert found[LOOKS[Category.FORWARD].colour] / 12 == pytest.approx(per_ms, rel=0.15)
    assert found[LOOKS[Category.BACKWARD].colour] / 22 == pytest.approx(per_ms, rel=0.2)


def test_what_is_nowhere_is_not_in_the_legend(run: Run) -> None:
    found = pixels_by_colour(run)
    assert found[LOOKS[Category.COMMUNICATION].colour] == 0
    assert found[LOOKS[Category.UNATTRIBUTED].colour] > 0


def test_every_traced_variant_has_its_bar(run: Run) -> None:
    one = drawn(run, run.variants[0])
    two = draw(build_breakdown_view(run))
    assert one is not None
    assert two is not None
    assert two.height > one.height + 60


def test_the_timed_step_in_the_caption_is_the_one_that_inflation_is_of(run: Run) -> None:
    (first, *_) = build_breakdown_view(run).variants
    assert first.agreement is not None
    timed = msgspec.structs.replace(first, timed_ns=41_000_000)
    assert caption(timed) == "44.00 ms traced, 41.00 ms timed"
    within = msgspec.structs.replace(timed, agreement=first.agreement._replace(mid_epoch=True))
    assert caption(within) == "44.00 ms traced, 41.00 ms timed in mid-epoch"
    assert caption(msgspec.structs.replace(first, timed_ns=None)) == "44.00 ms traced"


def test_without_a_trace_there_is_no_picture(run: Run) -> None:
    assert drawn(run, *run.variants[2:]) is None


def test_a_name_of_any_length_fits(run: Run) -> None:
    long = msgspec.structs.replace(run.variants[0], name="a\nvery long name " * 40)
    assert drawn(run, long) is not None


def test_variants_of_other_batches_are_drawn_with_theirs(run: Run) -> None:
    larger = msgspec.structs.replace(run.variants[1], samples_per_iteration=200)
    one, other = drawn(run, *run.variants[:2]), drawn(run, run.variants[0], larger)
    assert one is not None
    assert other is not None
    assert one.png != other.png


def test_an_empty_step_is_drawn_too(run: Run) -> None:
    mean = msgspec.structs.replace(run.variants[0].breakdown, step_ns=0, by_category_ns={})
    assert drawn(run, msgspec.structs.replace(run.variants[0], breakdown=mean)) is not None


@given(st.integers(1, 10**13))
def test_grid_lines_are_few_and_at_round_figures(longest_ns: int) -> None:
    distance = tick(longest_ns)
    assert longest_ns // distance <= 7
    assert str(distance).rstrip("0") in ("1", "2", "5")
    assert longest_ns < 10 or longest_ns // distance >= 2


def test_grid_lines_grow_with_the_bar() -> None:
    distances = [tick(10**6 * n) for n in range(1, 400)]
    assert all(a <= b for a, b in pairwise(distances))
