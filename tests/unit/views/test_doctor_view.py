"""What is shown of a diagnosis."""

import json

import pytest

from annt_prof.doctor import Check, Diagnosis
from annt_prof.report.json.doctor import doctor_document
from annt_prof.report.text.doctor import render_doctor
from annt_prof.views.doctor_view import build_doctor_view
from printed import printed

WELL = Check("python", "ok", "3.11.7")
WARNED = Check("data sets", "warning", "no CIFAR-10", "fetch it")
STOPPED = Check("torch", "problem", "cannot be imported", "pip install torch")


@pytest.mark.parametrize(
    ("checks", "can_run", "verdict"),
    [
        ((WELL, WARNED), True, "a run can start here"),
        ((WELL, STOPPED, WARNED), False, "a run cannot start here"),
    ],
)
def test_a_problem_stops_a_run(checks, can_run, verdict):
    view = build_doctor_view(Diagnosis(4, checks))
    assert (view.schema_version, view.checks, view.can_run) == (4, checks, can_run)
    assert printed(lambda console: render_doctor(view, console))[-1] == verdict


def test_text():
    view = build_doctor_view(Diagnosis(4, (WELL, WARNED)))
    assert printed(lambda console: render_doctor(view, console))[:3] == [
        "ok python 3.11.7",
        "warning data sets no CIFAR-10",
        "fetch it",
    ]


def test_json():
    view = build_doctor_view(Diagnosis(4, (WELL, STOPPED)))
    assert json.loads(doctor_document(view)) == {
        "can_run": False,
        "checks": [
            {"finding": "3.11.7", "name": "python", "remedy": None, "status": "ok"},
            {
                "finding": "cannot be imported",
                "name": "torch",
                "remedy": "pip install torch",
                "status": "problem",
            },
        ],
        "schema_version": 4,
    }
