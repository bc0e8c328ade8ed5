"""What a check has recorded beside windows comes back from a file, and older files lack it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec.structs import replace

from annt_prof.runs import store
from annt_prof.runs.layout import RUN_FILE
from annt_prof.runs.record import FirstStep, TracedLaunch, WorkTime
from hand_made import breakdown, run, variant

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_of_each_launch_comes_back(tmp_path: Path) -> None:
    shown = replace(breakdown(10.0, forward=0.5), kernel_ns={"gemm": 5}, operator_ns={"gemm": 7})
    one = variant("baseline", [10.0] * 2)
    windows = tuple(replace(w, peak_memory_bytes=7, energy_j=1.5) for w in one.windows)
    traced = tuple(
        TracedLaunch(n, shown, (WorkTime("aten::mm", 5),), 0.25, ("item_every_iteration",))
        for n in range(2)
    )
    steps = (FirstStep(0, 1.5), FirstStep(1, 1.25))
    whole = run(replace(one, windows=windows, traced_launches=traced, first_steps=steps))
    store.write(tmp_path, whole)
    assert store.load(tmp_path) == whole


def test_a_record_without_them_has_none(tmp_path: Path) -> None:
    store.write(tmp_path, run(variant("baseline", [10.0])))
    file = tmp_path / RUN_FILE
    document = json.loads(file.read_text())
    (told,) = document["variants"]
    for key in ("traced_launches", "first_steps"):
        told.pop(key, None)
    for key in ("peak_memory_bytes", "energy_j"):
        told["windows"][0].pop(key, None)
    file.write_text(json.dumps(document))
    (one,) = store.load(tmp_path).variants
    assert (one.traced_launches, one.first_steps) == ((), ())
    assert (one.windows[0].peak_memory_bytes, one.windows[0].energy_j) == (None, None)
