"""What is shown of a script: a clean one only where everything could show, up to its end."""

import json

import msgspec
import pytest

from annt_prof.inspection.rules import Mistake
from annt_prof.inspection.seen import Seen
from annt_prof.mistakes import MistakeKey
from annt_prof.report.json.mistakes import mistakes_document
from annt_prof.report.text.mistakes import render_mistakes
from annt_prof.views.mistakes_view import Absence, build_mistakes_view
from printed import printed

MISTAKES = (
    Mistake(
        MistakeKey.ANOMALY_DETECTION_LEFT_ON,
        "anomaly detection",
        "in 7 of 9 iterations",
        "leave it off",
    ),
    Mistake(MistakeKey.TOO_FEW_LOADER_PROCESSES, "few workers", "31 % waits", "more of them"),
)
SEEN = Seen(iterations=12)


def build(seen=SEEN, status=0, mistakes=(), not_judged=()):
    return build_mistakes_view("train.py", seen, status, mistakes, not_judged)


def shown(*arguments, **changes):
    view = build(*arguments, **changes)
    return printed(lambda console: render_mistakes(view, console))


@pytest.mark.parametrize(
    ("seen", "status", "mistakes", "outcome"),
    [
        (SEEN, 0, (), "clean"),
        (SEEN, 0, MISTAKES, "mistakes"),
        (SEEN, 3, MISTAKES, "inconclusive"),
        (SEEN, 3, (), "inconclusive"),
        (Seen(), 0, (), "inconclusive"),
        (Seen(), 0, MISTAKES, "mistakes"),
    ],
)
def test_the_outcome(seen, status, mistakes, outcome):
    assert build(seen, status, mistakes).outcome == outcome


@pytest.mark.parametrize(
    ("changes", "absence", "told"),
    [
        ({}, Absence(True, True, True), "none of the known mistakes"),
        ({"status": 3}, Absence(True, False, True), "none of the known mistakes, up to there"),
        (
            {"not_judged": ("a",)},
            Absence(True, True, False),
            "none of the known mistakes that could show here",
        ),
        (
            {"not_judged": ("a",), "status": 3},
            Absence(True, False, False),
            "none of the known mistakes that could show here, up to there",
        ),
        (
            {"seen": Seen()},
            Absence(False, True, True),
            "no backward pass was seen, so no mistake could show",
        ),
    ],
)
def test_what_it_says_that_none_was_found(changes, absence, told):
    assert build(**changes).absence == absence
    assert told in shown(**changes)


def test_what_could_not_show_is_told_where_something_could():
    names = ("scaler", "copies")
    assert build(not_judged=names).shown_not_judged == names
    told = "not judged here, as they need an accelerator: scaler, copies"
    assert told in shown(not_judged=names)
    nothing = build(Seen(), not_judged=names)
    assert (nothing.not_judged, nothing.shown_not_judged) == (names, ())


def test_text_of_mistakes():
    lines = shown(mistakes=MISTAKES)
    assert lines[0] == "train.py 12 iterations watched"
    first, second = lines.index("anomaly detection"), lines.index("few workers")
    assert lines[first + 1 : first + 3] == ["seen in 7 of 9 iterations", "remedy leave it off"]
    assert lines[second + 1 : second + 3] == ["seen 31 % waits", "remedy more of them"]
    assert build(mistakes=MISTAKES).absence is None


def test_how_it_ended():
    stopped = msgspec.structs.replace(SEEN, stopped="KeyError: 'a', line 4")
    assert shown(status=7)[1] == "it ended with status 7, after 12 iterations"
    assert shown(stopped, 7)[1] == "it ended with KeyError: 'a', line 4, after 12 iterations"


def test_json():
    document = json.loads(mistakes_document(build(Seen(iterations=0), 7, MISTAKES, ("scaler",))))
    assert list(document) == [
        "schema_version", "script", "status", "mistakes", "not_judged", "seen",
    ]  # fmt: skip
    assert (document["script"], document["status"]) == ("train.py", 7)
    assert document["mistakes"][1] == {
        "key": "too_few_loader_processes",
        "name": "few workers",
        "evidence": "31 % waits",
        "remedy": "more of them",
    }
    assert document["not_judged"] == ["scaler"]
    assert document["seen"]["iterations"] == 0
