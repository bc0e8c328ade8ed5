"""Where everything lies in a run directory: the only place that names its files and folders.

    <run>/run.json                          what was measured, and what it says
    <run>/check.json                        what its budgets came to when it was last checked
    <run>/events.jsonl                      what happened, as it happened
    <run>/controls.jsonl                    what was asked of the run while it went on
    <run>/scenario.yaml                     as given
    <run>/step_times.csv, telemetry.csv     every step, every sample
    <run>/logs/<variant>.log                what the processes of a variant printed
    <run>/logs/run.log                      what a run in the background printed
    <run>/tensorboard/<variant>/            its trace, the plugin's copy of it, its events; beside
                                            the trace its digest, once somebody looked at it

A record keeps the paths of its traces and logs, so that runs of another layout open all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RUN_FILE = "run.json"
CHECK_FILE = "check.json"
EVENTS_FILE = "events.jsonl"
CONTROLS_FILE = "controls.jsonl"
SCENARIO_FILE = "scenario.yaml"
STEP_TIMES_FILE = "step_times.csv"
TELEMETRY_FILE = "telemetry.csv"
LOGS_FOLDER = "logs"
RUN_LOG = f"{LOGS_FOLDER}/run.log"
PLUGIN_TRACES = "*.pt.trace.json.gz"

_TENSORBOARD_FOLDER = "tensorboard"
_TRACE_FILE = "kineto.json.gz"  # not what the plugin looks for: it is to find its own copy alone


def run_directory(path: Path) -> Path:
    """Return the directory of a run that is named by it or by the ``run.json`` in it."""
    return path if path.is_dir() else path.parent


def file_name(name: str) -> str:
    """Return a scenario's or a variant's name as that of one file; it never leads elsewhere.

    Letters, digits and ``+-._`` stay, which is all that names of ours are made of.
    """
    return re.sub(r"[^A-Za-z0-9._+-]", "_", name)


def log_name(variant: str) -> str:
    """Return the name of the file that a variant's processes print to."""
    return f"{_folder_name(variant)}.log"


def log_path(variant: str) -> str:
    """Return the path of a variant's log within the run directory, as the record has it."""
    return f"{LOGS_FOLDER}/{log_name(variant)}"


def tensorboard_folder(directory: Path) -> Path:
    """Return what TensorBoard is started on."""
    return directory / _TENSORBOARD_FOLDER


def variant_folder(directory: Path, variant: str) -> Path:
    """Return the folder of a variant's trace and of its TensorBoard events."""
    return tensorboard_folder(directory) / _folder_name(variant)


def former_variant_folder(directory: Path, variant: str) -> Path:
    """Return where the events lay while the trace of ``a+b`` lay in ``a+b`` and they in ``a_b``."""
    return tensorboard_folder(directory) / _folder_name(variant).replace("+", "_")


def trace_path(directory: Path, variant: str) -> Path:
    """Return where the trace of a variant is written as the profiler made it."""
    return variant_folder(directory, variant) / _TRACE_FILE


def plugin_trace_path(directory: Path, variant: str, created_ms: int) -> Path:
    """Return where the profiler plugin's copy of a trace is written.

    Args:
        directory: Of the run.
        variant: Its name.
        created_ms: Of the run, in milliseconds since 1970; the plugin's naming asks for a time.
    """
    return variant_folder(directory, variant) / f"rank_0.{created_ms}.pt.trace.json.gz"


def _folder_name(variant: str) -> str:
    return file_name(variant).lstrip(".") or "_"
