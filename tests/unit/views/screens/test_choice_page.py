"""What is offered for a comparison."""

from pathlib import Path

from annt_prof.runs.listing import Listed, ListedRun, ListedVariant
from annt_prof.views.page import Tone
from annt_prof.views.screens.choice import Choice, build_choices


def _listed(directory: str, *variants: tuple[str, str]) -> Listed:
    made = tuple(ListedVariant(*variant) for variant in variants)
    return Listed(Path(directory), ListedRun(3, "2026-07-25T14:30:12+00:00", "vit", made))


HERE = _listed("runs/here", ("baseline", "measured"), ("amp", "out_of_memory"))
OTHER = _listed("runs/other", ("baseline", "measured"))
DAMAGED = Listed(Path("runs/odd"), None, "damaged: its record is not one of a run")


def test_the_open_run_comes_first_and_only_once() -> None:
    offered = build_choices("title", HERE, (OTHER, HERE, DAMAGED))
    assert [[cell.text for cell in row.cells] for row in offered.sheet.rows] == [
        ["baseline", "measured", "-", "vit", "2026-07-25 14:30:12"],
        ["amp", "out of memory", "-", "vit", "2026-07-25 14:30:12"],
        ["baseline", "measured", "other", "vit", "2026-07-25 14:30:12"],
        ["-", "damaged: its record is not one of a run", "odd", "-", "-"],
    ]


def test_a_row_stands_for_its_variant() -> None:
    offered = build_choices("title", HERE, (OTHER, DAMAGED))
    assert offered.of_row("0") == Choice(Path("runs/here"), "baseline")
    assert offered.of_row("2") == Choice(Path("runs/other"), "baseline")


def test_what_cannot_be_compared_says_why() -> None:
    offered = build_choices("title", HERE, (DAMAGED,))
    assert offered.of_row("1").problem == "amp was not measured: out of memory"
    assert offered.of_row("2").problem == DAMAGED.problem
    assert offered.sheet.rows[2].cells[1].tone is Tone.BAD


def test_while_other_runs_are_read_it_says_so() -> None:
    assert build_choices("title", HERE, None).sheet.notes == ("reading the other runs ...",)
    assert build_choices("title", HERE, ()).sheet.notes == ()
