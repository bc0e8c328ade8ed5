"""Kernels by name: every figure of a row, and what is said where there are none."""

import msgspec

from annt_prof.views.work.kernel_sheet import COLUMNS, build_kernel_sheet
from hand_made_analysis import ANALYSIS
from hand_made_work import NO_TRACE_OF_IT, broken_off, on_host, texts, traced


def test_every_figure_of_a_row():
    sheet = build_kernel_sheet(traced(), 40)
    assert dict(zip([column.key for column in COLUMNS], texts(sheet)[0], strict=True)) == {
        "kernel": "sm90_gemm",
        "total_ns": "44.400",
        "share_of_steps": "24.3 %",
        "count": "1,111",
        "class": "gemm",
        "phase": "forward +2",
        "mean_ns": "40.0",
        "p50_ns": "38.7",
        "p95_ns": "57.3",
        "tensor_cores": "yes",
        "occupancy": "37.0 %",
        "operator": "aten::mm",
        "module": "-",
        "line": "-",
    }
    values = [cell.value for cell in sheet.rows[0].cells]
    assert values == ["sm90_gemm", 44_400_000, 0.243, 1_111, "gemm", "forward", 39_964, 38_700,
                      57_300, True, 0.37, "aten::mm", None, None]  # fmt: skip
    assert sheet.title == "Kernels of baseline: 83 names, 4,567 launches, 71.30 ms in 2 steps"
    assert sheet.num_more == 81


def test_what_is_not_known_has_no_value_and_a_name_that_does_not_tell_is_asked_about():
    row = build_kernel_sheet(traced(), 40).rows[1]
    assert [cell.text for cell in row.cells[2:3] + row.cells[9:]] == ["-", "?", "-", "-", "-", "-"]
    assert {cell.value for cell in row.cells[9:]} == {None}


def test_modules_and_lines_are_told_without_what_all_have():
    kernels = ANALYSIS.kernels
    row = msgspec.structs.replace(
        kernels.rows[0],
        modules={"nn.Module: Linear_0": 3, "nn.Module: Net_0": 1},
        lines={"/srv/models/net.py(7): forward": 4},
    )
    analysis = msgspec.structs.replace(
        ANALYSIS, kernels=msgspec.structs.replace(kernels, rows=(row,))
    )
    (shown,) = texts(build_kernel_sheet(traced(analysis=analysis), 40))
    assert shown[-2:] == ("Linear_0 +1", "net.py(7): forward")


def test_names_have_the_room_that_is_given_and_the_whole_one_is_the_value():
    name = "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float> >"
    kernels = ANALYSIS.kernels
    row = msgspec.structs.replace(kernels.rows[0], name=name)
    analysis = msgspec.structs.replace(
        ANALYSIS, kernels=msgspec.structs.replace(kernels, rows=(row,))
    )
    for room, most in ((25, 25), (50, 50), (5, 20), (500, 60)):
        cell = build_kernel_sheet(traced(analysis=analysis), room).rows[0].cells[0]
        assert 0 < len(cell.text) <= most
        assert cell.value == name


def test_where_there_are_none_it_is_said_why():
    assert build_kernel_sheet(on_host(), 40).empty == NO_TRACE_OF_IT
    none = msgspec.structs.replace(ANALYSIS.kernels, rows=(), num_names=0, count=0, total_ns=0)
    analysis = msgspec.structs.replace(ANALYSIS, kernels=none)
    assert "no kernel began" in build_kernel_sheet(traced(analysis=analysis), 40).empty


def test_of_a_file_that_breaks_off_launches_are_those_that_are_left():
    assert "launches that are left" in build_kernel_sheet(broken_off(traced()), 40).title


def test_every_column_explains_itself():
    assert all(column.meaning.endswith(".") for column in COLUMNS)
