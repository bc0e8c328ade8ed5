"""A check as GitHub-flavoured Markdown: a pull request's comment, a job's summary.

What failed and what grew stand open at the top, how it was checked is folded away. Every line
stands for itself, and none but those of ``<details>`` opens what another closes, so that it can be
cut between any two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.check.result import Outcome
from annt_prof.report.pipeline.escaping import code, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from annt_prof.views.check_view import Cause, CheckView

MARK = "<!-- annt-prof check -->"
"""The first line, by which a workflow finds its comment again."""

COMMENT_CHARACTERS = 65_536
"""Of a comment, at most. Source: GitHub's answer to a longer one, "Body is too long"."""

_SIGNS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.INCONCLUSIVE: "⚠️",
    Outcome.SKIPPED: "⏭️",
}
_OPEN = "<details>"
_CLOSE = "</details>"
_CUT = "*Cut here, as GitHub takes no more: the log and `--json` have the rest.*"


def comment(view: CheckView) -> str:
    """Return the text of a comment, cut to what GitHub takes."""
    return cut(document(view), COMMENT_CHARACTERS)


def document(view: CheckView) -> str:
    """Return the whole of it, with a final line break."""
    return "\n".join(_lines(view)) + "\n"


def cut(text: str, most: int) -> str:
    """Return text in at most so many bytes of UTF-8: whole lines, and a sentence that says so.

    Args:
        text: Of ``document``.
        most: Bytes; characters are no more than these. Where not even the sentence fits, nothing
            is returned.
    """
    if len(text.encode()) <= most:
        return text
    end = f"\n{_CLOSE}\n\n{_CUT}\n"
    room = most - len(end.encode())
    if room < 0:
        return ""
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    is_open = sum(line.startswith(_OPEN) - line.startswith(_CLOSE) for line in kept)
    return "".join(kept) + (end if is_open else f"\n{_CUT}\n")


def _lines(view: CheckView) -> Iterator[str]:
    yield MARK
    yield (
        f"### {_SIGNS[view.outcome]} {escaped(view.scenario_name)}: {view.word}, "
        f"{escaped(view.verdict)}"
    )
    if view.failures:
        yield ""
        for row in view.failures:
            yield f"- **{escaped(row.label)}**: {escaped(row.sentence)}"
    for cause in view.causes:
        yield ""
        yield from _cause(cause)
    if view.failures:
        yield ""
        yield f"Again: {code(view.reproduce)}"
    if view.rows:
        yield ""
        yield from _table(
            ("", "budget", "measured", "limit", "margin", "variant"), "lllrrl",
            (
                (
                    f"{_SIGNS[row.outcome]} {row.word}", code(row.written), escaped(row.measured),
                    escaped(row.limit), escaped(row.margin), escaped(row.variant),
                )
                for row in view.rows
            ),
        )  # fmt: skip
    if view.notices:
        yield ""
        for notice in view.notices:
            yield f"- **{escaped(notice.label)}**: {escaped(notice.text)}"
    if view.conditions:
        yield ""
        yield "**Not as the scenario asks**"
        yield ""
        yield from _list(view.conditions)
    yield ""
    yield f"This run would have failed: {escaped(view.smallest_seen)}."
    yield ""
    yield from _details(view)


def _cause(cause: Cause) -> Iterator[str]:
    growth = cause.growth
    yield f"**{growth.title}**: {escaped(', '.join(cause.about))}"
    yield ""
    if growth.parts is not None:
        yield f"{escaped(growth.parts)}."
        yield ""
    if growth.why_not is not None:
        yield f"What grew is not known: {escaped(growth.why_not)}."
    if growth.rows:
        yield from _table(
            ("what grew", "kind", "before ms", "after ms", "by ms", "of the growth", "95 % ms"),
            "llrrrrr",
            (
                (
                    code(row.name), row.kind.value, row.before, row.after, row.by,
                    escaped(row.share), row.interval,
                )
                for row in growth.rows
            ),
        )  # fmt: skip
        yield ""
        yield f"<sub>{escaped(growth.note)}</sub>"
    if growth.new_pitfalls:
        yield ""
        yield "**New mistakes**"
        yield ""
        yield from _list(growth.new_pitfalls)


def _details(view: CheckView) -> Iterator[str]:
    yield _OPEN
    yield "<summary>How it was checked</summary>"
    yield ""
    for label, text in view.facts:
        yield f"- {label}: {escaped(text)}"
    yield f"- run: {code(view.directory)}"
    if not view.failures:
        yield f"- again: {code(view.reproduce)}"
    if view.remarks:
        yield ""
        yield "To know before reading on:"
        yield ""
        yield from _list(view.remarks)
    yield ""
    yield _CLOSE


def _list(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield f"- {escaped(text)}"


def _table(titles: Iterable[str], sides: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield a table whose columns are flush ``l`` or ``r``; cells are escaped already."""
    yield f"| {' | '.join(titles)} |"
    yield f"|{'|'.join({'l': ':--', 'r': '--:'}[side] for side in sides)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
