"""Checks of Python, the packages and the device as torch sees it."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.version import Version

from annt_prof.doctor.diagnosis import Check
from annt_prof.telemetry.nvml import NvmlUnavailable, device_names, driver_version
from annt_prof.workload.libraries import PAIR_REMEDY

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.doctor.torch_report import TorchReport

OLDEST_TORCH = Version("2.11")
NEWEST_TORCH = Version("2.15")
NEWEST_PYTHON = (3, 13)
OLDEST_TENSORBOARD = Version("2.21")  # older ones import pkg_resources, gone from setuptools 82


def software_checks(report: TorchReport) -> tuple[Check, ...]:
    """Return the checks of what is installed.

    Args:
        report: What torch says of itself.
    """
    return (
        python_check(sys.version_info[:3]),
        torch_check(report),
        pair_check(report),
        _library("timm"),
        _library("transformers"),
        tensorboard_check(installed("tensorboard"), installed("setuptools")),
        profiler_plugin_check(installed("torch-tb-profiler")),
        device_check(report, _nvidia_devices()),
        nvml_check(report),
    )


def installed(distribution: str) -> str | None:
    """Return the version that a package's metadata names, or None where it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def python_check(version: tuple[int, ...]) -> Check:
    """Return whether this Python is among those the tests run on."""
    text = ".".join(map(str, version))
    if version[:2] > NEWEST_PYTHON:
        remedy = "if anything fails, try Python 3.11, 3.12 or 3.13"
        return Check("python", "warning", f"{text}, newer than what is tested", remedy)
    return Check("python", "ok", text)


def torch_check(report: TorchReport) -> Check:
    """Return whether torch imports and is a version that is supported."""
    if report.torch is None:
        reason = report.torch_error or "it did not say why"
        return Check("torch", "problem", f"cannot be imported: {reason}", PAIR_REMEDY)
    release = Version(Version(report.torch).base_version)
    span = f"{OLDEST_TORCH} to {NEWEST_TORCH}"
    if release < OLDEST_TORCH:
        remedy = "pip install --upgrade torch torchvision"
        return Check("torch", "problem", f"{report.torch}; supported are {span}", remedy)
    if (release.major, release.minor) > (NEWEST_TORCH.major, NEWEST_TORCH.minor):
        finding = f"{report.torch}, newer than what is tested ({span})"
        return Check("torch", "warning", finding, "if anything fails, try a tested version")
    return Check("torch", "ok", report.torch)


def pair_check(report: TorchReport, requirement: str | None = None) -> Check:
    """Return whether torch and torchvision were made for each other.

    Args:
        report: What importing both said.
        requirement: What torchvision's metadata asks of torch; None looks it up.
    """
    name = "torch and torchvision"
    vision = report.torchvision or installed("torchvision")
    if vision is None:
        return Check(name, "problem", "torchvision is not installed", PAIR_REMEDY)
    torch = report.torch or installed("torch") or "none"
    asked = requirement or _asked_of_torch()
    wanted = f"; torchvision {vision} asks for {asked}" if asked else ""
    if report.torchvision_error is not None and report.torch is not None:
        finding = (
            f"torchvision {vision} does not load beside torch {torch}: "
            f"{report.torchvision_error}{wanted}"
        )
        return Check(name, "problem", finding, PAIR_REMEDY)
    if asked and torch != "none" and not _satisfies(torch, asked):
        return Check(name, "problem", f"torch {torch} is installed{wanted}", PAIR_REMEDY)
    if report.torch is None:
        finding = f"torchvision {vision} could not be tried, because torch does not load"
        return Check(name, "problem", finding, PAIR_REMEDY)
    return Check(name, "ok", f"torch {torch} and torchvision {vision} load together")


def _asked_of_torch() -> str | None:
    try:
        lines = importlib.metadata.requires("torchvision") or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    requirements = (Requirement(line) for line in lines)
    return next((str(asked) for asked in requirements if asked.name == "torch"), None)


def _satisfies(version: str, requirement: str) -> bool:
    return Requirement(requirement).specifier.contains(version, prereleases=True)


def _library(name: str) -> Check:
    version = installed(name)
    if version is None:
        finding = f"not installed: scenarios with models from {name} cannot run"
        return Check(name, "warning", finding, f"pip install {name}")
    return Check(name, "ok", version)


def tensorboard_check(tensorboard: str | None, setuptools: str | None) -> Check:
    """Return whether TensorBoard can write its files and start, given setuptools' version."""
    if tensorboard is None:
        remedy = "pip install 'tensorboard>=2.21'"
        return Check("tensorboard", "problem", "not installed: a run writes its files", remedy)
    finding = f"{tensorboard}, setuptools {setuptools or 'not installed'}"
    if Version(tensorboard) < OLDEST_TENSORBOARD:
        finding += ": it needs pkg_resources, which setuptools 82 removed"
        remedy = "pip install --upgrade 'tensorboard>=2.21'"
        return Check("tensorboard", "warning", finding, remedy)
    return Check("tensorboard", "ok", finding)


def profiler_plugin_check(version: str | None) -> Check:
    """Return whether TensorBoard can show traces."""
    if version is None:
        finding = "not installed: TensorBoard has no PyTorch Profiler tab"
        return Check("torch-tb-profiler", "warning", finding, "pip install torch-tb-profiler")
    return Check("torch-tb-profiler", "ok", version)


def device_check(report: TorchReport, nvidia_devices: tuple[str, ...]) -> Check:
    """Return which device a run uses, and why not the one that is there.

    Args:
        report: What torch sees.
        nvidia_devices: What the driver sees.
    """
    if report.torch is None:
        return Check("device", "problem", "unknown, because torch does not load", PAIR_REMEDY)
    if report.device_error is not None:
        finding = f"{report.devices[0]} fails at a small computation: {report.device_error}"
        remedy = "install a torch build for this GPU, or run with --device cpu"
        return Check("device", "problem", finding, remedy)
    if report.cuda_available:
        return Check("device", "ok", ", ".join(report.devices))
    if not nvidia_devices and report.cuda_message is None:
        return Check("device", "ok", "the CPU: there is no GPU that torch can use")
    return _unused_device(report, ", ".join(nvidia_devices) or "a GPU")


def _unused_device(report: TorchReport, names: str) -> Check:
    used = "so runs use the CPU"
    if report.cuda_build is None:
        finding = f"{names} is there, but torch {report.torch} is a build for CPUs, {used}"
        return Check("device", "warning", finding, PAIR_REMEDY)
    if report.cuda_message is None:
        finding = f"torch sees no device, {used}, though the driver sees {names}"
        return Check("device", "warning", finding, "look at CUDA_VISIBLE_DEVICES")
    finding = f"torch cannot use {names}, {used}: {report.cuda_message}"
    remedy = (
        "update the NVIDIA driver, or install a torch built for an older CUDA "
        f"(this one is built for {report.cuda_build})"
    )
    return Check("device", "warning", finding, remedy)


def nvml_check(report: TorchReport) -> Check:
    """Return whether the GPU's power, clocks and memory can be sampled."""
    try:
        names = device_names()
    except NvmlUnavailable as reason:
        if report.cuda_available:
            remedy = "in a container, give it the driver's utilities (NVIDIA_DRIVER_CAPABILITIES)"
            return Check("NVML", "warning", f"no GPU counters: {reason}", remedy)
        return Check("NVML", "ok", f"host counters only ({reason})")
    finding = f"driver {driver_version()}, {len(names)} device(s): {', '.join(names)}"
    return Check("NVML", "ok", finding)


def _nvidia_devices(ask: Callable[[], tuple[str, ...]] = device_names) -> tuple[str, ...]:
    try:
        return ask()
    except NvmlUnavailable:
        return ()
