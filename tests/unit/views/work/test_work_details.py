"""All that is told of the row at the cursor."""

import msgspec

from annt_prof.views.work.changes import GROUP_CHANGES_KEY, KERNEL_CHANGES_KEY
from annt_prof.views.work.details import build_details
from annt_prof.views.work.groups import GROUPS_KEY
from hand_made_analysis import ANALYSIS
from hand_made_work import on_host, traced


def told(of, sheet, name):
    return {line.label: line.text for line in build_details(of, sheet, name).lines}


def test_all_of_a_kernel():
    assert told([traced()], "kernels", "sm90_gemm") == {
        "name": "sm90_gemm",
        "does": "gemm; matrix units; grid 12x13x1, block 256x24x3 (most of 4 kinds); estimated "
        "occupancy 37.0 %",
        "phases": "forward 600 (24.00 ms), backward 500 (20.00 ms), optimizer 11 (0.400 ms)",
        "operators": "aten::mm 1,110 (44.00 ms)",
    }


def test_modules_and_lines():
    row = msgspec.structs.replace(
        ANALYSIS.kernels.rows[0],
        modules={"nn.Module: Linear_0": 600},
        lines={"net.py(7): forward": 3, "net.py(9): forward": 2},
    )
    kernels = msgspec.structs.replace(ANALYSIS.kernels, rows=(row,))
    analysis = msgspec.structs.replace(ANALYSIS, kernels=kernels)
    found = told([traced(analysis=analysis)], "kernels", "sm90_gemm")
    assert found["modules"] == "nn.Module: Linear_0 600 (24.00 ms)"
    assert found["lines"] == "net.py(7): forward 3, net.py(9): forward 2"


def test_what_is_not_known_is_left_out():
    assert told([traced()], "members", "mystery") == {"name": "mystery", "does": "other"}


def test_all_of_an_operator():
    assert told([traced()], "operators", "aten::mm") == {
        "name": "aten::mm",
        "time": "5.500 ms of its own, 7.700 ms with all that is called inside; launched 42.10 ms "
        "of the device's time itself",
        "phases": "forward 20, backward 11",
        "threads": "main 20, autograd 11",
    }


def test_of_two_traces_the_first_that_has_it_tells():
    pair = [on_host("cpu"), traced("gpu")]
    found = told(pair, KERNEL_CHANGES_KEY, "sm90_gemm")
    assert found["traced in"] == "gpu"
    assert found["does"].startswith("gemm")
    assert told(pair, KERNEL_CHANGES_KEY, "unheard of") == {
        "name": "unheard of", "traced in": "",
    }  # fmt: skip


def test_a_group_says_how_its_kernels_are_shown():
    assert told([traced()], GROUPS_KEY, "forward") == {
        "group": "forward", "": "Enter shows its kernels, Backspace comes back",
    }  # fmt: skip
    assert told([traced()], GROUP_CHANGES_KEY, "") == {"group": "not known"}
