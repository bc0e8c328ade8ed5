"""What the text of a run's answer says where there is less, or more, to say than mostly."""

import io
import json

import pytest
from msgspec.structs import replace
from rich.console import Console

from annt_prof.categories import Category
from annt_prof.report.json.run import document
from annt_prof.report.text.conditions import conditions
from annt_prof.report.text.steps import steps
from annt_prof.report.text.waterfall import waterfall
from annt_prof.views.breakdown_view import NotMeasured, build_breakdown_view
from annt_prof.views.caveats_view import RemarkRow
from annt_prof.views.evidence import CategoryChange, Moved, Signature
from annt_prof.views.run_view import build_run_view
from annt_prof.views.waterfall import MovingPart, Waterfall, WaterfallBar
from annt_prof.views.words import evidence
from annt_prof.views.words.table_notes import notes
from hand_made import MS, breakdown, run, variant


@pytest.fixture
def measured():
    return run(
        variant("baseline", [100.0] * 3, breakdown=breakdown(100.0, forward=1.0)),
        variant("amp", [50.0] * 3, breakdown=breakdown(50.0, forward=1.0)),
    )


def said(renderable):
    console = Console(width=300, file=io.StringIO())
    console.print(renderable)
    return " ".join(console.file.getvalue().split())


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (RemarkRow("it is so"), "- it is so"),
        (RemarkRow("it is so", ("a", "b")), "- a, b: it is so"),
        (RemarkRow("it is so", ("a", "b"), of_every=True), "- every variant: it is so"),
    ],
)
def test_a_remark_says_whom_it_is_about(measured, row, told):
    view = build_run_view(measured)
    view = replace(view, caveats=replace(view.caveats, remarks=(row,)))
    assert told in said(conditions(view))


@pytest.mark.parametrize(
    ("workers", "told"), [(1, "batch 8, 1 loader process device"), (0, "0 loader processes")]
)
def test_loader_processes_are_counted_in_words(measured, workers, told):
    view = build_run_view(measured)
    data = replace(view.setting.data, workers=workers)
    assert told in said(conditions(replace(view, setting=replace(view.setting, data=data))))


@pytest.mark.parametrize(
    ("of_all", "told"),
    [(True, "not measured: h2d_copy: why"), (False, "not measured of a, b: h2d_copy: why")],
)
def test_what_is_not_measured_of_some_names_them(measured, of_all, told):
    lacking = NotMeasured((Category.H2D_COPY,), "why", ("a", "b"), of_all)
    view = replace(build_breakdown_view(measured), not_measured=(lacking,))
    assert told in said(steps(view, 300))


@pytest.mark.parametrize(
    ("least", "most", "told"),
    [(3, 3, ", 3 windows, the"), (1, 1, ", 1 window, the"), (2, 5, ", 2 to 5 windows, the")],
)
def test_the_windows_behind_a_figure_are_told(measured, least, most, told):
    facts = build_run_view(measured).notes
    assert told in next(notes(replace(facts, least_windows=least, most_windows=most)))


@pytest.mark.parametrize(
    ("batches", "told"),
    [((1,), "of 1 sample,"), ((8,), "of 8 samples,"), ((1, 8), "of 1 or 8 sam")],
)
def test_the_samples_of_a_step_are_counted_in_words(measured, batches, told):
    facts = build_run_view(measured).notes
    assert told in next(notes(replace(facts, samples_per_iteration=batches)))


def test_a_trimmed_mean_is_told_as_such():
    """Twelve launches, of which two were disturbed: their mean is 21.7 ms, the trimmed one 20."""
    figures = [20.0] * 10 + [30.0, 30.4]
    many, few = run(variant("baseline", figures)), run(variant("baseline", figures[:9]))
    assert many.variants[0].step_time.mean_ns == 20 * MS
    sentence = "from 10 launches on, the mean of a step and the speedup are of the middle three"
    ten = run(variant("baseline", figures[:10]))
    for trimmed in (many, ten):
        assert sentence in " ".join(notes(build_run_view(trimmed).notes))
    assert sentence not in " ".join(notes(build_run_view(few).notes))
    (uneven,) = (replace(v, uneven=True) for v in many.variants)
    assert sentence not in " ".join(notes(build_run_view(run(uneven)).notes))


def test_what_moved_is_told_with_its_sign():
    moved = Moved((CategoryChange(Category.FORWARD, 2 * MS),), -3 * MS, 4 * MS)
    expected = "forward +2.000 ms, others -3.000 ms, not in the traces +4.000 ms"
    assert evidence.line(moved) == ("moved", expected)
    assert evidence.line(Moved((), None, None)) == ("moved", "nothing")


def test_a_signature_of_which_nothing_is_measured_says_so():
    assert evidence.line(Signature((), (), (), ())) == (
        "signature",
        "nothing that it moves is measured here",
    )
    assert evidence.line(Signature(("a",), ("b", "c"), (), ())) == (
        "signature",
        "as expected fell a; should have fallen and did not b, c",
    )


def test_bars_begin_at_the_lowest_of_all():
    """A technique whose saving goes below 0 moves all other bars to the right."""
    part = (MovingPart("forward", 40 * MS),)
    view = Waterfall(
        baseline=WaterfallBar("baseline", 60 * MS, 0),
        techniques=(
            WaterfallBar("much", -80 * MS, -20 * MS, part),
            WaterfallBar("back", 40 * MS, -20 * MS, part),
        ),
        whole=WaterfallBar("all", 20 * MS, 0),
        lowest_ns=-20 * MS,
        highest_ns=60 * MS,
        duration_decimals=1,
    )
    drawn = [line.plain.partition(" ms  ") for line in waterfall(view, 200)][:4]
    cells = 50  # the widest bar, of 80 ms
    lengths = [(len(bar) - len(bar.lstrip()), len(bar.strip())) for _, _, bar in drawn]
    quarter, half = round(cells / 4), round(cells / 2)
    assert lengths == [(quarter, round(cells * 3 / 4)), (0, cells), (0, half), (quarter, quarter)]
    assert [figure.split() for figure, _, _ in drawn] == [
        ["baseline", "60.0"], ["much", "-80.0"], ["back", "+40.0"], ["all", "20.0"],
    ]  # fmt: skip


def test_documents_are_indented_for_people(measured):
    text = document(build_run_view(measured)).decode()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
