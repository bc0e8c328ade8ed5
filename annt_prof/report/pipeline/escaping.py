"""Text from anywhere in GitHub-flavoured Markdown, where it stays text.

A kernel's or a scenario's name must not end a table's cell, begin a link, an image or HTML, nor
notify the people or link the issues that it happens to spell. What is written as a numeric
character reference has no meaning to Markdown. GitHub looks for mentions, issues and emoji in the
rendered text, though, where references are characters again: there an empty comment breaks
the word up, or the text stands in code, into which it does not look.

Source: GitHub Flavored Markdown Spec 0.29, 2.5 (entity and numeric character references), 4.10
(tables) and 6.9 (autolinks); GitHub Docs, "Basic writing and formatting syntax".
"""

from __future__ import annotations

import re

from annt_prof.text import printable

_MEANS_SOMETHING = re.compile(
    r"""(?x)
    [\\`*\[\]<\#|~$&@]
    | (?<![A-Za-z0-9])_ | _(?![A-Za-z0-9])    # emphasis; within a word it is none
    | \A[-+=>](?=.) | (?<=\d)\.(?=\s|\Z)      # a list, an underline, a quotation
    """
)
_ADDRESS = r"(?<=@)(?=\w) | (?<=:)(?=//) | (?<=\b[wW]{3})(?=\.)"
_REFERENCE = r"(?<=\#)(?=\w) | (?<=\b[gG][hH])(?=-\d) | (?<=:)(?=[\w+-]+:)"
_LOOKED_FOR = re.compile(f"(?x) {_ADDRESS} | {_REFERENCE}")
_LOOKED_FOR_IN_CODE = re.compile(f"(?x) {_ADDRESS}")
_BREAK = "<!-- -->"


def escaped(text: str) -> str:
    """Return text for a line, a list or a table's cell."""
    return _BREAK.join(map(_referred, _LOOKED_FOR.split(printable(text).strip())))


def code(text: str) -> str:
    """Return text as code for a line, a list, a table's cell, or a line of HTML."""
    parts = _LOOKED_FOR_IN_CODE.split(printable(text).strip())
    return f"<code>{_BREAK.join(map(_referred, parts))}</code>"


def _referred(text: str) -> str:
    return _MEANS_SOMETHING.sub(lambda found: f"&#{ord(found[0])};", text)
