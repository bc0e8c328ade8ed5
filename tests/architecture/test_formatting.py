"""Numbers are formatted in one place: elsewhere no f-string says how a number is written."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import annt_prof

PACKAGE = Path(annt_prof.__file__).parent
EXEMPT = {PACKAGE / "units.py", PACKAGE / "testing.py"}  # the latter writes traces as Kineto does
OF_A_NUMBER = re.compile(r"[,_%]|\.\d*|[eEfFgG]$")


def formats(source: str) -> list[str]:
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FormattedValue)
        and node.format_spec is not None
        and OF_A_NUMBER.search(ast.unparse(node.format_spec).strip("f'\""))
    ]


def test_no_other_module_formats_numbers() -> None:
    found = {
        str(path.relative_to(PACKAGE)): formats(path.read_text())
        for path in PACKAGE.rglob("*.py")
        if path not in EXEMPT
    }
    assert {name: specs for name, specs in found.items() if specs} == {}


@pytest.mark.parametrize("spec", [".1f", ",", ".0%", "g", ".{places}f", ",.1f", ".2e"])
def test_formats_are_seen(spec: str) -> None:
    assert formats(f'f"{{x:{spec}}} ms"')


@pytest.mark.parametrize("spec", ["<8", ">{width}", "02x", "<{8 + width}"])
def test_padding_is_none(spec: str) -> None:
    assert not formats(f'f"{{x:{spec}}}"')
