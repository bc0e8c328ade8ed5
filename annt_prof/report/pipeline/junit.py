"""A check as a JUnit report, which GitLab, Jenkins, Azure and most others read: a case a budget.

Source of the form: Apache Ant's, as windyroad/JUnit-Schema writes it down, which asks for more than
others do: a time of every case, a date without a zone, ``properties`` first and both streams last.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from junitparser import Attr, Element, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import SystemErr, SystemOut

from annt_prof.check.result import Outcome
from annt_prof.text import printable
from annt_prof.views.words import check as words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from junitparser.junitparser import FinalResult

    from annt_prof.views.check_view import BudgetRow, CheckView

InconclusiveAs = Literal["skipped", "error"]


class _Suite(TestSuite):
    """A suite within a document of several."""

    package = Attr()
    id = Attr()


def junit(
    view: CheckView,
    *,
    at: datetime,
    hostname: str = "localhost",
    inconclusive_as: InconclusiveAs = "skipped",
) -> bytes:
    """Return the report as UTF-8 XML.

    Args:
        view: Of the check.
        at: When it was checked; its zone is left out, as the form has none.
        hostname: Where.
        inconclusive_as: What a budget is that can be told neither way: most readers are green
            with what was skipped and red with an error.
    """
    name = _line(view.scenario_name) or "check"
    suite = _Suite(name)
    suite.package, suite.id = "annt-prof", "0"
    suite.hostname, suite.timestamp = hostname, at.strftime("%Y-%m-%dT%H:%M:%S")
    for label, text in (*view.facts, ("would fail", view.smallest_seen)):
        suite.add_property(label, _line(text))
    suite.add_testcases([_case(view, row, inconclusive_as) for row in view.rows])
    _put(suite, SystemOut(_text(_said(view))))
    _put(suite, SystemErr(""))
    root = JUnitXml()
    _put(root, suite)  # ``add_testsuite`` compares suites; sums at the root are not of the form
    out = io.BytesIO()
    root.write(out, pretty=True)
    return out.getvalue()


def _case(view: CheckView, row: BudgetRow, inconclusive_as: InconclusiveAs) -> TestCase:
    # A budget takes no time of its own: all of them are told from the same launches.
    classname = f"{_line(view.scenario_name)}.{_line(row.variant)}"
    case = TestCase(_line(row.label), classname, 0.0)
    result = _result(row, inconclusive_as)
    if result is not None:
        result.text = _text(_why(view, row))
        _put(case, result)
    return case


def _put(parent: Element, child: Element) -> None:
    parent.append(child)


def _result(row: BudgetRow, inconclusive_as: InconclusiveAs) -> FinalResult | None:
    if row.outcome is Outcome.FAIL:
        return Failure(_line(row.sentence), "budget")
    if row.outcome is Outcome.PASS:
        return None
    reason = _line(row.reason or row.sentence)
    if row.outcome is Outcome.INCONCLUSIVE and inconclusive_as == "error":
        return Error(reason, row.outcome.value)
    return Skipped(reason, row.outcome.value)


def _why(view: CheckView, row: BudgetRow) -> Iterator[str]:
    """Yield what somebody who opens a case needs, without the page that it came from."""
    place = row.checked.budget.place
    yield f"{row.written} ({place})" if place is not None else row.written
    yield row.sentence
    yield from row.notes
    cause = view.cause_of(row)
    if cause is not None:
        yield from words.cause(cause)
    yield f"again: {view.reproduce}"


def _said(view: CheckView) -> Iterator[str]:
    yield f"{view.word}: {view.verdict}"
    for notice in view.notices:
        yield f"{notice.label}: {notice.text}"
    yield from (f"not as the scenario asks: {condition}" for condition in view.conditions)
    yield from view.remarks


def _line(text: str) -> str:
    """Return text on one line, without the control characters that XML cannot hold."""
    return printable(text).strip()


def _text(lines: Iterable[str]) -> str:
    return "\n".join(map(_line, lines))
