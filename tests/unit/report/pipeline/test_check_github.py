"""Annotations, decoded as GitHub's rules say, and held to what was meant."""

import re
from pathlib import PurePosixPath

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annt_prof.check.result import Outcome, Part, Where
from annt_prof.report.pipeline.github import silenced, workflow_commands
from annt_prof.text import printable
from annt_prof.views.check_view import build_check_view
from hand_made_checks import (
    CHECKS,
    FAILED,
    MISTAKEN,
    MS,
    PASSED,
    STEP_TIME,
    UNTOLD,
    WON,
    check,
    estimate,
    held,
)

COMMAND = re.compile(r"::(?P<kind>\w+) (?P<properties>[^:]*)::(?P<message>.*)")


def decode(text, more):
    """Undo the escapes one after the other, that of the sign itself last."""
    for escape, character in (*more, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def decoded(result, **options):
    """Return the kind, the properties and the message of every command."""
    out = workflow_commands(build_check_view(result), **options)
    assert out == "" or out.endswith("\n")
    commands = []
    for line in out.splitlines():
        found = COMMAND.fullmatch(line)
        assert found, line
        assert not re.search("%(?!25|0A|0D|3A|2C)", line)
        pairs = (pair.split("=", 1) for pair in found["properties"].split(","))
        properties = {k: decode(v, [("%3A", ":"), ("%2C", ",")]) for k, v in pairs}
        commands.append((found["kind"], properties, decode(found["message"], [])))
    return commands


def test_a_failure_is_an_error_on_its_budgets_line():
    ((kind, properties, message),) = decoded(check(FAILED))
    assert kind == "error"
    assert properties == {"file": "ci.yaml", "line": "12", "col": "30", "title": "step_time: FAIL"}
    assert message.splitlines() == [
        "1.102x (at least 1.071x), limit at most 1.050x: 5.0 % over",
        "grew most: category host_bound 3.00 -> 6.20 ms (80 % of what grew), "
        "kernel aten::item 0.10 -> 2.90 ms",
        "new mistake: a tensor was read in 9 of 10 iterations",
        "again: annt-prof check ci.yaml --reference-worktree 1a2b3c4",
    ]


@pytest.mark.parametrize(
    ("folder", "file"),
    [("/repo", "ci.yaml"), ("/repo/sub", "sub/ci.yaml"), ("/elsewhere", "/elsewhere/ci.yaml")],
)
def test_a_file_of_the_repository_is_named_from_its_root(folder, file):
    options = {"folder": PurePosixPath(folder), "root": PurePosixPath("/repo")}
    ((_, properties, _),) = decoded(check(FAILED), **options)
    assert properties["file"] == file


def test_of_a_limit_that_stands_alone_the_step_is_told():
    where = Where(why_not="nothing to tell growth from", parts=(Part("forward", 30 * MS),))
    ((_, _, message),) = decoded(check(msgspec.structs.replace(FAILED, where=where)))
    assert "where the step goes: forward 100.0 %" in message


def test_failures_are_errors_then_come_warnings_then_wins():
    told = decoded(CHECKS["failure"])
    assert [kind for kind, _, _ in told] == ["error", "error", "warning", "warning"]
    assert [properties["line"] for _, properties, _ in told] == ["12", "17", "14", "15"]
    ((kind, properties, _),) = decoded(CHECKS["win"])
    assert (kind, properties["title"]) == ("notice", "throughput: better")


def test_what_was_skipped_says_why():
    (_, (_, _, message)) = decoded(CHECKS["skipped"])
    assert "measured on NVIDIA A100, driver 550.54" in message


def test_nothing_is_said_of_what_holds():
    assert workflow_commands(build_check_view(check(PASSED))) == ""


def test_no_more_than_ten_of_a_kind_the_worst_ones():
    failed = [
        held(
            msgspec.structs.replace(STEP_TIME, place=f"ci.yaml:{n}:3"),
            estimate((42 + n) * MS, (41.5 + n) * MS, (43 + n) * MS),
            outcome=Outcome.FAIL,
        )
        for n in range(1, 15)
    ]
    told = decoded(check(*failed, *[UNTOLD] * 11, *[WON] * 12))
    kinds = [kind for kind, _, _ in told]
    assert [kinds.count(kind) for kind in ("error", "warning", "notice")] == [10, 10, 10]
    assert [properties["line"] for _, properties, _ in told[:10]] == list(
        map(str, range(14, 4, -1))
    )


def test_a_budget_of_no_file_is_annotated_without_one():
    nowhere = msgspec.structs.replace(FAILED.budget, place=None)
    ((_, properties, _),) = decoded(check(msgspec.structs.replace(FAILED, budget=nowhere)))
    assert properties == {"title": "step_time: FAIL"}


@pytest.mark.parametrize(
    ("place", "expected"), [("a/ci.yaml:1:2", "/w/sub/a/ci.yaml"), ("/x/ci.yaml:1:2", "/x/ci.yaml")]
)
def test_a_file_is_told_from_the_folder_that_it_was_named_in(place, expected):
    budget = msgspec.structs.replace(FAILED.budget, place=place)
    result = check(msgspec.structs.replace(FAILED, budget=budget))
    ((_, properties, _),) = decoded(result, folder=PurePosixPath("/w/sub"))
    assert properties["file"] == expected


@example("100%0A %3A", "50%2C.yaml")
@given(st.text(max_size=30), st.text(alphabet="a%:,\r\n ;=0DA25", min_size=1, max_size=12))
def test_whatever_is_in_a_name_comes_out_of_it_again(detail, file):
    budget = msgspec.structs.replace(MISTAKEN.budget, place=f"{file}:3:4")
    result = check(msgspec.structs.replace(MISTAKEN, budget=budget, detail=f"x{detail}"))
    ((_, properties, message),) = decoded(result)
    assert properties["file"] == printable(file)
    assert message.startswith(printable(f"x{detail}"))


def test_what_stands_between_is_no_command():
    assert silenced("0123abc") == ("::stop-commands::0123abc\n", "::0123abc::\n")
