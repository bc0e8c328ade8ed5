"""A check in a log and in a document: first what failed, by how much, and what grew."""

import json

import msgspec
import pytest

from annt_prof.check.result import Part, Where
from annt_prof.report.json.check import check_document
from annt_prof.report.text.check import render_check
from annt_prof.views.check_view import build_check_view
from hand_made_checks import CHECKS, FAILED, HOSTILE, PASSED, check
from printed import printed


def lines(result, width=200):
    return printed(lambda console: render_check(build_check_view(result), console), width)


def document(result):
    return json.loads(check_document(build_check_view(result)))


def test_the_first_lines_of_a_log_say_what_failed_by_how_much_and_what_grew():
    first = lines(CHECKS["failure"])
    assert first[0] == ("FAIL: 2 of 5 budgets failed, 1 cannot be told, 1 skipped")
    assert first[1] == (
        "! step_time of full to reference: 1.102x (at least 1.071x), limit at most 1.050x: "
        "5.0 % over"
    )
    assert first[4].startswith("Where the time went variant full against worktree 1a2b3c4")
    assert first[7] == "host_bound category 3.00 6.20 +3.20 80 % +2.90 to +3.50"


def test_a_name_is_no_markup():
    hostile = msgspec.structs.replace(PASSED, variant="[red]x[/red]\x1b[31m")
    assert any("[red]x[/red]\\x1b[31m" in line for line in lines(check(hostile)))


def test_why_nothing_is_known_stands_in_the_place_of_what_grew():
    unknown = msgspec.structs.replace(FAILED, where=Where(why_not="nothing was traced"))
    assert "what grew is not known: nothing was traced" in lines(check(unknown))


def test_of_a_limit_that_stands_alone_where_the_step_goes_is_told():
    where = Where(why_not="nothing to tell growth from", parts=(Part("forward", 30_000_000),))
    told = lines(check(msgspec.structs.replace(FAILED, where=where, against=None)))
    place = told.index("Where the step goes variant full")
    assert told[place + 1] == "forward 100.0 % of a traced step of 30.00 ms"
    (failed,) = document(check(msgspec.structs.replace(FAILED, where=where)))["budgets"]
    assert failed["where"]["parts"] == [{"name": "forward", "ns": 30_000_000}]


AGAIN = "again annt-prof check ci.yaml --reference-worktree 1a2b3c4"


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_what_it_could_see_and_how_to_do_it_again(name):
    told = lines(CHECKS[name])
    assert told.count(AGAIN) == 1
    assert told.count("run runs/20261120-101500-cifar") == 1
    assert sum(line.startswith("would fail") for line in told) == 1


def test_the_command_stands_below_what_grew_and_above_every_budget():
    told = lines(CHECKS["failure"])
    budgets = next(n for n, line in enumerate(told) if line.startswith("pass step_time: {max:"))
    assert told.index("New mistakes") < told.index(AGAIN) < budgets


def test_a_long_command_is_not_broken():
    long = "annt-prof check " + "a" * 200
    assert f"again {long}" in lines(check(PASSED, reproduce=long), 80)


def test_a_document_has_raw_figures_and_every_part_that_grew():
    told = document(CHECKS["failure"])
    assert told["outcome"] == "fail"
    failed = told["budgets"][1]
    assert failed["unit"] == "ratio"
    assert (failed["limit"], failed["estimate"]["low"]) == (1.05, 1.071)
    assert (failed["to"], failed["against"]) == ("reference", "worktree 1a2b3c4")
    assert failed["where"]["grown"][3] == {
        "kind": "kernel", "name": HOSTILE, "before_ns": 0, "after_ns": 400_000, "by_ns": 400_000,
        "interval_ns": None,
    }  # fmt: skip
    assert failed["where"]["grown"][0]["interval_ns"] == [2_900_000, 3_500_000]
    assert told["budgets"][4]["reason"] == "no_baseline"
    assert told["budgets"][4]["estimate"] is None


def test_keys_of_a_document_stay():
    assert list(document(CHECKS["pass"])) == [
        "schema_version", "outcome", "verdict", "scenario", "run_id", "directory", "budgets_file",
        "device", "reference", "level", "looks", "launches", "smallest_seen", "budgets",
        "conditions", "remarks", "reproduce",
    ]  # fmt: skip
    assert list(document(CHECKS["pass"])["budgets"][0]) == [
        "metric", "kind", "written", "place", "pitfalls", "variant", "to", "against", "outcome",
        "is_win", "reason", "detail", "sentence", "unit", "limit", "limit_in_effect", "noise",
        "estimate", "where",
    ]  # fmt: skip
