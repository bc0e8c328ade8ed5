"""The whole printed answer, compared with what a person has read and found good.

``ANNT_PROF_UPDATE_SNAPSHOTS=1 pytest tests/snapshots`` writes them anew; read the difference.
"""

import io
import os
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from annt_prof.categories import Category
from annt_prof.remarks import Mathematics
from annt_prof.report.text.answer import render
from annt_prof.runs.record import Run
from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.views.run_view import build_run_view
from hand_made import breakdown, cpu_run, drifting, gpu_run, lost, run, variant

EXPECTED = Path(__file__).parent / "answers"


def lost_variants() -> Run:
    return run(
        variant("baseline", drifting(100, 6, noise=0.01, seed=1)),
        msgspec.structs.replace(
            lost("amp", "crashed", "RuntimeError: expected scalar type Float but found BFloat16"),
            log="logs/amp.log",
        ),
        lost("gradient_accumulation", "out_of_memory", None),
        lost("all", "out_of_memory", "the device has 8.0 GiB, 7.9 GiB of it in use"),
        stop="the 6 rounds that the scenario allows are done",
    )


def interrupted() -> Run:
    return run(
        variant("baseline", [100.0]),
        variant("amp", [80.0]),
        variant("pin_memory", []),
        complete=False,
        stop="interrupted",
    )


def lost_baseline() -> Run:
    return run(
        lost("baseline", "crashed", "killed by signal 9"),
        variant("amp", [80.0, 81.0, 79.0]),
        lost("all", "crashed", "killed by signal 9"),
    )


def hostile() -> Run:
    name = "[bold]\x1b[2J:smile:[/bold]\n" + "x" * 30
    traced = msgspec.structs.replace(
        breakdown(100.0, forward=0.9), not_measured={Category.SYNC: "[red]no\x07"}
    )
    return run(
        variant("baseline", [100.0, 100.0, 101.0], breakdown=traced),
        variant(name, [80.0, 81.0, 80.0], mathematics=(Mathematics(name, "[link=x]all"),)),
        lost("crash", "crashed", "[/]unbalanced \x1b]8;;http://example\x07markup"),
        scenario_name="[blink]\x1b[5mname",
        substitutions=(Substitution("[b]data", "\u202eatad", "[/b]", Replaced.DATA),),
    )


RUNS = {
    "cpu": cpu_run,
    "gpu": gpu_run,
    "lost_variants": lost_variants,
    "interrupted": interrupted,
    "lost_baseline": lost_baseline,
    "hostile": hostile,
}


def printed(record: Run, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    render(build_run_view(record), Path("runs") / record.run_id, console)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", RUNS)
def test_the_answer_reads_as_it_did(name: str, width: int) -> None:
    path = EXPECTED / f"{name}_{width}.txt"
    found = printed(RUNS[name](), width)
    if os.environ.get("ANNT_PROF_UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found)
    assert found == path.read_text()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", RUNS)
def test_no_line_is_wider_than_the_terminal_or_has_codes(name: str, width: int) -> None:
    lines = printed(RUNS[name](), width).splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if not line.isprintable()]
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_figure_is_cropped(width: int) -> None:
    def words(text: str) -> list[str]:
        return [w for w in text.split() if any(c.isdigit() for c in w)]

    at_ease = words(printed(gpu_run(), 300))
    squeezed = "".join(printed(gpu_run(), width).split())
    assert at_ease
    assert [w for w in at_ease if w not in squeezed] == []
