"""A check as a comment and as a summary: what matters on top, cut where no more is taken."""

import msgspec
import pytest
from markdown_it import MarkdownIt

from annt_prof.check.result import Where
from annt_prof.report.pipeline.github import SUMMARY_BYTES, summary
from annt_prof.report.pipeline.markdown import COMMENT_CHARACTERS, MARK, comment, cut, document
from annt_prof.views.check_view import build_check_view
from hand_made_checks import CHECKS, FAILED, PASSED, check

PARSER = MarkdownIt("commonmark").enable("table")


def page(name):
    return document(build_check_view(CHECKS[name]))


@pytest.mark.parametrize("name", CHECKS)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(name):
    rows = PARSER.render(page(name)).split("<tr>")
    widths = [row.count("<td") + row.count("<th ") for row in rows[1:]]
    assert len(widths) > len(CHECKS[name].checked)
    assert set(widths) <= {6, 7}


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_read_as_html_but_what_is_ours(name):
    tokens = [
        each
        for token in PARSER.parse(page(name))
        for each in (token, *(token.children or ()))
        if each.type in ("html_inline", "html_block")
    ]
    ours = {
        MARK, "<details>\n<summary>How it was checked</summary>", "</details>", "<!-- -->",
        "<code>", "</code>", "<sub>", "</sub>",
    }  # fmt: skip
    assert {token.content.strip() for token in tokens} <= ours


def test_what_failed_and_what_grew_come_first():
    lines = page("failure").splitlines()
    assert lines[0] == MARK
    assert "FAIL, 2 of 5 budgets failed" in lines[1]
    assert lines[3].startswith("- **step_time of full to reference**: 1.102x (at least 1.071x)")
    whole = page("failure")
    order = [
        "host_bound",
        "aten::item",
        "New mistakes",
        "Again:",
        "<code>step_time: {max: 42 ms}",
        "<details>",
    ]
    places = [whole.index(text) for text in order]
    assert places == sorted(places)


def test_what_could_be_seen_is_not_folded_away():
    assert page("pass").index("would have failed") < page("pass").index("<details>")


def test_a_reason_why_nothing_is_known_is_told():
    unknown = msgspec.structs.replace(FAILED, where=Where(why_not="nothing was traced"))
    assert "What grew is not known: nothing was traced." in document(
        build_check_view(check(unknown))
    )


def test_what_fits_is_not_cut():
    text = page("failure")
    assert cut(text, len(text.encode())) == text
    assert comment(build_check_view(CHECKS["failure"])) == text


@pytest.mark.parametrize("most", range(400, 4_000, 37))
def test_a_cut_keeps_whole_lines_closes_what_is_open_and_says_so(most):
    text = page("failure")
    kept = cut(text, most)
    assert len(kept.encode()) <= most
    if len(text.encode()) > most:
        assert "Cut here" in kept.splitlines()[-1]
        assert kept.count("<details>") == kept.count("</details>")
        end = kept.index("\n</details>\n\n*Cut") if "</details>" in kept else kept.index("\n*Cut")
        assert text.startswith(kept[:end])
        assert text[end - 1] == "\n"


def test_where_there_is_no_room_nothing_is_said():
    assert cut(page("failure"), 50) == ""
    assert summary(build_check_view(CHECKS["failure"]), taken=SUMMARY_BYTES) == ""


def test_a_comment_and_a_summary_are_below_what_github_takes():
    long = msgspec.structs.replace(PASSED, variant="v" * 2_000)
    many = build_check_view(check(*[long] * 700))
    commented, summarised = comment(many), summary(many)
    assert len(commented) <= COMMENT_CHARACTERS
    assert "Cut here" in commented
    assert SUMMARY_BYTES * 0.99 < len(summarised.encode()) < SUMMARY_BYTES
    assert len(summary(many, taken=1_000_000).encode()) < SUMMARY_BYTES - 1_000_000


@pytest.mark.parametrize(("left", "whole"), [(1, True), (0, False)])
def test_a_summary_stays_below_one_mebibyte(left, whole):
    empty = len(document(build_check_view(check(PASSED, remarks=("",)))).encode())
    filled = build_check_view(check(PASSED, remarks=("r" * (SUMMARY_BYTES - left - empty),)))
    assert len(document(filled).encode()) == SUMMARY_BYTES - left
    assert ("Cut here" not in summary(filled)) is whole


def test_a_summary_is_the_whole_page_where_it_fits():
    assert summary(build_check_view(CHECKS["failure"])) == page("failure")
