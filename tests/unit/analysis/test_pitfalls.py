"""Mistakes that a device's trace shows, and clean twins without them."""

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.tables.pitfalls import pitfalls
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def found_in(folder, add, steps=3):
    builder = TraceBuilder()
    for at in range(0, steps * 1000, 1000):
        builder.step(at, at + 1000)
        builder.phase(Phase.H2D_COPY, at, at + 200).phase(Phase.FORWARD, at + 200, at + 900)
        builder.copy("HtoD", at + 50, at + 100, launch_ns=at + 20)
        builder.kernel("gemm", at + 300, at + 500, launch_ns=at + 250)
        add(builder, at)
    return pitfalls(Timeline(read(builder.write(folder / "trace.json"))))


def copy_in_forward(builder, at):
    builder.copy("HtoD", at + 600, at + 650, launch_ns=at + 550)


def item(builder, at):
    builder.operator("aten::item", at + 600, at + 700)
    builder.operator("aten::_local_scalar_dense", at + 610, at + 690)
    builder.runtime("cudaStreamSynchronize", at + 620, at + 680)


def nonzero(builder, at):
    builder.operator("aten::nonzero", at + 600, at + 700)
    builder.runtime("cudaStreamSynchronize", at + 620, at + 680)


def free(builder, at):
    builder.runtime("cudaFree", at + 950, at + 980)


def pageable(builder, at):
    args = {"device": 0, "stream": 7, "bytes": 100}
    builder.event(
        "gpu_memcpy", "Memcpy HtoD (Pageable -> Device)", at + 110, at + 150,
        pid=0, tid=7, args=args,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mistake", "key", "words"),
    [
        (copy_in_forward, "copies_in_passes", "launched inside the passes"),
        (
            item,
            "item_every_iteration",
            "aten::item (aten::_local_scalar_dense) waits for the device once a step",
        ),
        (nonzero, "operator_waits_every_iteration", "aten::nonzero waits for the device once a"),
        (free, "memory_freed_every_iteration", "given back once a step"),
        (pageable, "copies_from_unpinned_memory", "not pinned"),
    ],
)
def test_each_mistake_is_told_and_its_absence_is_not(mistake, key, words, tmp_path):
    (found,) = found_in(tmp_path, mistake)
    assert found.key == key
    assert words in found.text
    assert found_in(tmp_path, lambda *_: None) == ()


def test_what_happens_once_is_no_habit(tmp_path):
    assert found_in(tmp_path, lambda builder, at: at == 0 and item(builder, at)) == ()


@pytest.mark.parametrize("mistake", [copy_in_forward, item, free, pageable])
def test_often_in_one_step_is_no_habit_either(mistake, tmp_path):
    def only_in_the_last(builder, at):
        for _ in range(10):
            if at == 2000:
                mistake(builder, at)

    assert found_in(tmp_path, only_in_the_last) == ()


def test_how_often_may_differ_by_step(tmp_path):
    def more_and_more(builder, at):
        for number in range(1 + at // 1000):
            builder.runtime("cudaFree", at + 950 + number, at + 951 + number)

    (found,) = found_in(tmp_path, more_and_more)
    assert "given back 1 to 3 times a step" in found.text


@pytest.mark.parametrize(
    ("returned", "words"), [(160, "held the host for"), (105, "here it did not")]
)
def test_whether_a_pageable_copy_waited_is_the_traces_word(returned, words, tmp_path):
    def copied(builder, at):
        builder.operator("aten::copy_", at + 90, at + 180)
        builder.copy("HtoD", at + 110, at + 150, launch_ns=at + 100, returned_ns=at + returned,
                     pageable=True)  # fmt: skip

    (found,) = found_in(tmp_path, copied)
    assert words in found.text


def test_an_item_that_blocks_twice_waits_once(tmp_path):
    def copied(builder, at):
        item(builder, at)
        builder.copy("DtoH", at + 612, at + 613, launch_ns=at + 611, returned_ns=at + 614,
                     pageable=True)  # fmt: skip

    (found,) = found_in(tmp_path, copied)
    assert "aten::item (aten::_local_scalar_dense) waits for the device once a step" in found.text


def test_a_program_that_waits_on_purpose_is_not_blamed(tmp_path):
    def explicit(builder, at):
        builder.runtime("cudaDeviceSynchronize", at + 950, at + 960)

    assert found_in(tmp_path, explicit) == ()


def loop(iterations, *, steps):
    """A loop whose set-up frees memory twice and after which one number is read."""
    builder = TraceBuilder()
    builder.runtime("cudaFree", 10, 20).runtime("cudaFree", 30, 40)
    for at in range(100, 100 + iterations * 1000, 1000):
        builder.operator("aten::mm", at + 10, at + 60)
        builder.kernel("gemm", at + 100, at + 600, launch_ns=at + 20)
        if steps:
            builder.step(at, at + 1000)
    item(builder, 100 + iterations * 1000)
    return builder


def habits(builder, folder):
    return pitfalls(Timeline(read(builder.write(folder / "trace.json"))))


def test_of_a_trace_without_steps_no_habit_is_told(tmp_path):
    assert habits(loop(10, steps=False), tmp_path) is None


def test_what_happens_beside_the_loop_is_none_either_where_there_are_steps(tmp_path):
    assert habits(loop(10, steps=True), tmp_path) == ()


def test_a_single_step_shows_no_habit(tmp_path):
    assert found_in(tmp_path, item, steps=1) is None
    assert found_in(tmp_path, item, steps=2)
    builder = TraceBuilder()
    for at in (0, 1000, 2000):
        item(builder.step(at, at + 1000), at)
    trace = read(builder.write(tmp_path / "three.json"))
    assert pitfalls(Timeline(trace))
    assert pitfalls(Timeline(trace, slice(1, 2))) is None


def test_why_no_habit_is_told_is_said(tmp_path):
    found = analyze(read(loop(10, steps=False).write(tmp_path / "trace.json")))
    assert found.pitfalls is None
    assert "2 steps or more" in found.not_measured["pitfalls"]
    of_steps = analyze(read(loop(10, steps=True).write(tmp_path / "trace.json")))
    assert of_steps.pitfalls == ()
    assert "pitfalls" not in of_steps.not_measured


def test_a_cache_that_is_emptied_every_few_steps_is_no_habit_of_each_step(tmp_path):
    """As a trainer does that empties it once in so many steps, or between two evaluations."""
    assert found_in(tmp_path, lambda b, at: at % 3000 == 0 and free(b, at), steps=9) == ()
    (each,) = found_in(tmp_path, free, steps=9)
    assert "given back once a step" in each.text


def test_a_cache_emptied_between_two_steps_is_in_neither(tmp_path):
    """Of ranges that leave room between them, as one profiler after the other does."""
    builder = TraceBuilder()
    for at in range(0, 3000, 1000):
        builder.step(at, at + 900).kernel("gemm", at + 100, at + 200, launch_ns=at + 50)
        builder.runtime("cudaFree", at + 950, at + 960)
    assert habits(builder, tmp_path) == ()
