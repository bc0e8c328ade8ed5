"""What SendRecv kernels carry: collectives of a group, or messages between two ranks.

Each kernel begins as its rank arrives; a step is 1000 ns long. All are launched in order.
"""

import pytest

from annt_prof.analysis.ranks.ranks import compare_ranks
from annt_prof.analysis.ranks.waiting import Partners
from annt_prof.testing import TraceBuilder
from annt_prof.trace.remote import trace_files

SEND_RECV = "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)"
GENERIC = "ncclDevKernel_Generic(ncclDevKernelArgsStorage<4096ul>)"


def write(folder, rank, kernels, *, steps=2, world_size=2):
    """Write a rank; a kernel is (launched, length, what it tells) or has its name as well."""
    builder = TraceBuilder(world_size=world_size)
    for number in range(steps):
        builder.step(1000 * number, 1000 * (number + 1))
    for at, (launched, length, told, *named) in enumerate(kernels):
        builder.runtime("cudaLaunchKernelExC", launched, launched + 1, correlation=at + 1)
        args = {"device": 0, "stream": 20, "correlation": at + 1, **told}
        begun = launched + 5
        name = named[0] if named else SEND_RECV
        builder.event("kernel", name, begun, begun + length, pid=0, tid=20, args=args)
    text = builder.json().replace('"rank": 0', f'"rank": {rank}')
    (folder / f"rank{rank}.json").write_text(text)


def compared(folder):
    return compare_ranks(trace_files(folder))


def carried(collective, seq=None, ranks=None, elements=1000, **more):
    told = {"Collective name": collective, "Process Group Name": "0", "dtype": "Float"}
    told |= {"In msg nelems": elements, "Out msg nelems": elements, **more}
    if seq is not None:
        told["Seq"] = seq
    if ranks is not None:
        told["Process Group Ranks"] = ranks
    return told


def sent_to(rank, **more):
    return carried("send", **{"Dst Rank": rank}, **more)


def received_from(rank, **more):
    return carried("recv", **{"Src Rank": rank}, **more)


@pytest.mark.parametrize("name", [SEND_RECV, GENERIC, "ncclKernel_SendRecv_RING_SIMPLE_Sum_int8_t"])
@pytest.mark.parametrize("collective", ["all_to_allv", "all_to_all", "gather", "scatter"])
def test_a_collective_carried_by_send_and_recv_is_paired(name, collective, tmp_path):
    for rank, length in ((0, 500), (1, 100)):
        kernels = [
            (1000 * step + 30, length, carried(collective, seq=7 + step), name) for step in (0, 1)
        ]
        write(tmp_path, rank, kernels)
    found = compared(tmp_path)
    assert [rank.num_collectives for rank in found.ranks] == [2, 2]
    assert [rank.transfer_ns for rank in found.ranks] == [200, 200]
    assert [rank.waiting_ns for rank in found.ranks] == [800, 0]
    assert found.straggler == 1
    assert found.remarks == ()


def test_without_numbers_they_are_counted(tmp_path):
    """torch wrote no Seq before 2026."""
    for rank, length in ((0, 500), (1, 100)):
        write(tmp_path, rank, [(30, length, carried("all_to_allv")) for _ in range(3)])
    assert [rank.waiting_ns for rank in compared(tmp_path).ranks] == [1200, 0]


def test_ranks_may_send_different_amounts_in_an_all_to_all(tmp_path):
    """Experts are not equally liked; an all-reduce of different sizes is none."""
    for collective, num_paired in (("all_to_allv", 1), ("allreduce", 0)):
        for rank in (0, 1):
            told = carried(collective, seq=1, elements=1000 + rank)
            write(tmp_path, rank, [(30, 100, told, GENERIC)])
        found = compared(tmp_path)
        assert [rank.num_collectives for rank in found.ranks] == [num_paired] * 2
    assert "they carry different messages" in found.unpaired[0]


def test_a_collective_of_another_sort_by_the_same_kernel_shifts_nothing(tmp_path):
    """What is counted is each collective, not the kernel that carries them all."""
    write(tmp_path, 0, [(30, 100, carried("gather")), (60, 300, carried("all_to_all"))])
    write(tmp_path, 1, [(30, 90, carried("all_to_all"))])
    found = compared(tmp_path)
    assert [rank.waiting_ns for rank in found.ranks] == [210, 0]
    assert found.unpaired == (
        f"{SEND_RECV} (gather) could not be paired over the ranks, as one file holds 0 and "
        "another 1, and they bear no numbers",
    )


def test_each_group_of_some_ranks_is_paired_by_itself(tmp_path):
    """Expert parallelism over 0, 1 and over 2, 3; in the second one nobody is late."""
    for rank, length in ((0, 300), (1, 100), (2, 200), (3, 200)):
        ranks = "[0, 1]" if rank < 2 else "[2, 3]"
        told = [carried("all_to_allv", seq=5 + step, ranks=ranks) for step in (0, 1)]
        write(tmp_path, rank, [(30, length, told[0]), (1030, length, told[1])], world_size=4)
    found = compared(tmp_path)
    assert [rank.waiting_ns for rank in found.ranks] == [400, 0, 0, 0]
    assert [rank.transfer_ns for rank in found.ranks] == [200, 200, 400, 400]
    assert found.partners == (
        Partners((0, 1), False, 2, 200, (400, 0), (1,)),
        Partners((2, 3), False, 2, 400, (0, 0), ()),
    )
    assert found.straggler is None
    assert found.remarks == ()


CUT = {"Process Group Ranks": "[0, 1, ...]"}


def test_groups_whose_list_of_ranks_is_cut_are_told_by_name(tmp_path):
    """torch writes 30 ranks of a group at most; by one kernel the halves and the whole reduce."""
    for rank, length in ((0, 300), (1, 100), (2, 200), (3, 200)):
        half = {"Process Group Name": str(1 + rank // 2)} | CUT
        kernels = [
            (30, length, carried("allreduce", seq=5, **half), GENERIC),
            (600, 50, carried("allreduce", seq=5, **CUT), GENERIC),
        ]
        write(tmp_path, rank, kernels, world_size=4)
    found = compared(tmp_path)
    assert found.partners == (
        Partners((0, 1, 2, 3), False, 1, 50, (0, 0, 0, 0), ()),
        Partners((0, 1), False, 1, 100, (200, 0), (1,)),
        Partners((2, 3), False, 1, 200, (0, 0), ()),
    )
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("names", "elements"),
    [
        (("1", "2", "2", "2"), (8, 8, 8, 8)),  # of the first group one rank has a file
        ((None, None, "2", "2"), (8, 8, 8, 8)),  # it may be one group, or two
        (("1", "1", "2", "2"), (8, 8, 8, 9)),
    ],
)
def test_names_of_groups_that_contradict_pair_nothing(names, elements, tmp_path):
    for rank in range(4):
        told = carried("allreduce", seq=5, elements=elements[rank], **CUT)
        told["Process Group Name"] = names[rank]
        write(tmp_path, rank, [(30, 100, told, GENERIC)])
    found = compared(tmp_path)
    assert found.partners == ()
    assert "could not be paired over the ranks" in found.unpaired[0]


def test_a_rank_that_lacks_what_all_others_have_speaks_against_the_pairs(tmp_path):
    for rank in (0, 1, 2):
        kernels = [(30, 100, carried("allreduce", seq=5), GENERIC)]
        write(tmp_path, rank, [(30, 100, {}, "gemm")] if rank == 2 else kernels)
    found = compared(tmp_path)
    assert found.partners == ()
    assert "not every rank has all of them" in found.unpaired[0]


def test_a_group_whose_other_ranks_have_no_file_is_told(tmp_path):
    for rank, peer in ((0, 2), (1, 3)):
        told = carried("all_to_allv", seq=1, ranks=f"[{rank}, {peer}]")
        write(tmp_path, rank, [(30, 100, told)], world_size=4)
    found = compared(tmp_path)
    assert found.partners == ()
    assert found.unpaired == (
        f"{SEND_RECV} (all_to_allv) of ranks 0, 2 (and 1 more) could not be paired over the "
        "ranks, as no other rank of its group has a file here",
    )
    assert any("2 of the run's 4 ranks are here" in remark for remark in found.remarks)


@pytest.mark.parametrize("written", ["[0, 1, ..., 63]", "[]", "[0, x]", 7, [0, 1]])
def test_ranks_of_a_group_are_read_or_unknown(written, tmp_path):
    """torch cuts long lists; what is unknown is taken to be all ranks."""
    for rank, length in ((0, 300), (1, 100)):
        write(tmp_path, rank, [(30, length, carried("all_to_allv", seq=1, ranks=written))])
    assert [rank.waiting_ns for rank in compared(tmp_path).ranks] == [200, 0]


def test_a_late_sender_is_waited_for(tmp_path):
    write(tmp_path, 0, [(1000 * step + 500, 100, sent_to(1)) for step in (0, 1)])
    write(tmp_path, 1, [(1000 * step + 100, 500, received_from(0)) for step in (0, 1)])
    found = compared(tmp_path)
    assert found.partners == (Partners((0, 1), True, 2, 200, (0, 800), (0,)),)
    assert [rank.num_collectives for rank in found.ranks] == [0, 0]
    assert found.straggler is None
    assert found.remarks == ()


def test_a_late_receiver_is_waited_for(tmp_path):
    """A send runs until somebody takes what it sends, or all of it fits into the buffers."""
    write(tmp_path, 0, [(1000 * step + 100, 500, sent_to(1)) for step in (0, 1)])
    write(tmp_path, 1, [(1000 * step + 500, 100, received_from(0)) for step in (0, 1)])
    assert compared(tmp_path).partners == (Partners((0, 1), True, 2, 200, (800, 0), (1,)),)


def test_both_ways_between_two_ranks_count_together(tmp_path):
    """Activations go forward and gradients back; each end waits once."""
    write(tmp_path, 0, [(100, 40, sent_to(1)), (400, 90, received_from(1))])
    write(tmp_path, 1, [(50, 100, received_from(0)), (450, 40, sent_to(0))])
    assert compared(tmp_path).partners == (Partners((0, 1), True, 2, 80, (50, 60), (0,)),)


def test_stages_of_a_pipeline_are_paired_with_their_neighbours(tmp_path):
    """Each rank numbers its messages for itself, so the middle one's numbers are no peer's."""
    ranks = "[0, 1, 2]"
    write(tmp_path, 0, [(100 * k, 20, sent_to(1, seq=k + 1, ranks=ranks)) for k in range(4)])
    middle = []
    for k in range(4):
        middle.append((100 * k, 30, received_from(0, seq=2 * k + 1, ranks=ranks)))
        middle.append((100 * k + 50, 20, sent_to(2, seq=2 * k + 2, ranks=ranks)))
    write(tmp_path, 1, middle)
    write(tmp_path, 2, [(100 * k, 70, received_from(1, seq=k + 1, ranks=ranks)) for k in range(4)])
    assert compared(tmp_path).partners == (
        Partners((0, 1), True, 4, 80, (0, 40), (0,)),
        Partners((1, 2), True, 4, 80, (0, 200), (1,)),
    )


def test_numbers_pair_messages_in_a_group_of_two(tmp_path):
    """The receiver's file begins one message later, and the peer is the other one of the group."""
    ranks = "[0, 1]"
    sends = [carried("send", seq=seq, ranks=ranks) for seq in (1, 2, 3)]
    receives = [carried("recv", seq=seq, ranks=ranks) for seq in (2, 3)]
    write(tmp_path, 0, [(-100, 20, sends[0]), (100, 20, sends[1]), (200, 20, sends[2])])
    write(tmp_path, 1, [(100, 50, receives[0]), (200, 60, receives[1])])
    assert compared(tmp_path).partners == (Partners((0, 1), True, 2, 40, (0, 70), (0,)),)


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ({}, {}, "the file does not tell what it carried: it has no Collective name"),
        (carried("send"), carried("recv"), "it has no Src Rank or Dst Rank"),
        (sent_to(2), received_from(2), "rank 2 has no file here"),
        (sent_to(1), carried("all_to_all"), "one file holds 0 and another 1"),
        (sent_to(1), received_from(0, elements=7), "they carry different messages"),
    ],
)
def test_what_cannot_be_paired_says_why_by_name(first, second, reason, tmp_path):
    """The kernel of a batch of messages may bear no arguments at all."""
    write(tmp_path, 0, [(30, 100, first)])
    write(tmp_path, 1, [(30, 300, second)])
    found = compared(tmp_path)
    assert found.partners == ()
    assert found.unpaired
    assert all(sentence.startswith("ncclDevKernel_SendRecv") for sentence in found.unpaired)
    assert any(reason in sentence for sentence in found.unpaired)
    assert len(found.remarks) == len(found.unpaired)


def test_messages_outside_the_steps_need_no_reason(tmp_path):
    write(tmp_path, 0, [(-100, 10, {})])
    write(tmp_path, 1, [(-100, 10, sent_to(5))])
    assert compared(tmp_path).remarks == ()


def test_what_a_rank_carries_to_itself_waits_for_nobody(tmp_path):
    """A group of one, and a message to itself, which NCCL allows."""
    for rank in (0, 1):
        group = carried("all_to_allv", seq=1, ranks=f"[{rank}]")
        kernels = [(30, 100, group), (200, 10, sent_to(rank)), (300, 10, received_from(rank))]
        write(tmp_path, rank, kernels)
    found = compared(tmp_path)
    assert (found.partners, found.remarks) == ((), ())


def test_ranks_that_only_their_order_numbers_are_paired_with_their_group(tmp_path):
    """A group names ranks of the run, and these files are the fifth's and the sixth's."""
    for rank, length in ((0, 300), (1, 100)):
        told = carried("all_to_allv", seq=1, ranks="[4, 5]")
        write(tmp_path, rank, [(30, length, told)], world_size=None)
    assert compared(tmp_path).partners == (Partners((0, 1), False, 1, 100, (200, 0), (1,)),)
