"""A record of version 1 opens, with figures of whole windows in place of medians."""

import json
from pathlib import Path

import msgspec

from annt_prof.compare.old_records import with_figures
from annt_prof.runs import layout, store
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
