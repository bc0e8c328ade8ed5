"""Feed mutated trace files to the analysis, guided by coverage. Not part of the test suite.

    pip install atheris
    python tests/fuzz/analyze_bytes.py -max_total_time=600 CORPUS_FOLDER

CORPUS_FOLDER holds small traces to start from; new ones that reach new code are added to it. Any
exception but a ``UserError`` ends the run and is left in a file ``crash-*``.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["annt_prof"]):
    from annt_prof.analysis.analysis import analyze
    from annt_prof.errors import UserError
    from annt_prof.report.json.analysis import document
    from annt_prof.trace.reading import read
    from annt_prof.views.analysis_view import build_analysis_view

MOST_BYTES = 2**24

FILE = Path(tempfile.mkdtemp()) / "trace.json"


def analyze_bytes(data: bytes) -> None:
    """Analyse a file with this content; the steps must add up."""
    FILE.write_bytes(data)
    try:
        analysis = analyze(read(FILE, MOST_BYTES))
    except UserError:
        return
    document(build_analysis_view(analysis))
    if analysis.breakdown is not None:
        for step in analysis.breakdown.steps:
            assert sum(step.by_category_ns.values()) == step.wall_ns
    if analysis.critical_path is not None:
        for step in analysis.critical_path.steps:
            assert sum(step.on_path_ns.values()) == step.wall_ns


if __name__ == "__main__":
    atheris.Setup(sys.argv, analyze_bytes)
    atheris.Fuzz()
