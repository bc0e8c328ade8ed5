"""Several ranks: waiting told from transfer, stragglers, and what goes wrong with files."""

import pytest

from annt_prof.analysis.ranks.ranks import compare_ranks
from annt_prof.categories import Phase
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.remote import trace_files

ALL_REDUCE = "ncclDevKernel_AllReduce_Sum_f32_RING_LL"


def write_rank(folder, name, rank, arrivals, *, offset=0, done=(600, 1600)):
    """Two steps of 1000 ns; the collective begins as its rank arrives and ends everywhere at once.

    Each rank's clock has an offset of its own.
    """
    builder = TraceBuilder(world_size=2)
    for at, (arrival, end) in enumerate(zip(arrivals, done, strict=True)):
        start = offset + 1000 * at
        builder.step(start, start + 1000 + 10 * rank)
        builder.phase(Phase.BACKWARD, start, start + 1000)
        builder.kernel("gemm", start + 1, offset + arrival, launch_ns=start)
        builder.kernel(ALL_REDUCE, offset + arrival, offset + end, launch_ns=start + 2, stream=20)
    text = builder.json().replace('"rank": 0', f'"rank": {rank}')
    (folder / name).write_text(text)


def test_waiting_is_what_a_collective_takes_longer_than_on_the_last_rank(tmp_path):
    write_rank(tmp_path, "b.json", 0, (100, 1200), offset=5000)
    write_rank(tmp_path, "a.json", 1, (500, 1500), offset=90_000)
    found = compare_ranks(trace_files(tmp_path))
    first, second = found.ranks
    assert (first.rank, first.source, second.rank) == (0, "b.json", 1)
    assert first.transfer_ns == second.transfer_ns == 100 + 100
    assert first.waiting_ns == (500 - 100) + (400 - 100)
    assert second.waiting_ns == 0
    assert first.num_collectives == 2
    assert found.straggler == 1


def test_late_ranks_may_take_turns(tmp_path):
    write_rank(tmp_path, "rank0.json", 0, (100, 1500))
    write_rank(tmp_path, "rank1.json", 1, (500, 1100))
    found = compare_ranks(trace_files(tmp_path))
    assert [rank.waiting_ns for rank in found.ranks] == [400, 400]
    assert found.straggler is None


def test_skew_is_per_step(tmp_path):
    write_rank(tmp_path, "rank0.json", 0, (100, 1200))
    write_rank(tmp_path, "rank3.json", 3, (100, 1200))
    found = compare_ranks(trace_files(tmp_path))
    assert [(skew.step, skew.wall_ns, skew.skew_ns) for skew in found.skews] == [
        ("ProfilerStep#0", (1000, 1030), 30),
        ("ProfilerStep#1", (1000, 1030), 30),
    ]
    assert len(compare_ranks(trace_files(tmp_path), slice(1, 2)).skews) == 1


def test_collectives_that_do_not_match_are_not_split(tmp_path):
    write_rank(tmp_path, "rank0.json", 0, (100, 1200))
    write_rank(tmp_path, "rank1.json", 1, (100,), done=(600,))
    found = compare_ranks(trace_files(tmp_path))
    assert [rank.num_collectives for rank in found.ranks] == [0, 0]
    assert found.straggler is None
    assert "one file holds 1 and another 2" in found.remarks[0]


def one_step(folder, rank, kernels, *, seq=None, elements=None, step=0):
    """A step of 1000 ns; a kernel is (launched, begun, length); ``seq`` numbers the first one."""
    builder = TraceBuilder(world_size=2).step(0, 1000, number=step)
    for at, (launched, begun, length) in enumerate(kernels):
        builder.runtime("cudaLaunchKernel", launched, launched, correlation=at + 1)
        args = {"device": 0, "stream": 20, "correlation": at + 1}
        if seq is not None:
            args |= {"Collective name": "allreduce", "Process Group Name": "0", "Seq": seq + at}
        if elements is not None:
            args |= {"In msg nelems": elements[at], "Out msg nelems": elements[at]}
        builder.event("kernel", ALL_REDUCE, begun, begun + length, pid=0, tid=20, args=args)
    text = builder.json().replace('"rank": 0', f'"rank": {rank}')
    (folder / f"rank{rank}.json").write_text(text)


REGULAR = [(2, 10, 100), (292, 300, 100), (592, 600, 100)]
# The first one of these began before the step, and the last one is one more.
SHIFTED = [(-13, -5, 200), (302, 310, 90), (602, 610, 90), (942, 950, 40)]


def test_one_collective_more_could_shift_all_and_pairs_nothing(tmp_path):
    one_step(tmp_path, 0, REGULAR)
    one_step(tmp_path, 1, SHIFTED)
    found = compare_ranks(trace_files(tmp_path))
    assert [rank.num_collectives for rank in found.ranks] == [0, 0]
    assert found.straggler is None
    assert any("one file holds 3 and another 4" in remark for remark in found.remarks)


def test_numbers_pair_what_counting_would_shift(tmp_path):
    one_step(tmp_path, 0, REGULAR, seq=6)
    one_step(tmp_path, 1, [(-13, -5, 40), (2, 30, 80), (302, 310, 90), (602, 610, 90)], seq=5)
    first, second = compare_ranks(trace_files(tmp_path)).ranks
    assert first.num_collectives == 3
    assert (first.waiting_ns, second.waiting_ns) == (20 + 10 + 10, 0)


def test_a_collective_belongs_to_the_step_that_launched_it(tmp_path):
    """On the device one begins after the step on the rank that is late."""
    one_step(tmp_path, 0, [(2, 10, 100), (800, 900, 400)])
    one_step(tmp_path, 1, [(2, 50, 60), (900, 1100, 200)])
    first, second = compare_ranks(trace_files(tmp_path)).ranks
    assert first.num_collectives == 2
    assert (first.waiting_ns, second.waiting_ns) == (40 + 200, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"elements": [7, 7, 9]}, "carry different messages"), ({"step": 4}, "different steps")],
)
def test_what_speaks_against_a_pair_is_told(changes, reason, tmp_path):
    one_step(tmp_path, 0, REGULAR, elements=[7, 7, 7])
    one_step(tmp_path, 1, REGULAR, **({"elements": [7, 7, 7]} | changes))
    found = compare_ranks(trace_files(tmp_path))
    assert found.straggler is None
    assert reason in found.remarks[0]


@pytest.mark.parametrize(("longer", "straggler"), [(1, None), (9, None), (10, 1)])
def test_a_straggler_is_late_by_a_hundredth_of_the_step(longer, straggler, tmp_path):
    one_step(tmp_path, 0, [(2, 10, 100 + longer)])
    one_step(tmp_path, 1, [(2, 10 + longer, 100)])
    assert compare_ranks(trace_files(tmp_path)).straggler == straggler


def test_a_straggler_is_late_in_every_step(tmp_path):
    """Late once by much is an accident."""
    write_rank(tmp_path, "rank0.json", 0, (100, 1110))
    write_rank(tmp_path, "rank1.json", 1, (500, 1100))
    assert [rank.waiting_ns for rank in compare_ranks(trace_files(tmp_path)).ranks] == [400, 10]
    assert compare_ranks(trace_files(tmp_path)).straggler is None


@pytest.mark.parametrize(
    ("arrivals", "late"),
    [
        ((100, 100, 500, 500), (2, 3)),
        ((100, 100, 500, 495), (2, 3)),  # by less than a hundredth of the step: together
        ((100, 100, 500, 450), (2,)),
        ((100, 500, 500, 500), ()),  # then it is the one that is early
        ((100, 100, 100, 100), ()),
    ],
)
def test_ranks_may_be_late_together(arrivals, late, tmp_path):
    """Two on one slow host; of each other they know nothing."""
    for rank, arrival in enumerate(arrivals):
        write_rank(tmp_path, f"rank{rank}.json", rank, (arrival, 1000 + arrival))
    found = compare_ranks(trace_files(tmp_path))
    assert found.late == late
    assert found.straggler == (late[0] if len(late) == 1 else None)


def test_two_that_are_late_in_turn_are_late_together(tmp_path):
    for rank, arrivals in enumerate(((100, 1100), (100, 1100), (300, 1500), (500, 1300))):
        write_rank(tmp_path, f"rank{rank}.json", rank, arrivals)
    assert compare_ranks(trace_files(tmp_path)).late == (2, 3)


def test_the_rank_comes_from_the_header_then_the_name_then_the_order(tmp_path):
    builder = TraceBuilder().step(0, 100).kernel("gemm", 0, 10)
    for name in ("x_rank7.json", "a.json"):
        builder.write(tmp_path / name)
    assert [(r.rank, r.source) for r in compare_ranks(trace_files(tmp_path)).ranks] == [
        (0, "a.json"), (7, "x_rank7.json"),
    ]  # fmt: skip


def test_files_of_one_name_are_told_by_their_folders(tmp_path):
    for rank in (1, 0):
        folder = tmp_path / f"rank{rank}"
        folder.mkdir()
        TraceBuilder().step(0, 100).kernel("gemm", 0, 10).write(folder / "trace.json")
    found = compare_ranks(trace_files(tmp_path / "*" / "trace.json"))
    assert [(rank.rank, rank.source) for rank in found.ranks] == [
        (0, str(tmp_path / "rank0" / "trace.json")), (1, str(tmp_path / "rank1" / "trace.json")),
    ]  # fmt: skip


def test_two_files_of_one_rank_are_refused(tmp_path):
    write_rank(tmp_path, "a.json", 0, (100, 1200))
    write_rank(tmp_path, "b.json", 0, (100, 1200))
    with pytest.raises(UserError, match=r"a.json and b.json are both of rank 0"):
        compare_ranks(trace_files(tmp_path))


def test_a_directory_without_traces_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no .json"):
        compare_ranks(trace_files(tmp_path))


def test_what_is_no_trace_is_skipped_and_told(tmp_path):
    (tmp_path / "config.json").write_text('{"layers": 3}')
    with pytest.raises(UserError, match="no file here holds a trace"):
        compare_ranks(trace_files(tmp_path))
    for name in ("a.json", "x.json"):
        TraceBuilder().step(0, 100).kernel("gemm", 0, 10).write(tmp_path / name)
    found = compare_ranks(trace_files(tmp_path))
    assert [(rank.rank, rank.source) for rank in found.ranks] == [(0, "a.json"), (1, "x.json")]
    assert "config.json is skipped: not a PyTorch trace" in found.remarks[0]


def test_one_rank_is_told_to_be_alone(tmp_path):
    write_rank(tmp_path, "a.json", 0, (100, 1200))
    found = compare_ranks(trace_files(tmp_path))
    assert found.straggler is None
    assert "nothing to compare" in found.remarks[0]
