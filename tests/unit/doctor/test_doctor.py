import json
import subprocess
import sys

import msgspec
import pytest

from annt_prof import doctor
from annt_prof.cli import main
from annt_prof.doctor import machine, software, torch_report
from annt_prof.doctor.diagnosis import Check, Diagnosis
from annt_prof.doctor.torch_report import TorchReport, ask_torch
from annt_prof.machine.folders import data_folders
from annt_prof.machine.load import Load

GOOD = TorchReport(torch="2.15.0+cpu", torchvision="0.29.2+cpu")
NMS = "RuntimeError: operator torchvision::nms does not exist"
STUB_TORCH = """
__version__ = "2.15.0"
class version: cuda = {cuda!r}
class cuda:
    @staticmethod
    def is_available():
        {warning}
        return False
"""


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Puts packages in front of the real ones, in the process that imports them."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def put(name, source):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(source)

    return put


def torch_stub(cuda=None, warning="pass"):
    return STUB_TORCH.format(cuda=cuda, warning=warning)


def test_a_mismatched_pair_is_found_by_importing_it(stub):
    stub("torch", torch_stub())
    stub("torchvision", 'raise RuntimeError("operator torchvision::nms does not exist")')
    report = ask_torch()
    assert report.torch == "2.15.0"
    assert report.torchvision_error == NMS
    check = software.pair_check(report)
    assert check.status == "problem"
    assert "operator torchvision::nms does not exist" in check.finding
    assert "pip install torch torchvision" in check.remedy
    assert "==" not in check.remedy


def test_a_pair_that_loads_is_well(stub):
    stub("torch", torch_stub(cuda="13.0"))
    stub("torchvision", '__version__ = "0.30.0"')
    report = ask_torch()
    assert report == TorchReport(torch="2.15.0", torchvision="0.30.0", cuda_build="13.0")
    assert software.pair_check(report, "torch==2.15.0").status == "ok"


def test_versions_that_do_not_match_are_found_without_importing():
    for torch in ("2.14.0", "2.15.1"):
        check = software.pair_check(msgspec.structs.replace(GOOD, torch=torch), "torch==2.15.0")
        assert check.status == "problem"
        assert f"torch {torch} is installed" in check.finding
        assert "torchvision 0.29.2+cpu asks for torch==2.15.0" in check.finding


def test_builds_and_nightlies_satisfy_a_requirement():
    assert software.pair_check(GOOD, "torch==2.15.0").status == "ok"
    nightly = msgspec.structs.replace(GOOD, torch="2.16.0.dev20260101")
    assert software.pair_check(nightly, "torch>=2.15").status == "ok"


def test_what_a_library_prints_does_no_harm(stub):
    stub("torch", 'print("hello"); print("[1]")' + torch_stub())
    stub("torchvision", '__version__ = "0.30.0"')
    assert ask_torch().torch == "2.15.0"


def test_torch_that_fails_to_import_is_a_problem(stub):
    stub("torch", 'raise ImportError("libcudart.so.13: cannot open shared object file")')
    report = ask_torch()
    check = software.torch_check(report)
    assert check.status == "problem"
    assert "libcudart.so.13" in check.finding
    assert software.pair_check(report).status == "problem"
    assert software.device_check(report, ()).status == "problem"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import os; os.kill(os.getpid(), 11)", "was killed by SIGSEGV"),
        ("import sys; sys.stderr.write('boom'); sys.exit(3)", "ended with status 3: boom"),
    ],
)
def test_an_import_that_ends_its_process_is_named(stub, source, said):
    stub("torch", torch_stub())
    stub("torchvision", source)
    report = ask_torch()
    assert report.torch == "2.15.0"
    assert said in report.torchvision_error
    assert software.pair_check(report).status == "problem"


def test_torch_that_ends_its_process_is_named(stub):
    stub("torch", "import os; os.kill(os.getpid(), 11)")
    assert "SIGSEGV" in ask_torch().torch_error


def test_an_import_without_end_is_given_up(monkeypatch, stub):
    stub("torch", "import time; time.sleep(60)")
    monkeypatch.setattr(torch_report, "_PATIENCE_S", 0.3)
    assert "did not end" in ask_torch().torch_error


def test_a_user_s_torch_py_does_not_get_in_the_way(stub, tmp_path, monkeypatch):
    stub("torch", torch_stub())
    stub("torchvision", '__version__ = "0.30.0"')
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "torch.py").write_text("raise SystemExit('mine')")
    monkeypatch.chdir(tmp_path / "work")
    assert ask_torch().torch == "2.15.0"


def test_a_driver_too_old_for_torch(stub):
    words = "The NVIDIA driver on your system is too old (found version 11040)."
    stub("torch", torch_stub("13.0", f"import warnings; warnings.warn({words!r})"))
    stub("torchvision", '__version__ = "0.30.0"')
    check = software.device_check(ask_torch(), ("NVIDIA T4",))
    assert check.status == "warning"
    assert "torch cannot use NVIDIA T4, so runs use the CPU" in check.finding
    assert "too old (found version 11040)" in check.finding
    assert "built for 13.0" in check.remedy


@pytest.mark.parametrize(
    ("report", "devices", "status", "said"),
    [
        (GOOD, (), "ok", "the CPU"),
        (GOOD, ("NVIDIA T4",), "warning", "is a build for CPUs"),
        (TorchReport(torch="2.15.0", cuda_build="13.0"), ("T4",), "warning", "sees no device"),
        (TorchReport(torch="2.15.0", cuda_available=True, devices=("H100",)), (), "ok", "H100"),
        (
            TorchReport(
                torch="2.15.0",
                cuda_available=True,
                devices=("GTX 970",),
                device_error="CUDA error: no kernel image is available",
            ),
            (),
            "problem",
            "GTX 970 fails at a small computation: CUDA error: no kernel image",
        ),
    ],
)
def test_the_device_a_run_would_use(report, devices, status, said):
    check = software.device_check(report, devices)
    assert check.status == status
    assert said in check.finding
    assert (check.remedy is None) == (status == "ok")


@pytest.mark.parametrize(
    ("torch", "status"),
    [
        ("2.10.1", "problem"),
        ("2.11.0", "ok"),
        ("2.15.3+cu132", "ok"),
        ("2.16.0", "warning"),
        ("2.11.0a0+git12", "ok"),
        ("3.0.0", "warning"),
    ],
)
def test_supported_versions_of_torch(torch, status):
    assert software.torch_check(TorchReport(torch=torch)).status == status


def test_python_versions():
    assert software.python_check((3, 11, 7)) == Check("python", "ok", "3.11.7")
    assert software.python_check((3, 14, 0)).status == "warning"


@pytest.mark.parametrize(
    ("version", "status"), [(None, "problem"), ("2.20.0", "warning"), ("2.21.0", "ok")]
)
def test_versions_of_tensorboard(version, status):
    assert software.tensorboard_check(version, "84.2.1").status == status


def test_a_missing_profiler_plugin():
    assert software.profiler_plugin_check(None).status == "warning"
    assert software.profiler_plugin_check("0.4.3").status == "ok"


def test_nvml_is_missed_only_beside_a_gpu(monkeypatch):
    def absent():
        raise software.NvmlUnavailable("NVML: Driver Not Loaded")

    monkeypatch.setattr(software, "device_names", absent)
    assert software.nvml_check(GOOD).status == "ok"
    gpu = TorchReport(torch="2.15.0", cuda_available=True, devices=("MI300",))
    check = software.nvml_check(gpu)
    assert check.status == "warning"
    assert "Driver Not Loaded" in check.finding


def test_nvml_names_driver_and_devices(monkeypatch):
    monkeypatch.setattr(software, "device_names", lambda: ("H100", "H100"))
    monkeypatch.setattr(software, "driver_version", lambda: "570.1")
    assert software.nvml_check(GOOD).finding == "driver 570.1, 2 device(s): H100, H100"


def test_other_load_is_named():
    assert machine.load_check(Load(0.1, 2), 0.2).status == "ok"
    busy = machine.load_check(Load(1.3, 2), 2.0)
    assert busy.status == "warning"
    assert "another process is using the CPU" in busy.finding
    assert "1.3 of 2 cores" in busy.finding


def test_a_quota_below_the_cores():
    assert machine.cores_check(8, None).status == "ok"
    assert machine.cores_check(8, 8.0).status == "ok"
    assert machine.cores_check(8, 2.5).status == "warning"


def test_bfloat16():
    assert "bfloat16 by avx512_bf16" in machine.bfloat16_check("EPYC", ("avx512_bf16",)).finding
    assert "emulated" in machine.bfloat16_check("old", ()).finding


def test_governors():
    assert machine.governor_check(()).status == "ok"
    assert machine.governor_check(("performance",)).status == "ok"
    assert machine.governor_check(("performance", "powersave")).status == "warning"


def test_memory():
    gib = 1 << 30
    assert machine.memory_check(64 * gib, 32 * gib).finding == "32.00 GiB available of 64.00 GiB"
    assert machine.memory_check(2 * gib, 32 * gib).status == "warning"
    assert machine.memory_check(64 * gib, gib).status == "warning"


def test_shared_memory(tmp_path, monkeypatch):
    assert machine.shared_memory_check(tmp_path / "none").status == "warning"
    usage = type("Usage", (), {"free": 64 << 20, "total": 64 << 20})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage)
    check = machine.shared_memory_check(tmp_path)
    assert check.status == "warning"
    assert "--shm-size" in check.remedy


def test_data_sets_are_looked_for_in_order(tmp_path):
    environment = {"ANNT_PROF_DATA": str(tmp_path / "mine"), "XDG_CACHE_HOME": str(tmp_path)}
    folders = data_folders(environment=environment)
    assert folders == (tmp_path / "mine", tmp_path / "annt_prof")
    assert machine.data_check(folders).status == "warning"
    (tmp_path / "annt_prof" / "cifar-10-batches-py").mkdir(parents=True)
    half = machine.data_check(folders)
    assert half.status == "warning"
    assert f"CIFAR-10 in {tmp_path / 'annt_prof'}" in half.finding
    assert "no CIFAR-100 in" in half.finding
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "cifar-100-python.tar.gz").touch()
    assert machine.data_check(folders).status == "ok"


def test_weights_are_counted_in_both_caches(tmp_path):
    environment = {"XDG_CACHE_HOME": str(tmp_path), "HF_HUB_CACHE": str(tmp_path / "hf")}
    assert machine.weights_check(environment).status == "warning"
    (tmp_path / "torch/hub/checkpoints").mkdir(parents=True)
    (tmp_path / "torch/hub/checkpoints/resnet50.pth").touch()
    (tmp_path / "hf/models--google--vit").mkdir(parents=True)
    check = machine.weights_check(environment)
    assert check.status == "ok"
    assert check.finding.count("1 in ") == 2


def diagnosed(*checks):
    return Diagnosis(1, checks)


WELL = Check("python", "ok", "3.11.7")
WARNED = Check("data sets", "warning", "no CIFAR-10 [bold]/data[/bold]", "fetch it")
STOPPED = Check("torch", "problem", "cannot be imported", "pip install torch torchvision")


@pytest.mark.parametrize(("checks", "status"), [((WELL, WARNED), 0), ((WELL, STOPPED, WARNED), 2)])
def test_the_exit_status_says_whether_a_run_can_start(monkeypatch, capsys, checks, status):
    monkeypatch.setattr(doctor, "diagnose", lambda _document: diagnosed(*checks))
    assert main(["doctor"]) == status
    out = capsys.readouterr().out
    assert ("a run can start here" in out) == (status == 0)


def test_what_is_printed_is_data_not_markup(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "diagnose", lambda _document: diagnosed(WELL, WARNED))
    main(["doctor"])
    captured = capsys.readouterr()
    assert "no CIFAR-10 [bold]/data[/bold]" in captured.out
    assert "fetch it" in captured.out
    assert captured.err == ""


def test_a_long_remedy_stays_on_one_line(monkeypatch, capsys):
    check = Check("pair", "problem", "x " * 100, software.PAIR_REMEDY)
    monkeypatch.setattr(doctor, "diagnose", lambda _document: diagnosed(check))
    main(["doctor"])
    assert software.PAIR_REMEDY in capsys.readouterr().out


def test_json(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "diagnose", lambda _document: diagnosed(WELL, STOPPED))
    assert main(["doctor", "--json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    assert document["can_run"] is False
    assert document["checks"][1] == {
        "name": "torch",
        "status": "problem",
        "finding": "cannot be imported",
        "remedy": "pip install torch torchvision",
    }


def test_the_whole_of_it_on_this_machine(monkeypatch):
    monkeypatch.setattr(doctor, "ask_torch", lambda: GOOD)
    diagnosis = doctor.diagnose()
    names = [check.name for check in diagnosis.checks]
    assert len(names) == len(set(names))
    assert {"torch", "torch and torchvision", "device", "NVML", "load", "CPU"} <= set(names)
    for check in diagnosis.checks:
        assert check.finding
        assert check.status == "ok" or check.remedy


def test_the_command_s_own_process_imports_no_torch():
    program = (
        "import sys; from annt_prof import doctor\n"
        "from annt_prof.doctor.torch_report import TorchReport\n"
        "doctor.ask_torch = lambda: TorchReport(torch='2.15.0', torchvision='0.29.2')\n"
        "doctor.diagnose(); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "torchvision", "timm", "transformers"} & set(loaded)
