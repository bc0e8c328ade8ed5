import gzip
import json

import pytest

from annt_prof.categories import Phase
from annt_prof.testing import TraceBuilder, microseconds


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(0, "0.000"), (1712195495888791123, "1712195495888791.123"), (-1, "-0.001"), (7042, "7.042")],
)
def test_times_are_written_as_kineto_writes_them(nanoseconds, text):
    assert microseconds(nanoseconds) == text


def test_launches_and_activities_share_a_correlation(tmp_path):
    path = (
        TraceBuilder(world_size=2)
        .step(0, 90)
        .phase(Phase.FORWARD, 0, 50)
        .kernel("a", 10, 20, launch_ns=5)
        .copy("HtoD", 20, 30, launch_ns=6)
        .memset(30, 40)
        .write(tmp_path / "trace.json.gz")
    )
    document = json.loads(gzip.decompress(path.read_bytes()))
    assert document["distributedInfo"]["world_size"] == 2
    found = {event["name"]: event["args"].get("correlation") for event in document["traceEvents"]}
    assert found == {
        "ProfilerStep#0": None,
        "annt_prof::forward": None,
        "cudaLaunchKernel": 1,
        "a": 1,
        "cudaMemcpyAsync": 2,
        "Memcpy HtoD (Pinned -> Device)": 2,
        "Memset (Device)": None,
    }
