"""docs/budgets.md lists the metrics that there are, and what it shows is read."""

import re
import textwrap
from pathlib import Path

from annt_prof.scenario.budget_file import load_budgets
from annt_prof.scenario.budget_keys import ON, budget_keys
from annt_prof.scenario.budget_metrics import METRICS, Dimension
from annt_prof.scenario.quantities import UNITS

PAGE = (Path(__file__).parents[3] / "docs" / "budgets.md").read_text(encoding="utf-8")
OTHER_UNITS = {Dimension.SHARE: "%, or a number up to 1", Dimension.COUNT: "none"}


def row(metric):
    """Return the table's line on a metric."""
    units = ", ".join(UNITS.get(metric.dimension, ())) or OTHER_UNITS[metric.dimension]
    better = "less" if metric.lower_is_better else "more"
    return f"| `{metric.name}` | {units} | {metric.description} | {better} |"


def test_the_table_has_every_metric_and_no_other():
    table = PAGE.split("## Metrics")[1]
    assert re.findall(r"^\| `.*$", table, re.MULTILINE) == [row(m) for m in METRICS.values()]


def test_the_example_is_read(tmp_path):
    example = re.search(r"^    budgets:\n(?:    .*\n)+", PAGE, re.MULTILINE)
    path = tmp_path / "budgets.yaml"
    path.write_text(textwrap.dedent(example[0]))
    assert len(load_budgets(path).limits) == 8


def test_it_names_every_fact_of_a_machine():
    paragraph = next(part for part in PAGE.split("\n\n") if part.startswith("`on` names"))
    facts = paragraph.split("are of:")[1].split(", as far")[0]
    assert re.findall(r"`(\w+)`", facts) == list(budget_keys((ON,)))
