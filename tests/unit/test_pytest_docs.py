"""What the documentation of the pytest plug-in shows is what there is."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

from annt_prof import pytest_plugin
from annt_prof.cli.check import command
from annt_prof.scenario.budget_file import load_budgets

TEXT = (Path(__file__).parents[2] / "docs" / "pytest.md").read_text()


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    return found


def test_the_examples_arguments_are_options_or_limits_that_can_be_read(tmp_path):
    calls = [n for n in ast.walk(ast.parse(block("python"))) if isinstance(n, ast.Call)]
    given = [{k.arg: ast.literal_eval(k.value) for k in c.keywords} for c in calls]
    limits = [
        {n: v for n, v in each.items() if n not in pytest_plugin.OPTIONS} for each in given
    ]  # fmt: skip
    assert [bool(each) for each in limits].count(True) == 1
    written = pytest_plugin._written(next(filter(None, limits)), tmp_path, "runs")
    read = load_budgets(tmp_path / written)
    assert [b.metric for b in read.limits] == ["step_time", "data_loading", "no_pitfalls"]
    assert read.on.device == "NVIDIA H100 80GB HBM3"


def test_every_option_is_named_and_there():
    listed = next(line for line in TEXT.split("\n- ") if line.startswith("`baseline`"))
    named = set(re.findall(r"`(\w+)`", listed)) | {"budgets"}
    assert named == set(pytest_plugin.OPTIONS)
    options = {name for p in command.params for name in p.opts}
    assert set(re.findall(r"`(--[\w-]+)`", TEXT)) <= options


def test_every_setting_is_named_with_its_default():
    defaults = {}

    class Parser:
        def addini(self, name, _help, default):
            defaults[name] = default

    pytest_plugin.pytest_addoption(Parser())
    assert tomllib.loads(block("toml")) == defaults


def test_the_table_has_every_status():
    """The command's own help lists them, each with a number first."""
    told = set(re.findall(r"\b(\d+) [a-z]", inspect.getdoc(command.callback)))
    cells = re.findall(r"^\| (\d[^|]*) \|", TEXT, re.MULTILINE)
    assert {number for cell in cells for number in re.findall(r"\d+", cell)} == told
