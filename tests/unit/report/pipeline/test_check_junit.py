"""A check as a JUnit report: the form that Ant published, which is the strictest one in use."""

import re
import xml.etree.ElementTree as ET
from datetime import datetime

import msgspec
import pytest
from junitparser import JUnitXml

from annt_prof.check.result import Grown, GrownKind, Where
from annt_prof.report.pipeline.junit import junit
from annt_prof.views.check_view import build_check_view
from hand_made_checks import CHECKS, FAILED, HOSTILE, MS, UNTOLD, check

AT = datetime(2026, 11, 20, 10, 15)
SUITE = {
    "name": r".+", "package": r".+", "id": r"0", "hostname": r".+",
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "tests": r"\d+", "errors": r"\d+",
    "failures": r"\d+", "skipped": r"\d+", "time": r"\d+(\.\d+)?",
}  # fmt: skip
CASE = {"name": r".+", "classname": r".+", "time": r"\d+(\.\d+)?"}
RESULT = {"message": r".+", "type": r".+"}
PROPERTY = {"name": r".+", "value": r".+"}


def read(result, **options):
    """Parse a report and hold it to the form; return its one suite."""
    root = ET.fromstring(junit(build_check_view(result), at=AT, **options))
    assert (root.tag, root.attrib) == ("testsuites", {})
    (suite,) = root
    holds(suite, "testsuite", SUITE)
    tags = [child.tag for child in suite]
    cases = suite.findall("testcase")
    assert tags == ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
    for each in suite[0]:
        holds(each, "property", PROPERTY)
    for case in cases:
        holds(case, "testcase", CASE)
        assert len(case) <= 1
        for each in case:
            holds(each, each.tag, RESULT)
            assert each.tag in {"failure", "error", "skipped"}
    found = {tag: len(suite.findall(f"testcase/{tag}")) for tag in ("failure", "error", "skipped")}
    told = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert told == list(map(str, (len(cases), *found.values())))
    return suite


def holds(element, tag, attributes):
    assert element.tag == tag
    assert set(element.attrib) == set(attributes)
    for name, pattern in attributes.items():
        assert re.fullmatch(pattern, element.get(name)), (tag, name, element.get(name))


@pytest.mark.parametrize("inconclusive_as", ["skipped", "error"])
@pytest.mark.parametrize("name", CHECKS)
def test_every_outcome_has_the_published_form(name, inconclusive_as):
    suite = read(CHECKS[name], inconclusive_as=inconclusive_as)
    assert len(suite.findall("testcase")) == len(CHECKS[name].checked)


def test_a_check_without_budgets_has_the_form_too():
    assert read(check()).get("tests") == "0"


def test_each_budget_is_a_case_with_what_came_of_it():
    cases = read(CHECKS["failure"]).findall("testcase")
    assert [[child.tag for child in case] for case in cases] == [
        [], ["failure"], ["skipped"], ["failure"], ["skipped"],
    ]  # fmt: skip
    assert cases[1].get("name") == "step_time of full to reference"
    assert cases[1].get("classname") == "cifar | resnet @ci.full"
    assert cases[2][0].get("type") == "inconclusive"
    assert cases[4][0].get("type") == "skipped"


def test_what_cannot_be_told_may_be_an_error():
    (case,) = read(check(UNTOLD), inconclusive_as="error").findall("testcase")
    assert case[0].tag == "error"
    assert case[0].get("message").startswith("the limit lies between the bounds: more launches")


def test_a_failure_says_where_it_stands_what_grew_and_how_to_see_it_again():
    (case,) = read(check(FAILED)).findall("testcase")
    lines = case[0].text.splitlines()
    assert case[0].get("message") == "1.102x (at least 1.071x), limit at most 1.050x: 5.0 % over"
    assert lines[0] == "step_time: {max_ratio: 1.05, to: reference} (ci.yaml:12:30)"
    assert lines[3] == "category host_bound: 3.00 -> 6.20 ms (+3.20 ms, 80 % of the growth)"
    assert f"kernel {HOSTILE}: 0.00 -> 0.40 ms (+0.40 ms, 10 % of the growth)" in lines
    assert lines[-2] == "new mistake: a tensor was read in 9 of 10 iterations"
    assert lines[-1] == "again: annt-prof check ci.yaml --reference-worktree 1a2b3c4"


def test_what_xml_cannot_hold_is_written_out():
    name = "\x00\x1b[31m\ud800\ufffe\r\nend]]>"
    where = Where(grown=(Grown(GrownKind.KERNEL, name, 0, MS),))
    hostile = msgspec.structs.replace(FAILED, where=where, variant=name, detail=name)
    suite = read(check(hostile, scenario_name=name, conditions=(name,)))
    assert suite.get("name") == "\\x00\\x1b[31m\\ud800\\ufffe  end]]>"
    assert "kernel \\x00\\x1b[31m\\ud800\\ufffe  end]]>:" in suite.find("testcase/failure").text


def test_a_scenario_without_a_name_still_has_a_suite_of_one():
    assert read(check(scenario_name=" ")).get("name") == "check"


def test_the_host_and_the_moment_are_those_given():
    suite = read(check(FAILED), hostname="runner-7")
    assert (suite.get("hostname"), suite.get("timestamp")) == ("runner-7", "2026-11-20T10:15:00")


def test_other_programs_read_it():
    (suite,) = JUnitXml.fromstring(junit(build_check_view(CHECKS["failure"]), at=AT))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 2, 0, 2)
