"""The host process's peak memory, resettable so that only timed windows count."""

from __future__ import annotations

from pathlib import Path

_CLEAR_PEAK = "5"


def reset_host_peak() -> None:
    """Forget the peak resident set so far. Source: proc(5), /proc/pid/clear_refs, value 5."""
    try:
        Path("/proc/self/clear_refs").write_text(_CLEAR_PEAK)
    except OSError:
        # Without the right to reset it the peak covers the process's whole life, which the
        # kernel then reports; that is an upper bound and stays one.
        return


def host_peak_bytes() -> int | None:
    """Peak resident set of this process, bytes. Source: proc(5), VmHWM in /proc/pid/status."""
    return _status_bytes("VmHWM")


def host_own_peak_bytes() -> int | None:
    """The same without what lies in memory once for all processes: the libraries' files.

    Source: proc(5), RssFile; of PyTorch's libraries some 300 MB.
    """
    peak, files = _status_bytes("VmHWM"), _status_bytes("RssFile")
    return None if peak is None else peak - (files or 0)


def _status_bytes(field: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return None
