"""A record of version 1 opens, with figures of whole windows in place of medians."""

import json
from pathlib import Path

import msgspec

from annt_prof.compare.old_records import with_figures
from annt_prof.runs import layout, store
from annt_prof.runs.record import Run
from hand_made import MS, run, variant


def as_version_1(directory: Path) -> None:
    """Write a record as version 1 had it: medians, and figures that follow from them."""
    record = msgspec.to_builtins(run(variant("baseline", [10, 10]), variant("amp", [5, 5])))
    record["schema_version"] = 1
    for each in record["variants"]:
        each["techniques"] = each.pop("factors")
        del each["verdict"]
        each["step_time"] = {"median": MS, "p05": MS, "p95": MS, "n": 2}
        each["throughput"] = 8000.0
        for window in each["windows"]:
            del window["wall_ns"], window["first_iteration"]
            window["median_ns"] = MS
            window["step_ns"] = [2 * MS, 2 * MS, 2 * MS, 2 * MS, 42 * MS]
    (directory / layout.RUN_FILE).write_text(json.dumps(record))


def test_medians_of_old_records_are_not_believed(tmp_path: Path) -> None:
    as_version_1(tmp_path)
    loaded = store.load(tmp_path)
    assert [w.wall_ns for w in loaded.variants[0].windows] == [50 * MS, 50 * MS]
    assert loaded.variants[0].throughput is None
    shown = with_figures(loaded).variants[0]
    assert shown.step_time is not None
    assert shown.step_time.mean_ns == 10 * MS
    assert shown.throughput == 800


def opened(folder: Path, **changes: object) -> Run:
    """A record of version 2 of two variants, read by this version."""
    record = msgspec.to_builtins(run(variant("baseline", [10, 10]), variant("amp", [5, 5])))
    record["schema_version"] = 2
    for each in record["variants"]:
        each["techniques"] = each.pop("factors")
        del each["verdict"]
        each["remarks"] = changes.get(each["name"], [])
    record |= {key: value for key, value in changes.items() if key not in ("baseline", "amp")}
    (folder / store.RUN_FILE).write_text(json.dumps(record))
    return with_figures(store.load(folder))


def test_between_two_scenarios_each_variant_keeps_its_own_options(tmp_path: Path) -> None:
    loaded = opened(
        tmp_path,
        differences=[
            "amp: on, dtype: float16 -> on, dtype: bfloat16",
            "tf32: on, allowed: false -> off",
            "dataset.workers: 0 -> 2",
        ],
        shared=["channels_last"],
    )
    first, second = loaded.variants
    assert [(t.name, t.options) for t in first.techniques] == [
        ("channels_last", {}), ("amp", {"dtype": "float16"}), ("tf32", {"allowed": False}),
    ]  # fmt: skip
    assert [(t.name, t.options) for t in second.techniques] == [
        ("channels_last", {}), ("amp", {"dtype": "bfloat16"}), ("tf32", {"allowed": False}),
    ]  # fmt: skip
    assert second.factors == ("amp",)


def test_a_mistake_that_an_old_trace_shows_is_known_whatever_its_figures(tmp_path: Path) -> None:
    pinned = "trace: host-to-device copies come from memory that is not pinned 2 times a step: "
    loaded = opened(
        tmp_path,
        baseline=[f"{pinned}their calls held the host for 0.356 ms a step, non-blocking or not"],
        amp=[
            f"{pinned}their calls held the host for 0.423 ms a step, non-blocking or not",
            "trace: aten::item (aten::_local_scalar_dense) waits for the device once a step",
            "trace: aten::to (aten::copy_) waits for the device 2 times a step",
            "amp: the loss scale is too high",
            "amp is slow here",
        ],
    )
    first, second = loaded.variants
    assert first.remarks[0].mistake == second.remarks[0].mistake
    found = [(r.source, r.about, r.key, r.subject) for r in second.remarks]
    assert found == [
        ("trace", None, "copies_from_unpinned_memory", None),
        ("trace", None, "item_every_iteration", "aten::item (aten::_local_scalar_dense)"),
        ("trace", None, "operator_waits_every_iteration", "aten::to (aten::copy_)"),
        ("pitfall", "amp", None, None),
        ("run", None, None, None),
    ]


def test_what_an_old_record_replaced_has_a_name(tmp_path: Path) -> None:
    said = {"used": "u", "consequence": "c"}
    loaded = opened(
        tmp_path,
        substitutions=[
            {"wanted": "cifar10 (not in /data)", **said},
            {"wanted": "pretrained weights of resnet50 (torchvision)", **said},
            {"wanted": "pinned batches and non-blocking copies in the baseline", **said},
        ],
    )
    assert [(s.replaced, s.name) for s in loaded.substitutions] == [
        ("data", "cifar10"), ("weights", "resnet50"), ("copying", None),
    ]  # fmt: skip
