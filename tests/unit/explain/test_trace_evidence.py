"""What a trace of any program tells a prediction, with times that can be told by hand."""

import pytest

from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.errors import UserError
from annt_prof.explain.trace_evidence import evidence_of_trace
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def host_side(tmp_path):
    """A step of 1000 ns on a host: 430 forward, in which a product takes 290, and 520 backward."""
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 430)
    builder.phase(Phase.BACKWARD, 430, 950).operator("aten::mm", 10, 300)
    return read(builder.write(tmp_path / "trace.json"))


def test_a_hosts_step_is_told_by_category_and_operator(tmp_path):
    found = evidence_of_trace(host_side(tmp_path))
    assert (found.device_type, found.step_ns) == ("cpu", 1000)
    assert found.category_ns[Category.FORWARD] == 430
    assert found.category_ns[Category.BACKWARD] == 520
    assert found.kernel_ns[KernelClass.GEMM] == 290
    assert (found.host_bound_ns, found.matrix_ns) == ({}, {})
    assert (found.baseline, found.ceilings) == (None, None)


def test_whoever_knows_the_device_is_believed(tmp_path):
    trace = host_side(tmp_path)
    assert evidence_of_trace(trace, accelerator=False).step_ns == 1000
    with pytest.raises(UserError, match="not recorded: the run was on an accelerator"):
        evidence_of_trace(trace, accelerator=True)
