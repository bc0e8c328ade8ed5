"""What ``inspect``, ``doctor`` and ``techniques`` print, of values that no machine here has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from commands import WIDTHS, assert_reads_as_before, printed
from made_runs import CALIBRATED, CEILINGS

import annt_prof.doctor
from annt_prof.calibration import rates
from annt_prof.doctor import Check, Diagnosis
from annt_prof.inspection import process
from annt_prof.inspection.process import Inspected
from annt_prof.inspection.seen import CompilingSeen, LoaderSeen, Seen
from annt_prof.loop import starting
from annt_prof.machine import environment, load
from annt_prof.machine.ceilings import Ceilings
from annt_prof.machine.load import Load

if TYPE_CHECKING:
    from pathlib import Path

ON_DEVICE = Seen(
    iterations=41,
    on_device=True,
    iterations_reading=39,
    iterations_emptying=37,
    iterations_in_autocast=36,
    iterations_with_mixed_layouts=35,
    iterations_deterministic=34,
    iterations_cudnn_deterministic=33,
    iterations_with_anomaly_detection=32,
    iterations_copying_pageable=31,
    iterations_copying_in_forward={"Attention": 30, "Rarely": 2, "Embedding": 29},
    waiting_scaler_steps=28,
    steps_before_scaler_update=27,
    absent_device_scaler_steps=3,
    absent_device_autocasts=4,
    steps_clipped_while_scaled=26,
    batch_norm_batches_per_update=5,
    loaders=(LoaderSeen(1, 38, 7.31), LoaderSeen(2, 25, 3.19), LoaderSeen(24, 23, 1.73)),
    training_s=23.7,
    cores=22,
    compiling=CompilingSeen(
        modules=6, called=True, iterations_since=7, tried=19, graphs=17,
        iterations_after_warm_up=21, iterations_recompiling=20,
        breaks={"a call of print\nin train.py": 13},
    ),
)  # fmt: skip
ON_CPU = Seen(
    iterations=12,
    stopped="ValueError: nothing left to train (train.py:57)",
    absent_device_scaler_steps=11,
    absent_device_autocasts=10,
    training_s=3.1,
    cores=2,
)
SEEN = {
    "mistakes": Inspected(ON_DEVICE, 0),
    "stopped": Inspected(ON_CPU, 3),
    "clean": Inspected(Seen(iterations=17, on_device=True, cores=4), 0),
    "nothing": Inspected(Seen(), 0),
}
DIAGNOSES = {
    "healthy": Diagnosis(1, (
        Check("python", "ok", "3.12.3"), Check("memory", "ok", "17.3 GiB available of 31.9 GiB"),
    )),
    "problems": Diagnosis(1, (
        Check("torch", "problem", "2.9.1; supported are 2.11 to 2.15",
              "pip install --upgrade torch torchvision"),
        Check("shared memory", "warning", "0.1 GiB free of 0.2 GiB in /dev/shm: little for loader "
              "workers", "docker run --shm-size=2g (or --ipc=host), or dataset.workers: 0"),
        Check("load", "warning", "13.7 of 26 cores busy now, load average 14.1: another process is "
              "using the CPU, so intervals will be wide", "wait for it or end it"),
        Check("cores", "ok", "26 cores may be used"),
    )),
}  # fmt: skip
NO_DEVICE = Ceilings(
    matrix_flops={"float32": 0.1873e12, "bfloat16": 0.0617e12},
    memory_bytes_per_s=19.7e9,
    pinned_bytes_per_s=None,
    pageable_bytes_per_s=None,
    launch_ns=1_370,
    no_collective="two processes could not talk",
)
CALIBRATIONS = {"device": CEILINGS, "host": NO_DEVICE}
LISTS = {
    "list": ("techniques",),
    "amp": ("techniques", "amp"),
    "gradient_accumulation": ("techniques", "gradient_accumulation"),
    "pin_memory": ("techniques", "pin_memory"),
}


@pytest.fixture(params=SEEN)
def inspected(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(process, "inspect", lambda *_: SEEN[request.param])
    return str(request.param)


@pytest.mark.parametrize("width", WIDTHS)
def test_mistakes_read_as_they_did(inspected: str, width: int) -> None:
    shown = printed("inspect", "train.py", "--epochs", "2", width=width)
    assert_reads_as_before(shown, f"inspect/{inspected}_{width}.txt")


def test_mistakes_have_the_colours_they_had(inspected: str) -> None:
    shown = printed("inspect", "train.py", width=120, colours=True)
    assert_reads_as_before(shown, f"colours/inspect_{inspected}.ansi")


def test_the_document_of_mistakes_is_what_it_was(inspected: str) -> None:
    assert_reads_as_before(printed("inspect", "--json", "train.py"), f"inspect/{inspected}.json")


@pytest.fixture(params=DIAGNOSES)
def diagnosed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(annt_prof.doctor, "diagnose", lambda _: DIAGNOSES[request.param])
    return str(request.param)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_diagnosis_reads_as_it_did(diagnosed: str, width: int) -> None:
    assert_reads_as_before(printed("doctor", width=width), f"doctor/{diagnosed}_{width}.txt")


def test_a_diagnosis_has_the_colours_it_had(diagnosed: str) -> None:
    shown = printed("doctor", width=120, colours=True)
    assert_reads_as_before(shown, f"colours/doctor_{diagnosed}.ansi")


def test_the_document_of_a_diagnosis_is_what_it_was(diagnosed: str) -> None:
    assert_reads_as_before(printed("doctor", "--json"), f"doctor/{diagnosed}.json")


@pytest.fixture(params=CALIBRATIONS)
def calibrated(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setattr(load, "look_at_load", lambda: Load(0.0, 11))
    probed = SimpleNamespace(machine=None, threads=13, packages={}, device_uuid=None)
    monkeypatch.setattr(starting, "start_training_server", lambda _: None)
    monkeypatch.setattr(starting, "probe_machine", lambda *_, **__: probed)
    monkeypatch.setattr(environment, "collect", lambda *_: CALIBRATED)
    monkeypatch.setattr(rates, "calibrate", lambda *_, **__: CALIBRATIONS[request.param])
    return str(request.param)


@pytest.mark.parametrize("width", WIDTHS)
def test_ceilings_read_as_they_did(calibrated: str, width: int) -> None:
    shown = printed("doctor", "--calibrate", width=width)
    assert_reads_as_before(shown, f"doctor/ceilings_of_{calibrated}_{width}.txt")


def test_the_document_of_ceilings_is_what_it_was(calibrated: str) -> None:
    shown = printed("doctor", "--calibrate", "--json")
    assert_reads_as_before(shown, f"doctor/ceilings_of_{calibrated}.json")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", LISTS)
def test_techniques_read_as_they_did(name: str, width: int) -> None:
    assert_reads_as_before(printed(*LISTS[name], width=width), f"techniques/{name}_{width}.txt")


@pytest.mark.parametrize("name", LISTS)
def test_the_document_of_techniques_is_what_it_was(name: str) -> None:
    assert_reads_as_before(printed(*LISTS[name], "--json"), f"techniques/{name}.json")


@pytest.mark.parametrize("width", WIDTHS)
def test_explain_tells_of_a_technique_what_techniques_does(width: int) -> None:
    assert_reads_as_before(printed("explain", "amp", width=width), f"techniques/amp_{width}.txt")
