"""Text from anywhere stays text in Markdown: in a table, in code, beside people and issues."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annt_prof.report.pipeline.escaping import code, escaped
from annt_prof.text import printable
from hand_made_checks import HOSTILE

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"table", "thead", "tbody", "tr", "th", "td", "code", "p", "ul", "li"}


class Seen(HTMLParser):
    """The elements of a page, its cells, and its runs of text, which comments break up."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.runs, self.cells, self.in_code = set(), [], [], False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's signature
        self.tags.add(tag)
        self.in_code |= tag == "code"
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag):
        self.in_code &= tag != "code"

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] += data
        if not self.in_code:
            self.runs.append(data)


def in_a_table(cell):
    return Seen(PARSER.render(f"| a | b |\n|--|--|\n| {cell} | end |\n"))


HOSTILE_TEXTS = (
    HOSTILE, "a|b", "\\|", "`", "``a`", "&amp;", "&#64;x", "<b>", "</code>", "<!--", "-->", "]]>",
    "[x](http://y)", "![x](y)", "~~x~~", "__half", "*a*", "@me", "x@y.zz", "#1", "GH-1", ":tada:",
    "http://x.yz", "www.x.yz", "$x$", "1. a", "- a", "+ a", "> a", "===", "| a |\n|--|", "\x1b[31m",
)  # fmt: skip


@given(st.text(max_size=40))
@pytest.mark.parametrize("write", [escaped, code])
def test_a_cell_reads_as_the_text_and_ends_nothing(write, text):
    seen = in_a_table(write(text))
    assert seen.tags <= HARMLESS
    assert len(seen.cells) == 2
    # An HTML page has a blank for several, and none at a cell's ends.
    assert seen.cells[0].split() == printable(text).split()
    assert seen.cells[1].strip() == "end"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@pytest.mark.parametrize("write", [escaped, code])
def test_hostile_names_are_harmless_in_cells_and_lists(write, text):
    assert in_a_table(write(text)).cells[0].split() == printable(text).split()
    in_a_list = Seen(PARSER.render(f"- {write(text)}\n- next"))
    assert in_a_list.tags <= HARMLESS
    assert "".join(PARSER.render(f"- {write(text)}\n- next")).count("<li>") == 2


@pytest.mark.parametrize(
    "text", ["@me", "a @team/all b", "#12", "see owner/name#3", "GH-12", ":tada:", "a@b.cc"]
)
def test_nobody_is_notified_and_nothing_linked(text):
    """GitHub looks for these in runs of the rendered text, outside code."""
    for run in Seen(PARSER.render(f"x {escaped(text)}")).runs:
        assert not re.search(r"@\w|#\d|GH-\d|:[\w+-]+:", run)
    assert not Seen(PARSER.render(code(text))).runs[0].strip()


@given(st.text(alphabet="htps:/w.@#aGH-1 ", max_size=20))
@example("http://a")
@example("www.a")
@example("HTTPS://a")
def test_no_address_stands_in_what_markdown_reads(text):
    for write in (escaped, code):
        assert not re.search(r"(?i)https?://|www\.|@\w", write(text))


def test_what_means_nothing_stays_readable():
    assert escaped("step_time of full: 5.0 % (1.05) -> a") == "step_time of full: 5.0 % (1.05) -> a"
    assert code("{max: 42 ms}") == "<code>{max: 42 ms}</code>"
