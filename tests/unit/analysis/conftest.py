"""Real traces, which lie beside the repository where they are available at all."""

from pathlib import Path

import pytest

TRACES = Path(__file__).parents[4] / "shared" / "traces"


@pytest.fixture
def real_trace():
    """Return a function from a trace's name to its path."""

    def find(name):
        path = TRACES / f"{name}.json.gz"
        if not path.exists():
            pytest.skip(f"no {path.name} beside the repository")
        return path

    return find
