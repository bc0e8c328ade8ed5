"""What `annt-prof show` chooses by options is what keys and the cursor choose in the dashboard."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.testing import TraceBuilder
from annt_prof.views.page import Lines, Page, Sheet
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.selection import Selection
from annt_prof.views.screens.source import RunSource, TraceSource
from annt_prof.views.screens.steps import STEPS
from annt_prof.views.work import groups, kernel_sheet
from annt_prof.views.work.changes import GROUP_CHANGES_KEY, KERNEL_CHANGES_KEY
from hand_made import gpu_run

TRACES = Path(__file__).parents[3] / "fixtures" / "traces"
OF = {"baseline": "h100_baseline.json.gz", "amp": "h100_amp.json.gz"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunSource:
    """A run whose baseline and mixed precision have a trace each, and a third variant none."""
    directory = store.create(tmp_path_factory.mktemp("runs"), "traced", "")
    made = gpu_run()
    for name in OF.values():
        shutil.copy(TRACES / name, directory / name)
    variants = [msgspec.structs.replace(v, trace=OF[v.name]) for v in made.variants]
    untraced = msgspec.structs.replace(made.variants[1], name="untraced")
    store.write(directory, msgspec.structs.replace(made, variants=(*variants, untraced)))
    return RunSource(directory)


def show(source: RunSource | TraceSource, screen: Screen, **chosen: object) -> Page:
    return build_page(screen, source, digest, Selection(**chosen))


def sheet(page: Page, key: str) -> Sheet:
    return next(block for block in page.blocks if isinstance(block, Sheet) and block.key == key)


def figures(found: Sheet) -> list[list[object]]:
    return [[cell.value for cell in row.cells] for row in found.rows]


def test_kernels_are_those_of_the_variant(run: RunSource) -> None:
    shown = sheet(show(run, Screen.KERNELS, variant="amp"), kernel_sheet.KEY)
    alone = sheet(show(TraceSource(run.directory / OF["amp"]), Screen.KERNELS), kernel_sheet.KEY)
    assert figures(shown) == figures(alone)
    assert figures(shown) != figures(sheet(show(run, Screen.KERNELS), kernel_sheet.KEY))


def test_kernels_are_grouped_and_held_against_another(run: RunSource) -> None:
    grouped = sheet(show(run, Screen.KERNELS, grouping=groups.Grouping.PHASE), groups.GROUPS_KEY)
    assert {row.key for row in grouped.rows} >= {"forward", "backward"}
    both = show(run, Screen.KERNELS, variant="amp", against="baseline")
    assert sheet(both, KERNEL_CHANGES_KEY).rows
    both = show(
        run,
        Screen.KERNELS,
        variant="amp",
        against="baseline",
        grouping=groups.Grouping.CLASS,
    )
    first, second, change = whole_row(sheet(both, GROUP_CHANGES_KEY), "gemm")
    assert second == pytest.approx(of_class(run, "amp", "gemm"))
    assert first == pytest.approx(of_class(run, "baseline", "gemm"))
    assert change == pytest.approx(second - first)


def whole_row(found: Sheet, key: str) -> tuple[float, float, float]:
    """Return a row's times in the first, in the second, and their difference."""
    columns = {column.key: place for place, column in enumerate(found.columns)}
    cells = next(row for row in found.rows if row.key == key).cells
    return tuple(cells[columns[name]].value for name in ("before_ns", "after_ns", "change_ns"))


def of_class(source: RunSource, variant: str, name: str) -> float:
    """Return a class's time per step in a variant's own table."""
    page = show(source, Screen.KERNELS, variant=variant, grouping=groups.Grouping.CLASS)
    alone = sheet(page, groups.GROUPS_KEY)
    (total_ns,) = (row.cells[1].value for row in alone.rows if row.key == name)
    return total_ns / len(digest(source.traces[variant]).lanes.step_names)


def test_steps_are_those_of_the_variants_trace(run: RunSource) -> None:
    shown = sheet(show(run, Screen.STEPS, variant="amp"), STEPS)
    assert figures(shown) == figures(
        sheet(show(TraceSource(run.directory / OF["amp"]), Screen.STEPS), STEPS)
    )


@pytest.mark.parametrize(
    ("chosen", "pair"),
    [
        ({}, ("baseline", "amp")),
        ({"variant": "amp"}, ("baseline", "amp")),
        ({"variant": "baseline", "against": "amp"}, ("amp", "baseline")),
        ({"against": "untraced"}, ("untraced", "amp")),
    ],
)
def test_any_two_variants_are_compared(
    run: RunSource, chosen: dict[str, str], pair: tuple[str, str]
) -> None:
    page = show(run, Screen.COMPARE, **chosen)
    assert compared(page) == pair


def test_two_runs_are_compared_by_the_variant_of_one_name(run: RunSource) -> None:
    other = RunSource(run.directory)
    page = show(run, Screen.COMPARE, against_run=other)
    assert compared(page) == ("baseline", "baseline")
    assert "the same variant twice" in said(page)
    page = show(run, Screen.COMPARE, against_run=other, variant="amp")
    assert compared(page) == ("amp", "amp")
    page = show(run, Screen.COMPARE, against_run=other, variant="amp", against="baseline")
    assert compared(page) == ("baseline", "amp")


def compared(page: Page) -> tuple[str, str]:
    """Return what the page says is compared with what."""
    pair = next(b for b in page.blocks if isinstance(b, Lines) and b.key == "pair")
    first, second = (said.text.partition(" ")[0] for said in pair.lines[:2])
    return first, second


def said(page: Page) -> str:
    return " ".join(
        line.text for block in page.blocks if isinstance(block, Lines) for line in block.lines
    )


def test_steps_say_whose_they_are(run: RunSource) -> None:
    assert show(run, Screen.STEPS, variant="amp").title == f"amp of {run.title}"


def test_a_trace_without_kernels_is_not_grouped(tmp_path: Path) -> None:
    TraceBuilder().step(0, 1000).write(tmp_path / "host.json")
    with pytest.raises(UserError, match=r"host\.json: there are no kernels to group"):
        show(TraceSource(tmp_path / "host.json"), Screen.KERNELS, grouping=groups.Grouping.CLASS)


@pytest.mark.parametrize(
    ("screen", "chosen", "message"),
    [
        (Screen.OVERVIEW, {"variant": "amp"}, "overview: there is no variant to choose"),
        (Screen.COMPARE, {"technique": "amp"}, "compare: there is no technique to choose"),
        (Screen.KERNELS, {"variant": "fast"}, "no traced variant 'fast'"),
        (Screen.KERNELS, {"against": "baseline"}, "a variant is not held against itself"),
        (Screen.KERNELS, {"variant": "untraced"}, "there are baseline, amp"),
        (Screen.STEPS, {"variant": "untraced"}, "no traced variant 'untraced'"),
        (Screen.COMPARE, {"against": "fast"}, "no variant 'fast'"),
        (Screen.TECHNIQUES, {"technique": "fast"}, "no technique 'fast'"),
        (Screen.ADVICE, {"technique": "fast"}, "no predicted technique 'fast'"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    run: RunSource, screen: Screen, chosen: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError) as refused:
        show(run, screen, **chosen)
    assert message in str(refused.value)


def test_a_trace_has_no_variants(run: RunSource) -> None:
    with pytest.raises(UserError, match="no trace 'amp'"):
        show(TraceSource(run.directory / OF["amp"]), Screen.STEPS, variant="amp")


def test_all_is_told_of_the_technique(run: RunSource) -> None:
    explained = [t.name for t in run.explanation.techniques]
    page = show(run, Screen.TECHNIQUES, technique=explained[-1])
    verdict = next(b for b in page.blocks if isinstance(b, Lines) and b.key == "verdict")
    assert verdict.title.startswith(f"{explained[-1]}:")
