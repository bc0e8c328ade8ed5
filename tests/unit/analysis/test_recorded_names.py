"""Several hundred names of kernels, and what each of those kernels does."""

import csv
from pathlib import Path

import pytest

from annt_prof.analysis.classes.kernels import kernel_class
from annt_prof.analysis.classes.matrix_units import uses_tensor_cores
from annt_prof.analysis.classes.precision import kernel_precision
from annt_prof.categories import KernelClass, Precision

TABLE = Path(__file__).parents[2] / "fixtures" / "kernel_names.tsv"
"""Labelled by what the kernels do, looked up in their libraries; an empty cell is not held.

Columns: the name as it was printed, the class, the precision, whether matrix units are used, and
where the name was printed: a trace (``a100-...``, ``h100_...``), or the library whose kernel it is
and the reports that show it.
"""


def rows():
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = rows()


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"][:60]) for row in ROWS])
def test_class_precision_and_matrix_units(row):
    name = row["name"]
    kind = kernel_class(name)
    assert kind is KernelClass(row["class"])
    if row["precision"]:
        assert kernel_precision(name) is Precision(row["precision"])
    if row["tensor_cores"]:
        assert uses_tensor_cores(name, kind) is (row["tensor_cores"] == "yes")


def test_the_table_has_every_class_and_no_name_twice():
    assert len(ROWS) >= 400
    assert len({row["name"] for row in ROWS}) == len(ROWS)
    assert {row["class"] for row in ROWS} == set(KernelClass)
